import { randomBytes } from "node:crypto";
import { type Codec, type CodecFactory, type CodecLink, ProtocolError } from "@sock/codec";
import {
  type Fields,
  fieldLines,
  type Head,
  type HeadersToSend,
  HeadParser,
  isToken,
  RESPONSE,
  type StatusLine,
} from "@sock/protocol-http/head";
import { acceptKey } from "./accept-key.ts";
import { Deflate } from "./deflate.ts";
import { type DeflateOptions, type DeflateSettings, settleDeflate } from "./deflate-options.ts";
import { parseExtensions } from "./extensions.ts";
import { type SettledLimits, settleLimits, type WebSocketLimits } from "./limits.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import { type DeflateAgreement, makeOffer, readAnswer } from "./negotiation.ts";
import type { WebSocketClientNote } from "./notes.ts";
import { masksFrom, type RandomSource } from "./random.ts";
import { WebSocketCodec } from "./websocket-codec.ts";
import { parseWebSocketUrl } from "./websocket-url.ts";

export interface WebSocketClientOptions extends WebSocketLimits {
  /** `ws://host:port/path?query`, `wss://…`, or `ws+unix:/path/to/socket:/path?query`. */
  readonly url: string | URL;

  /** The subprotocols that are spoken here, the best first. A server that chooses another one is left. */
  readonly protocols?: readonly string[] | undefined;

  /** Further fields of the request: `Authorization`, `Origin`, a `Host` in place of the URL's. */
  readonly headers?: HeadersToSend | undefined;

  /** permessage-deflate, offered to the server. Default `false`. */
  readonly deflate?: DeflateOptions | boolean | undefined;

  /** Where the keys of the handshake and of masks come from: for tests. Default: the system's generator. */
  readonly random?: RandomSource | undefined;
}

/** What the request says of itself. */
const RESERVED = new Set([
  "connection",
  "content-length",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "transfer-encoding",
  "upgrade",
]);

interface Settings {
  /** The request's lines, but for its key. */
  readonly lines: readonly string[];
  readonly protocols: readonly string[];
  readonly limits: SettledLimits;
  readonly deflate: DeflateSettings | undefined;
  readonly random: RandomSource | undefined;
}

/**
 * WebSocket, as a client. Strings are text messages, `Uint8Array`s binary ones. `websocketAddress(url)` is where to
 * connect to.
 *
 * @throws TypeError, RangeError for options that cannot be sent or are out of range
 * @example
 * const url = "ws://127.0.0.1:8080/chat";
 * await connect(websocketAddress(url), { codec: websocketClient({ url }), onMessage: console.log });
 */
export function websocketClient(
  options: WebSocketClientOptions,
): CodecFactory<WebSocketMessage, WebSocketMessageOut, WebSocketClientNote> {
  const settings = settle(options);
  return (link) => new ClientHandshake(link, settings);
}

