import { type Codec, type CodecFactory, type CodecLink, type Farewell, ProtocolError } from "@sock/codec";
import { finalResponse, HeadParser, REQUEST, type RequestLine } from "@sock/protocol-http/head";
import { answerTo, attempt, Failure } from "./answer.ts";
import type { WebSocketMessage, WebSocketMessageOut } from "./messages.ts";
import type { WebSocketNote } from "./notes.ts";
import { allows, FOREIGN } from "./origins.ts";
import { type Fault, readRequest, type WebSocketRequest } from "./request.ts";
import { type ServerSettings, settleServer, type Verdict, type WebSocketOptions } from "./server-options.ts";

/** What a handshake that our side ends is answered with. */
const FAREWELLS: Readonly<Record<Farewell["why"], number>> = {
  close: 503,
  drain: 503,
  stop: 503,
  deadline: 408,
  limit: 431,
  fault: 500,
};

/**
 * WebSocket, as a server. Strings are text messages, `Uint8Array`s binary ones.
 *
 * @throws RangeError, TypeError for options that are out of range or cannot be sent
 * @example
 * await listen("tcp://127.0.0.1:8080", { codec: websocket(), onMessage: (connection, message) => connection.send(message) });
 */
export function websocket(
  options: WebSocketOptions = {},
): CodecFactory<WebSocketMessage, WebSocketMessageOut, WebSocketNote> {
  const settings = settleServer(options);
  return (link) => new ServerHandshake(link, settings);
}

/** RFC 6455 4.2: reads one request, answers it, and hands over to the frames. */
class ServerHandshake implements Codec<WebSocketMessage, WebSocketMessageOut> {
  readonly opening = true;
  readonly #link: CodecLink<WebSocketNote>;
  readonly #settings: ServerSettings;
  readonly #head: HeadParser<RequestLine>;
  /** Answered for good: what still comes is not looked at. */
  #isOver = false;

  constructor(link: CodecLink<WebSocketNote>, settings: ServerSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#head = new HeadParser(REQUEST, settings.limits.head);
    // One more than the head may take: its parser refuses first, and knows why.
    link.maxPackageSize = settings.limits.head.maxHeadSize + 1;
    link.phase("handshake", { within: settings.limits.handshakeTimeout });
  }

  get name(): string {
    return "websocket";
  }

  input(buffer: Uint8Array): number {
    return this.#isOver ? buffer.length : this.#head.scan(buffer);
  }

  decode(frame: Uint8Array): undefined {
    if (this.#isOver) return;
    const { method, target, minor, fields } = this.#head.take(frame);
    const version = minor === 0 ? "1.0" : "1.1";
    const request = readRequest({ method, target, version, headers: fields });
    if ("code" in request) throw refusal(request);
    const { origins, verify, limits } = this.#settings;
    const isAllowed = attempt(() => allows(origins, request));
    if (isAllowed === false) throw refusal(FOREIGN);
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
    const answer = answerTo(request, verdict, this.#settings);
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

/** A request that ends its connection, with an answer. */
function refusal({ status, code, sentence, headers }: Fault): ProtocolError {
  return new ProtocolError(code, sentence, { farewell: finalResponse(status, { headers, body: sentence }) });
}

function isPromiseLike(value: Verdict | Failure | PromiseLike<Verdict>): value is PromiseLike<Verdict> {
  return typeof value === "object" && value !== null && "then" in value;
}
