import { type Bytes, type Codec, type CodecLink, type Farewell, ProtocolError } from "@sock/codec";
import { aborted } from "./aborted.ts";
import { Answer } from "./answer.ts";
import { requestBody } from "./body.ts";
import { type BodyReader, bodyReader } from "./body-reader.ts";
import { Gathered } from "./gathered.ts";
import type { Fields } from "./head/fields.ts";
import { finalResponse } from "./head/final-response.ts";
import { HeadParser } from "./head/head-parser.ts";
import { REQUEST, type RequestLine } from "./head/request-line.ts";
import { isPath, readHost, readTarget, type Target } from "./head/target.ts";
import type { ServerSettings } from "./http.ts";
import { type BodyOwner, IncomingBody } from "./incoming-body.ts";
import { isStreamed } from "./outgoing-body.ts";
import { withBody } from "./outgoing-head.ts";
import { persists } from "./persists.ts";
import { Pieces } from "./pieces.ts";
import { isPlainAnswer, plainAnswer } from "./plain-answer.ts";
import { Request } from "./request.ts";
import type { HttpAnswer } from "./response.ts";
import { Cycle } from "./state.ts";

type AnyRequest = Request<Buffer | IncomingBody>;

/** What an answer that our side must give is, when it wants to end. */
const FAREWELLS: Readonly<Partial<Record<Farewell["why"], number>>> = {
  stop: 503,
  deadline: 408,
  limit: 503,
  fault: 500,
};

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** HTTP/1.1 as a server: RFC 9112. One request at a time; the next is not looked at before the answer is out. */
export class ServerCodec implements Codec<AnyRequest, HttpAnswer>, BodyOwner {
  readonly lossless = true;
  readonly #link: CodecLink;
  readonly #settings: ServerSettings;
  readonly #head: HeadParser<RequestLine>;
  readonly #cycle = new Cycle();
  /** The request that is being read or answered. */
  #request: AnyRequest | undefined;
  /** The rest of its body; absent when there is none. */
  #reader: BodyReader | undefined;
  #gathered: Gathered | undefined;
  #isHeadTimed = false;
  /** The client waits for a word before it sends its body. */
  #expectsContinue = false;
  #isDraining = false;
  /** The answer whose body is being sent piece by piece. */
  #sending: Pieces | undefined;
  /** Nothing more is said, or looked at. */
  #isOver = false;

  constructor(link: CodecLink, settings: ServerSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#head = new HeadParser(REQUEST, settings.head);
    // Heads and bodies have limits of their own, and know what to answer.
    link.maxPackageSize = Infinity;
    link.phase("head", settings.headTimeout);
    this.#isHeadTimed = true;
  }

  get name(): string {
    return "http";
  }