function settle({
  url,
  protocols = [],
  headers = {},
  deflate,
  random,
  ...limits
}: WebSocketClientOptions): Settings {
  const { host, target } = parseWebSocketUrl(url);
  // RFC 6455 4.1, 10.
  if (!protocols.every(isToken)) throw new TypeError("a subprotocol is no token");
  if (new Set(protocols).size !== protocols.length) throw new TypeError("a subprotocol stands there twice");
  const given = fieldLines(headers, RESERVED);
  const settledDeflate = settleDeflate(deflate);
  const lines = [
    `GET ${target} HTTP/1.1`,
    ...(given.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${host}`]),
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    ...(protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]),
    ...(settledDeflate === undefined ? [] : [`Sec-WebSocket-Extensions: ${makeOffer(settledDeflate)}`]),
    ...given,
  ];
  return { lines, protocols, limits: settleLimits(limits), deflate: settledDeflate, random };
}

/** RFC 6455 4.1: sends one request, checks the answer, and hands over to the frames. */
class ClientHandshake implements Codec<WebSocketMessage, WebSocketMessageOut> {
  readonly opening = true;
  readonly #link: CodecLink<WebSocketClientNote>;
  readonly #settings: Settings;
  readonly #head: HeadParser<StatusLine>;
  readonly #key: string;

  constructor(link: CodecLink<WebSocketClientNote>, settings: Settings) {
    this.#link = link;
    this.#settings = settings;
    this.#head = new HeadParser(RESPONSE, settings.limits.head);
    this.#key = Buffer.from((settings.random ?? randomBytes)(16)).toString("base64");
    // One more than the head may take: its parser refuses first, and knows why.
    link.maxPackageSize = settings.limits.head.maxHeadSize + 1;
    link.phase("handshake", { within: settings.limits.handshakeTimeout });
    link.reply([...settings.lines, `Sec-WebSocket-Key: ${this.#key}`, "", ""].join("\r\n"));
  }

  get name(): string {
    return "websocket";
  }

  input(buffer: Uint8Array): number {
    return this.#head.scan(buffer);
  }

  decode(frame: Uint8Array): undefined {
    const response = this.#head.take(frame);
    // RFC 9110 15.2: answers that announce another one.
    if (response.status < 200 && response.status !== 101) return;
    checkUpgrade(response, this.#key);
    const { protocols, limits, deflate, random } = this.#settings;
    const protocol = readProtocol(response.fields, protocols);
    const agreement = readExtensions(response.fields, deflate);
    this.#link.upgrade((link) => {
      // What an upgraded connection notes is what this factory's type says.
      const noting = link as CodecLink<WebSocketClientNote>;
      noting.note({ type: "open", response, protocol, isDeflating: agreement !== undefined });
      const settled = deflate && agreement && new Deflate(deflate, agreement);
      const maskSource = random && masksFrom(random);
      return new WebSocketCodec(noting, { isServer: false, limits, deflate: settled, maskSource });
    });
  }

  encode(): never {
    throw new TypeError("no message can be sent before the handshake is done");
  }

  farewell(): void {
    this.#link.end();
  }

  finish(rest: Uint8Array): never {
    throw new ProtocolError(
      "UNEXPECTED_END",
      `the server ended ${rest.length} bytes into its answer to the handshake`,
    );
  }
}

/** RFC 6455 4.1: the answer that turns the connection into a WebSocket, and no other. */
function checkUpgrade(response: Head<StatusLine>, key: string): void {
  const { status, reason, fields, minor } = response;
  if (status >= 300 && status < 400) {
    // RFC 6455 4.1 leaves it to the client. Another place is another connection: the user's to make.
    throw fail("WS_REDIRECT", `the server redirects to ${fields.get("location")} (${status})`, response);
  }
  if (status !== 101) throw fail("WS_STATUS", `the server answers ${status} ${reason}`, response);
  if (minor === 0) throw fail("WS_HTTP_VERSION", "the server upgrades in HTTP/1.0", response);
  if (fields.get("upgrade")?.toLowerCase() !== "websocket")
    throw fail("WS_UPGRADE", "no Upgrade: websocket", response);
  if (!fields.hasToken("connection", "upgrade"))
    throw fail("WS_CONNECTION", "no Connection: Upgrade", response);
  if (fields.get("sec-websocket-accept") !== acceptKey(key)) {
    throw fail("WS_ACCEPT", "Sec-WebSocket-Accept is missing or wrong", response);
  }
}

function readProtocol(fields: Fields, offered: readonly string[]): string | undefined {
  const protocol = fields.get("sec-websocket-protocol");
  if (protocol === undefined || offered.includes(protocol)) return protocol;
  throw fail("WS_PROTOCOL", `the server chooses a subprotocol that was not offered: ${protocol}`);
}

function readExtensions(fields: Fields, deflate: DeflateSettings | undefined): DeflateAgreement | undefined {
  const extensions = parseExtensions(fields.get("sec-websocket-extensions") ?? "");
  if (extensions === undefined) throw fail("WS_EXTENSION", "Sec-WebSocket-Extensions cannot be read");
  const agreement = readAnswer(extensions, deflate);
  if (typeof agreement === "string") throw fail("WS_EXTENSION", agreement);
  return agreement;
}

/** The answer, with its status and fields, is the error's `cause`. */
function fail(code: string, sentence: string, response?: Head<StatusLine>): ProtocolError {
  return new ProtocolError(code, sentence, response && { cause: response });
}
