import type { Fields } from "./head/fields.ts";

/**
 * How long the body behind a head is, by RFC 9112 6.3: a number of bytes, in chunks, or until the connection ends, which
 * only answers do.
 */
export type BodyLength = number | "chunked" | "close";

/** Why a body cannot be told from what follows it. */
export interface BadBody {
  /** What a request like it is answered with. */
  readonly status: 400 | 501;
  readonly code: "HTTP_FRAMING" | "HTTP_TRANSFER_CODING";
  readonly sentence: string;
}

/** The length of a request's body. */
export function requestBody(method: string, minor: number, fields: Fields): BodyLength | BadBody {
  const length = framing(minor, fields);
  // RFC 9110 9.3.6: what follows belongs to the tunnel.
  if (method === "CONNECT" && length !== undefined && length !== 0) return bad("CONNECT with a body");
  return length ?? 0;
}

/** The length of the body of an answer to a request of `method`. */
export function responseBody(
  method: string,
  status: number,
  minor: number,
  fields: Fields,
): BodyLength | BadBody {
  const length = framing(minor, fields);
  if (typeof length === "object") return length;
  return hasBody(method, status) ? (length ?? "close") : 0;
}

/** RFC 9112 6.3, 1 and 2: whether a final answer of `status` has a body, whatever its fields say. */
export function hasBody(method: string, status: number): boolean {
  const isTunnel = method === "CONNECT" && status >= 200 && status < 300;
  return method !== "HEAD" && status >= 200 && status !== 204 && status !== 304 && !isTunnel;
}

/**
 * What the fields say, if they do. Where two could be read in two ways, one in front of us may have read the other:
 * RFC 9112 11.2, request smuggling.
 */
function framing(minor: number, fields: Fields): BodyLength | BadBody | undefined {
  const codings = fields.get("transfer-encoding");
  const length = fields.get("content-length");
  if (codings !== undefined) return readCodings(codings, length, minor, fields);
  return length === undefined ? undefined : readLength(length);
}

// As many as a double can count. RFC 9110 8.6: a recipient must expect that they are too many.
const LENGTH = /^[0-9]{1,15}$/;

/** Of several, be they equal, `Fields.get` makes a list: RFC 9110 8.6 lets us refuse it. */
function readLength(text: string): number | BadBody {
  return LENGTH.test(text) ? Number(text) : bad(`Content-Length is not one number: ${text.slice(0, 40)}`);
}

function readCodings(
  codings: string,
  length: string | undefined,
  minor: number,
  fields: Fields,
): BodyLength | BadBody {
  // RFC 9112 6.1: one that has both may be an attempt at smuggling; before HTTP/1.1 there were no codings.
  if (length !== undefined) return bad("both Transfer-Encoding and Content-Length");
  if (minor === 0) return bad("Transfer-Encoding in HTTP/1.0");
  if (codings.toLowerCase() === "chunked") return "chunked";
  const elements = fields.list("transfer-encoding").map((coding) => coding.toLowerCase());
  const isKnown = elements.every((coding) => coding === "chunked");
  if (isKnown || !elements.every((coding) => /^[\w-]+$/.test(coding)))
    return bad("Transfer-Encoding is not exactly chunked");
  return {
    status: 501,
    code: "HTTP_TRANSFER_CODING",
    sentence: "no transfer coding but chunked is spoken here",
  };
}

function bad(sentence: string): BadBody {
  return { status: 400, code: "HTTP_FRAMING", sentence };
}
