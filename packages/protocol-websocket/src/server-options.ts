import { fieldLines, type HeadersToSend } from "@sock/protocol-http/head";
import { type DeflateOptions, type DeflateSettings, settleDeflate } from "./deflate-options.ts";
import { type SettledLimits, settleLimits, type WebSocketLimits } from "./limits.ts";
import type { Origins } from "./origins.ts";
import type { WebSocketRequest } from "./request.ts";

/** How a request is turned away. */
export interface Refusal {
  /** 300 to 599. */
  readonly status: number;
  readonly headers?: HeadersToSend | undefined;
  /** Plain text, unless the headers say otherwise. */
  readonly body?: string | undefined;
}

/** What `verify` may answer: `true` lets the request in, `false` is a refusal with 403. */
export type Verdict = boolean | Refusal;

/** How requests are accepted, and what those who come in may do. */
export interface AcceptOptions extends Pick<WebSocketLimits, "maxMessageSize" | "maxFragments"> {
  /** Which pages may connect. Others are refused with 403. Default `"same-host"`. */
  readonly origins?: Origins | undefined;

  /**
   * The subprotocols spoken here, or a function that chooses. Of a list, the client's first that is in it; without one
   * in common, none is chosen, and it is the client's to go on or not.
   */
  readonly protocols?: readonly string[] | ((request: WebSocketRequest) => string | undefined) | undefined;

  /** Further fields of the answer that accepts. */
  readonly headers?: HeadersToSend | ((request: WebSocketRequest) => HeadersToSend) | undefined;

  /** permessage-deflate, for clients that offer it. Default `false`: memory and time for each message. */
  readonly deflate?: DeflateOptions | boolean | undefined;
}

export interface WebSocketOptions extends AcceptOptions, WebSocketLimits {
  /**
   * Lets a request in or turns it away. While its promise is pending nothing is read on. What throws or rejects is
   * answered with 500 and told in the note.
   */
  readonly verify?: ((request: WebSocketRequest) => Verdict | Promise<Verdict>) | undefined;
}

/** The options of whoever accepts, with their defaults. */
export interface AcceptSettings {
  readonly origins: Origins;
  readonly choose: (request: WebSocketRequest) => string | undefined;
  /** Further lines of the answer that accepts. */
  readonly lines: (request: WebSocketRequest) => string[];
  readonly limits: SettledLimits;
  readonly deflate: DeflateSettings | undefined;
}

/** The options of a server, with their defaults. */
export interface ServerSettings extends AcceptSettings {
  readonly verify: (request: WebSocketRequest) => Verdict | Promise<Verdict>;
}

/** What the answer says of itself. */
const RESERVED = new Set([
  "connection",
  "content-length",
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-protocol",
  "transfer-encoding",
  "upgrade",
]);

/** @throws RangeError, TypeError for what is out of range or cannot be sent */
export function settleServer({ verify, ...options }: WebSocketOptions): ServerSettings {
  return { ...settleAccept(options), verify: verify ?? (() => true) };
}

/** @throws RangeError, TypeError for what is out of range or cannot be sent */
export function settleAccept({
  origins,
  protocols = [],
  headers = {},
  deflate,
  ...limits
}: AcceptOptions & WebSocketLimits): AcceptSettings {
  return {
    origins: origins ?? "same-host",
    choose: typeof protocols === "function" ? protocols : (request) => firstOf(request.protocols, protocols),
    lines: linesOf(headers),
    limits: settleLimits(limits),
    deflate: settleDeflate(deflate),
  };
}

function firstOf(wanted: readonly string[], spoken: readonly string[]): string | undefined {
  return wanted.find((protocol) => spoken.includes(protocol));
}

function linesOf(headers: NonNullable<WebSocketOptions["headers"]>): ServerSettings["lines"] {
  if (typeof headers === "function") return (request) => fieldLines(headers(request), RESERVED);
  const lines = fieldLines(headers, RESERVED);
  return () => lines;
}