  get closing(): boolean {
    return (
      this.#isOver ||
      (this.#cycle.isLast && this.#cycle.server !== "answering" && this.#cycle.server !== "idle")
    );
  }

  get retained(): number {
    const body = this.#request?.body;
    return (this.#gathered?.retained ?? 0) + (body instanceof IncomingBody ? body.retained : 0);
  }

  input(buffer: Uint8Array): number {
    if (this.#isOver) return buffer.length;
    if (this.#reader !== undefined) return this.#measureBody(buffer, this.#reader);
    const length = this.#head.scan(buffer);
    if (length === 0 && !this.#isHeadTimed) {
      this.#isHeadTimed = true;
      this.#link.phase("head", this.#settings.headTimeout);
    }
    return length;
  }

  decode(frame: Uint8Array): AnyRequest | undefined {
    if (this.#isOver) return undefined;
    return this.#reader === undefined ? this.#decodeHead(frame) : this.#decodeBody(frame, this.#reader);
  }

  encode(message: HttpAnswer): Bytes | AsyncIterable<Bytes> {
    const request = this.#request;
    if (request === undefined || !this.#cycle.awaitsAnswer || !this.#isDelivered)
      throw new TypeError("no request waits for an answer");
    // A body that comes piece by piece may be made of the request's: nobody knows yet how much of that will be read.
    const isStream = typeof message === "object" && "body" in message && isStreamed(message.body);
    if (isStream) this.wanted();
    const isLast = this.#isDraining || this.#cycle.isLast || (!isStream && !this.#canReadOn);
    if (!isLast && isPlainAnswer(message, request)) {
      this.#cycle.answerBegun();
      this.#answered();
      return plainAnswer(message, this.#settings.date);
    }
    const answer = new Answer(message, request, isLast, this.#settings.date);
    if (answer.isInterim) return answer.head;
    if (answer.isSwitch) return this.#switch(answer);
    this.#cycle.isLast = answer.isLast;
    this.#cycle.answerBegun();
    const { body } = answer;
    if (body instanceof Pieces) {
      this.#sending = body;
      if (body.endsWithClient && request.isLeft) this.#stopSending(body);
      return body.behind(answer.head, () => this.#answered());
    }
    this.#answered();
    return body === undefined ? answer.head : withBody(answer.head, body);
  }

  finish(rest: Uint8Array): AnyRequest | undefined {
    if (this.#isOver) return undefined;
    if (this.#reader !== undefined || rest.length > 0) {
      throw this.#brokenBody(refusal("", 400, "UNEXPECTED_END", "the stream ended within a request"));
    }
    this.#cycle.isLast = true;
    if (this.#cycle.server === "idle") this.#end();
    return undefined;
  }

  peerEnded(): void {
    if (this.#request !== undefined && this.#cycle.server !== "done") this.#request.left();
    if (this.#sending?.endsWithClient === true) this.#stopSending(this.#sending);
  }

  farewell(why: Farewell): void {
    if (this.#isOver) return;
    if (why.why === "drain") return this.#drain();
    const status = FAREWELLS[why.why];
    const isIdle = this.#request === undefined && !this.#head.hasBegun;
    // A client whose request has not come yet is told so, unless it has not begun; one that waits for an answer, if it can be.
    if (status !== undefined && !isIdle && this.#canRefuse) {
      this.#link.reply(finalResponse(why.why === "limit" && why.what === "frame" ? 413 : status));
    }
    this.#end();
  }

  ping(): Bytes {
    return this.#sending?.heartbeat ?? NOTHING;
  }

  closed(error?: Error): void {
    this.#failBody(aborted(error));
    void this.#sending?.return();
    const request = this.#request;
    const { server } = this.#cycle;
    // Nothing has broken: whoever has asked for another protocol has got it.
    const isHandedOver =
      error === undefined && !this.#isOver && (server === "switched" || request?.upgrade !== undefined);
    if (!isHandedOver && server !== "done") request?.left();
  }

  // What a body asks

  wanted(): void {
    if (!this.#expectsContinue || this.#isOver) return;
    this.#expectsContinue = false;
    if (this.#cycle.awaitsAnswer) this.#link.reply(CONTINUE);
  }

  full(): void {
    this.#link.hold();
    // It is not the client who is slow now.
    this.#link.phase("answer");
  }

  roomy(): void {
    // A request that has come whole holds back the next.
    if (this.#reader === undefined) return;
    if (!this.#isOver) this.#link.phase("body", this.#settings.bodyTimeout);
    this.#link.release();
  }

  abandoned(): void {
    if (this.#cycle.server === "done" && !this.#canReadOn) this.#end();
  }

  #decodeHead(frame: Uint8Array): AnyRequest | undefined {
    const head = this.#head.take(frame);
    this.#isHeadTimed = false;
    const { method, minor, fields } = head;
    const isPlain = isPath(head.target) && method !== "CONNECT";
    const target = isPlain ? undefined : readTarget(method, head.target, minor, fields);
    const host = target ?? readHost(minor, fields);
    if (typeof host === "object" && "part" in host)
      throw refusal(method, 400, `HTTP_${host.part}`, host.sentence);
    const length = requestBody(method, minor, fields);
    if (typeof length === "object") throw refusal(method, length.status, length.code, length.sentence);
    this.#checkExpectation(method, minor, fields);
    const { isStreaming, head: limits, maxBodySize } = this.#settings;
    if (typeof length === "number" && length > maxBodySize) throw this.#bodyTooLarge(method);

    this.#cycle.requestBegun();
    this.#cycle.isLast = !persists(minor, fields);
    const isWhole = length === 0;
    const body = isStreaming ? new IncomingBody(this) : EMPTY;
    const request = new Request<Buffer | IncomingBody>(
      head,
      typeof host === "string" ? host : host.host,
      target as Target | undefined,
      body,
    );
    this.#request = request;
    if (isWhole) {
      this.#expectsContinue = false;
      if (body instanceof IncomingBody) body.end(undefined);
      this.#asked();
      return request;
    }
    this.#reader = bodyReader(length, !isStreaming, REQUEST, limits, maxBodySize);
    this.#link.phase("body", this.#settings.bodyTimeout);
    if (isStreaming) return request;
    this.wanted();
    return undefined;
  }

  #checkExpectation(method: string, minor: number, fields: Fields): void {
    const expectation = fields.get("expect");
    // RFC 9110 10.1.1: one of HTTP/1.0 is to be ignored.
    this.#expectsContinue = expectation !== undefined && minor > 0;
    if (this.#expectsContinue && expectation?.toLowerCase() !== "100-continue")
      throw refusal(method, 417, "HTTP_EXPECTATION", "only 100-continue can be expected here");
  }

  #measureBody(buffer: Uint8Array, reader: BodyReader): number {
    try {
      const length = reader.measure(buffer);
      if (reader.size > this.#settings.maxBodySize) throw this.#bodyTooLarge("");
      return length;
    } catch (error) {
      throw this.#brokenBody(error);
    }
  }

  #decodeBody(frame: Uint8Array, reader: BodyReader): AnyRequest | undefined {
    const request = this.#request as AnyRequest;
    const { body } = request;
    let data: Buffer;
    try {
      data = reader.decode(frame);
    } catch (error) {
      throw this.#brokenBody(error);
    }
    this.#expectsContinue = false;
    if (body instanceof IncomingBody) {
      body.push(data);
    } else if (reader.hasEnded && this.#gathered === undefined) {
      request.setBody(data);
    } else if (data.length > 0) {
      this.#gathered ??= new Gathered();
      this.#gathered.add(data, reader.missing);
    }
    return reader.hasEnded ? this.#bodyEnded(request, reader) : undefined;
  }

  #bodyEnded(request: AnyRequest, reader: BodyReader): AnyRequest | undefined {
    const { body } = request;
    this.#reader = undefined;
    request.trailers = reader.trailers;
    this.#asked();
    if (body instanceof IncomingBody) {
      body.end(reader.trailers);
      this.#turn();
      return undefined;
    }
    if (this.#gathered !== undefined) request.setBody(this.#gathered.take());
    this.#gathered = undefined;
    return request;
  }

  /** The request is whole: nothing behind it is looked at before it was answered. */
  #asked(): void {
    this.#cycle.requestEnded();
    this.#link.phase("answer");
    this.#link.hold();
  }

  /** The answer is out, as far as this codec goes. */
  #answered(): void {
    this.#cycle.answerEnded();
    this.#sending = undefined;
    const { body } = this.#request as AnyRequest;
    if (this.#reader !== undefined && body instanceof IncomingBody && !body.isTaken) body.abandon();
    if (this.#cycle.isLast) this.#end();
    else this.#turn();
  }

  /** Looks at the next request, if this one is over. */
  #turn(): void {
    if (!this.#cycle.turn()) return;
    this.#request = undefined;
    this.#expectsContinue = false;
    const { keepAlive, drain } = this.#settings;
    this.#link.phase("keep-alive", this.#isDraining ? drain : keepAlive);
    this.#link.release();
  }

  /** Nobody is there to take the rest, and it must not look as if it were all. */
  #stopSending(body: Pieces): void {
    void body.return();
    this.#end();
  }

  #switch(answer: Answer): Bytes {
    if (this.#reader !== undefined) throw new TypeError("the body comes first, then another protocol");
    this.#cycle.switch();
    this.#link.hold();
    return answer.head;
  }

  /** Whether the connection can go on behind an answer that is given now: what is still to come of the body is bearable. */
  get #canReadOn(): boolean {
    const { body } = this.#request as AnyRequest;
    if (this.#reader === undefined || !(body instanceof IncomingBody)) return true;
    if (body.isTaken && !this.#expectsContinue) return true;
    // One that was told nothing may send its body or not: RFC 9110 10.1.1.
    return !this.#expectsContinue && this.#reader.missing <= this.#settings.maxUnreadBody;
  }

  #drain(): void {
    this.#isDraining = true;
    if (this.#request === undefined && !this.#head.hasBegun)
      this.#link.phase("keep-alive", this.#settings.drain);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failBody(aborted());
    this.#link.end();
    this.#link.release();
  }

  #failBody(error: unknown): void {
    const body = this.#request?.body;
    if (this.#reader !== undefined && body instanceof IncomingBody) body.fail(error);
  }

  /** Whether a refusal would be taken for the answer to the request that is coming, or has come. */
  get #canRefuse(): boolean {
    const { server } = this.#cycle;
    return server === "answering" || server === "idle";
  }

  /** Whether the handler has the request: one that is wanted whole has it when it is. */
  get #isDelivered(): boolean {
    return this.#reader === undefined || this.#settings.isStreaming;
  }

  /** The body cannot be read on. What was said already is not said into. */
  #brokenBody(error: unknown): unknown {
    this.#failBody(error);
    if (!ProtocolError.is(error)) return error;
    if (!this.#canRefuse) return new ProtocolError(error.code, error.message);
    return this.#request?.method === "HEAD" ? headOf(error) : error;
  }

  #bodyTooLarge(method: string): ProtocolError {
    const sentence = `a body of more than ${this.#settings.maxBodySize} bytes`;
    return refusal(method, 413, "HTTP_BODY_SIZE", sentence);
  }
}

function refusal(method: string, status: number, code: string, sentence: string): ProtocolError {
  const error = REQUEST.fail(status, code, sentence);
  return method === "HEAD" ? headOf(error) : error;
}

/** RFC 9110 9.3.2: a HEAD is answered as a GET would be, without the body. */
function headOf(error: ProtocolError): ProtocolError {
  const farewell = String(error.farewell);
  const end = farewell.indexOf("\r\n\r\n") + 4;
  return new ProtocolError(error.code, error.message, { farewell: farewell.slice(0, end) });
}

const NOTHING = "";
const EMPTY = Buffer.alloc(0);
