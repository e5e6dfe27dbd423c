import type { Codec, CodecFactory, CodecLink, Farewell } from "@sock/codec";
import { acceptKey } from "./accept-key.ts";
import { Deflate } from "./deflate.ts";
import { type DeflateOptions, type DeflateSettings, settleDeflate } from "./deflate-options.ts";
import { fieldLines, type HeadersToSend } from "./field-lines.ts";
import { finalResponse } from "./final-response.ts";
import { HeadParser, REQUEST, type RequestLine } from "./head.ts";
import { type SettledLimits, settleLimits, type WebSocketLimits } from "./limits.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import { acceptOffer } from "./negotiation.ts";
import type { WebSocketNote } from "./notes.ts";
import { allows, type Origins } from "./origins.ts";
import { readRequest, refuse, type WebSocketRequest } from "./request.ts";
import { WebSocketCodec } from "./websocket-codec.ts";

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

export interface WebSocketOptions extends WebSocketLimits {
  /**
   * Lets a request in or turns it away. While its promise is pending nothing is read on. What throws or rejects is
   * answered with 500 and told in the note.
   */
  readonly verify?: ((request: WebSocketRequest) => Verdict | Promise<Verdict>) | undefined;

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

/** What a handshake that our side ends is answered with. */
const FAREWELLS: Readonly<Record<Farewell["why"], number>> = {
  close: 503,
  drain: 503,
  stop: 503,
  deadline: 408,
  limit: 431,
  fault: 500,
};

interface Settings {
  readonly verify: (request: WebSocketRequest) => Verdict | Promise<Verdict>;
  readonly origins: Origins;
  readonly choose: (request: WebSocketRequest) => string | undefined;
  readonly headers: (request: WebSocketRequest) => HeadersToSend;
  readonly limits: SettledLimits;
  readonly deflate: DeflateSettings | undefined;
}

/**
 * WebSocket, as a server. Strings are text messages, `Uint8Array`s binary ones.
 *
 * @throws RangeError for options out of range
 * @example
 * await listen("tcp://127.0.0.1:8080", { codec: websocket(), onMessage: (connection, message) => connection.send(message) });
 */
export function websocket(
  options: WebSocketOptions = {},
): CodecFactory<WebSocketMessage, WebSocketMessageOut, WebSocketNote> {
  const settings = settle(options);
  return (link) => new ServerHandshake(link, settings);
}

function settle({
  verify,
  origins,
  protocols = [],
  headers = {},
  deflate,
  ...limits
}: WebSocketOptions): Settings {
  return {
    verify: verify ?? (() => true),
    origins: origins ?? "same-host",
    choose: typeof protocols === "function" ? protocols : (request) => firstOf(request.protocols, protocols),
    headers: typeof headers === "function" ? headers : () => headers,
    limits: settleLimits(limits),
    deflate: settleDeflate(deflate),
  };
}

function firstOf(wanted: readonly string[], spoken: readonly string[]): string | undefined {
  return wanted.find((protocol) => spoken.includes(protocol));
}

/** What a function among the options threw. */
class Failure {
  readonly error: unknown;
  constructor(error: unknown) {
    this.error = error;
  }
}

/** What a request is answered with. */
type Answer =
  | {
      readonly accept: string;
      readonly next: CodecFactory<WebSocketMessage, WebSocketMessageOut, WebSocketNote>;
    }
  | { readonly refuse: string; readonly note: WebSocketNote };

/** RFC 6455 4.2: reads one request, answers it, and hands over to the frames. */
class ServerHandshake implements Codec<WebSocketMessage, WebSocketMessageOut> {
  readonly opening = true;
  readonly #link: CodecLink<WebSocketNote>;
  readonly #settings: Settings;
  readonly #head: HeadParser<RequestLine>;
  /** Answered for good: what still comes is not looked at. */
  #isOver = false;

  constructor(link: CodecLink<WebSocketNote>, settings: Settings) {
    this.#link = link;
    this.#settings = settings;
    this.#head = new HeadParser(REQUEST, settings.limits.head);
    // One more than the head may take: its parser refuses first, and knows why.
    link.maxPackageSize = settings.limits.head.maxHeadSize + 1;
    link.phase("handshake", { within: settings.limits.handshakeTimeout });
  }

