import type { Fields } from "./fields.ts";

/** What a request is for. */
export interface Target {
  /** The host, with its port if it has one: that of the target where it names one, else that of the Host field. */
  readonly host: string;
  /** Without the query: `/chat`; `*` for the server itself, `""` for CONNECT. */
  readonly path: string;
  /** What follows the question mark, undecoded; `""` without one. */
  readonly query: string;
}

/** What is wrong with the target, or with the Host field. */
export interface BadTarget {
  readonly part: "HOST" | "TARGET";
  readonly sentence: string;
}

const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[-\w.~!$&'()*+,;=%]+)(?::[0-9]{0,5})?$/;
// RFC 9112 3.2.3: the port must be there.
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[-\w.~!$&'()*+,;=%]+):[0-9]{1,5}$/;
const ABSOLUTE = /^https?:\/\/([^/?]+)([/?].*)?$/i;

/** Whether `text` may be what a Host field says: RFC 9110 7.2. No user, no path, and not nothing. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}

/**
 * What a request is for: RFC 9112 3.2 and 3.3, all four forms.
 *
 * A request of HTTP/1.1 has exactly one Host, one of HTTP/1.0 at most one.
 */
export function readTarget(
  method: string,
  target: string,
  minor: number,
  fields: Fields,
): Target | BadTarget {
  const host = readHost(minor, fields);
  if (typeof host === "object") return host;
  return targetOf(method, target, host);
}

/** What a request for `target` is for, where the Host field says `host`. */
export function targetOf(method: string, target: string, host: string): Target | BadTarget {
  if (method === "CONNECT") {
    return AUTHORITY.test(target)
      ? { host: target, path: "", query: "" }
      : bad("the target is not host:port");
  }
  if (isPath(target)) return { host, ...splitPath(target) };
  if (target === "*") {
    return method === "OPTIONS"
      ? { host, path: "*", query: "" }
      : bad("only OPTIONS is for the server itself");
  }
  const [, authority, rest = "/"] = ABSOLUTE.exec(target) ?? [];
  if (authority === undefined) return bad("the target is no path and no address");
  // RFC 9112 3.2.2: it counts, whatever the Host field says.
  return isHost(authority) ? { host: authority, ...splitPath(rest) } : bad("an address with a wrong host");
}

/** Whether a target is a path with perhaps a query, as nearly all are. */
export function isPath(target: string): boolean {
  return target.charCodeAt(0) === SLASH;
}

const SLASH = 0x2f;

/** The last Host that was found right: a server mostly has one. The first is none that could be wrong. */
let known = "localhost";

/** What the Host field says; `""` where HTTP/1.0 has none. */
export function readHost(minor: number, fields: Fields): string | BadTarget {
  const host = fields.get("host");
  if (host === known) return host;
  if (host === undefined && minor === 0) return "";
  // Of several, `get` makes a list, which has a blank.
  if (host === undefined || !isHost(host))
    return { part: "HOST", sentence: "no Host, more than one, or a wrong one" };
  known = host;
  return host;
}

/** A path and the query behind it. */
export function splitPath(target: string): { path: string; query: string } {
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: "" };
  return { path: target.slice(0, mark) || "/", query: target.slice(mark + 1) };
}

function bad(sentence: string): BadTarget {
  return { part: "TARGET", sentence };
}