  input(buffer: Uint8Array): number {
    return this.#isOver ? buffer.length : this.#head.scan(buffer);
  }

  decode(frame: Uint8Array): undefined {
    if (this.#isOver) return;
    const request = readRequest(this.#head.take(frame));
    const { origins, verify, limits } = this.#settings;
    const isAllowed = attempt(() => allows(origins, request));
    if (isAllowed === false) throw refuse(403, "WS_ORIGIN", "pages of this origin may not connect");
    const verdict = isAllowed === true ? attempt(() => verify(request)) : isAllowed;
    if (!isPromiseLike(verdict)) return this.#answer(request, verdict);
    this.#link.hold();
    this.#link.phase("verify", { within: limits.handshakeTimeout });
    void verdict
      .then(undefined, (error: unknown) => new Failure(error))
      .then((settled) => this.#answer(request, settled));
  }

  encode(): never {
    throw new TypeError("no message can be sent before the handshake is done");
  }

  farewell(why: Farewell): void {
    const isLate = why.why === "deadline" && why.phase === "verify";
    this.#end(finalResponse(isLate ? 503 : FAREWELLS[why.why]));
  }

  #answer(request: WebSocketRequest, verdict: Verdict | Failure): undefined {
    if (this.#isOver) return;
    const tried = attempt(() => answerTo(request, verdict, this.#settings));
    const answer = tried instanceof Failure ? refusalOf(request, tried) : tried;
    if ("refuse" in answer) {
      this.#link.note(answer.note);
      this.#end(answer.refuse);
    } else {
      this.#isOver = true;
      this.#link.reply(answer.accept);
      // What an upgraded connection carries, and notes, is what this factory's type says.
      this.#link.upgrade(answer.next as CodecFactory<unknown, never, never>);
    }
  }

  #end(answer: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#link.reply(answer);
    this.#link.end();
    this.#link.release();
  }
}

function answerTo(request: WebSocketRequest, verdict: Verdict | Failure, settings: Settings): Answer {
  if (verdict === true) return acceptanceOf(request, settings);
  // What is neither true nor a refusal, the undefined of a function that forgot its return among it, lets nobody in.
  return refusalOf(request, typeof verdict === "object" && verdict !== null ? verdict : { status: 403 });
}

function refusalOf(request: WebSocketRequest, verdict: Refusal | Failure): Answer {
  if (verdict instanceof Failure) {
    return {
      refuse: finalResponse(500),
      note: { type: "refused", request, status: 500, error: verdict.error },
    };
  }
  return {
    refuse: finalResponse(verdict.status, verdict),
    note: { type: "refused", request, status: verdict.status },
  };
}

function acceptanceOf(request: WebSocketRequest, { choose, headers, limits, deflate }: Settings): Answer {
  const protocol = choose(request);
  // RFC 6455 4.2.2, 5.5: a subprotocol that was not offered makes the client fail.
  if (protocol !== undefined && !request.protocols.includes(protocol)) {
    throw new TypeError(`the subprotocol ${protocol} was not offered`);
  }
  const accepted = deflate && acceptOffer(request.extensions, deflate);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${acceptKey(request.key)}`,
    ...(protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(accepted === undefined ? [] : [`Sec-WebSocket-Extensions: ${accepted.answer}`]),
    ...fieldLines(headers(request), RESERVED),
  ];
  return {
    accept: `${lines.join("\r\n")}\r\n\r\n`,
    next: (link) => {
      link.note({ type: "open", request, protocol, isDeflating: accepted !== undefined });
      return new WebSocketCodec(link, {
        isServer: true,
        limits,
        deflate: deflate && accepted && new Deflate(deflate, accepted.agreement),
      });
    },
  };
}

function attempt<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    return new Failure(error);
  }
}

function isPromiseLike(value: Verdict | Failure | PromiseLike<Verdict>): value is PromiseLike<Verdict> {
  return typeof value === "object" && value !== null && "then" in value;
}
