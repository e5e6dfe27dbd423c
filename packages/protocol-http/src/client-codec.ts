import { type Bytes, type Codec, type CodecLink, type Farewell, ProtocolError } from "@sock/codec";
import { aborted } from "./aborted.ts";
import { responseBody } from "./body.ts";
import { type BodyReader, bodyReader } from "./body-reader.ts";
import type { HttpClientNote } from "./client-notes.ts";
import { Exchange } from "./exchange.ts";
import { Gathered } from "./gathered.ts";
import { type Head, HeadParser } from "./head/head-parser.ts";
import { RESPONSE, type StatusLine } from "./head/status-line.ts";
import type { ClientSettings } from "./http-client.ts";
import { type BodyOwner, IncomingBody } from "./incoming-body.ts";
import { withBody } from "./outgoing-head.ts";
import { persists } from "./persists.ts";
import { Pieces } from "./pieces.ts";
import { Question } from "./question.ts";
import type { HttpQuestion } from "./request-to-send.ts";
import type { HttpResponseReceived } from "./response-received.ts";

type AnyResponse = HttpResponseReceived<Buffer | IncomingBody>;

/** While it is being read, its body and what follows are still to come. */
type Response = { -readonly [Key in keyof AnyResponse]: AnyResponse[Key] };

/**
 * Answers of a request that announce another one. They cost the server nothing, and must end: a 102 every twenty seconds
 * takes half an hour for so many.
 */
const MAX_INTERIM = 100;

/**
 * HTTP/1.1 as a client: RFC 9112. What answers what is told by the order alone.
 *
 * Not `lossless`, as the server is: a request that `send` drops was never asked, so no answer is missed. And who stops
 * reading while it cannot send, waits for a server without end that echoes and does the same.
 */
export class ClientCodec implements Codec<AnyResponse, HttpQuestion>, BodyOwner {
  readonly #link: CodecLink<HttpClientNote>;
  readonly #settings: ClientSettings;
  readonly #head: HeadParser<StatusLine>;
  /** The oldest exchange that is not over; the others follow it. */
  #exchange: Exchange | undefined;
  #newest: Exchange | undefined;
  /** The answer to it, once its head has come, and the rest of that answer's body. */
  #response: Response | undefined;
  #reader: BodyReader | undefined;
  #gathered: Gathered | undefined;
  #isUntilClose = false;
  /** Bytes that were read of a body that nobody wants. */
  #unread = 0;
  #isHeadLate = false;
  /** More may have come behind the frame that is being decoded. */
  #hasMore = false;
  /** The request that is going out piece by piece. */
  #sending: Pieces | undefined;
  /** Lets the request go on that waits for its turn. */
  #goOn: (() => void) | undefined;
  /** A request has asked for another protocol, and the answer is not known. */
  #maySwitch = false;
  /** Nothing is asked any more; what was asked is still answered. */
  #isLast = false;
  #isDraining = false;
  /** Nothing more is said, or looked at. */
  #isOver = false;
  #isClosed = false;

  constructor(link: CodecLink<HttpClientNote>, settings: ClientSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#head = new HeadParser(RESPONSE, settings.head);
    // Heads and bodies have limits of their own.
    link.maxPackageSize = Infinity;
    link.phase("idle");
  }

  get name(): string {
    return "http";
  }

  get closing(): boolean {
    return this.#isLast || this.#isOver;
  }

  get retained(): number {
    const body = this.#response?.body;
    return (this.#gathered?.retained ?? 0) + (body instanceof IncomingBody ? body.retained : 0);
  }

  input(buffer: Uint8Array): number {
    if (this.#isOver) return buffer.length;
    const length =
      this.#reader === undefined ? this.#scanHead(buffer) : this.#measureBody(buffer, this.#reader);
    this.#hasMore = length > 0 && length !== buffer.length;
    return length;
  }

  decode(frame: Uint8Array): AnyResponse | undefined {
    if (this.#isOver) return undefined;
    return this.#reader === undefined ? this.#decodeHead(frame) : this.#decodeBody(frame, this.#reader);
  }

  encode(message: HttpQuestion): Bytes | AsyncIterable<Bytes> {
    const question = new Question(message, this.#settings.host);
    if (this.closing) return this.#sendNot(question);
    // What comes next on this connection may be no HTTP.
    if (this.#maySwitch)
      throw new TypeError("nothing is sent behind a request to switch protocols, before its answer");
    this.#isLast = question.isLast;
    this.#maySwitch = question.maySwitch;
    return this.#hasMore || this.#isInTheWayOf(question) ? this.#sendLater(question) : this.#send(question);
  }

  finish(rest: Uint8Array): AnyResponse | undefined {
    if (this.#isOver) return undefined;
    if (this.#reader !== undefined && this.#isUntilClose) return this.#bodyEnded(this.#reader);
    if (this.#exchange?.isUnanswered) {
      const error = new ProtocolError("UNEXPECTED_END", this.#howItEnded(rest.length));
      this.#failBody(error);
      throw error;
    }
    this.#end();
    return undefined;
  }

  farewell(why: Farewell): void {
    this.#isLast = true;
    this.#isDraining = why.why === "drain";
    if (!this.#isDraining || this.#exchange === undefined) this.#end();
  }

  closed(error?: Error): void {
    this.#isOver = this.#isClosed = true;
    this.#failBody(aborted(error));
    void this.#sending?.return();
    this.#goOn?.();
  }

  // What a body asks

  wanted(): void {}

  full(): void {
    this.#link.hold();
    // It is not the server who is slow now.
    this.#link.phase("body");
  }

  roomy(): void {
    if (this.#isOver) return;
    this.#link.phase("body", this.#settings.bodyTimeout);
    this.#link.release();
  }

  abandoned(): void {
    if (this.#isTooMuchUnread) this.#end();
  }

  // Asking

  #isInTheWayOf(question: Question): boolean {
    return this.#exchange !== undefined && (!this.#settings.isPipelining || question.maySwitch);
  }

  #send(question: Question): Bytes | AsyncIterable<Bytes> {
    const exchange = new Exchange(question);
    if (this.#exchange === undefined) this.#exchange = exchange;
    else this.#newest!.next = exchange;
    this.#newest = exchange;
    const { head, body } = question;
    if (body instanceof Pieces) {
      this.#sending = body;
      if (exchange === this.#exchange) this.#awaitAnswer(exchange);
      return body.behind(head, () => this.#sent(exchange));
    }
    this.#sent(exchange);
    return body === undefined ? head : withBody(head, body);
  }

  async *#sendLater(question: Question): AsyncGenerator<Bytes, void, void> {
    // What has come is looked at first: an answer that was there before its request is to none.
    await undefined;
    while (!this.#isOver && this.#isInTheWayOf(question)) {
      await new Promise<void>((resolve) => {
        this.#goOn = resolve;
      });
    }
    // There is nobody left to be told.
    if (this.#isClosed) return question.discard();
    const sent = this.#isOver ? this.#sendNot(question) : this.#send(question);
    if (typeof sent === "object" && Symbol.asyncIterator in sent) yield* sent;
    else yield sent;
  }

  #sendNot(question: Question): Bytes {
    question.discard();
    this.#link.note({ type: "unanswered", request: question.message, isSent: false });
    return NOTHING;
  }

  /** The request is out, as far as this codec goes. */
  #sent(exchange: Exchange): void {
    this.#sending = undefined;
    exchange.cycle.requestEnded();
    if (exchange !== this.#exchange) return;
    if (exchange.isUnanswered) this.#awaitAnswer(exchange);
    else this.#turn(exchange);
  }

  #awaitAnswer({ cycle }: Exchange): void {
    this.#isHeadLate = false;
    if (cycle.client === "done") this.#link.phase("answer", this.#settings.answerTimeout);
    // It may be us who are slow.
    else this.#link.phase("request");
  }

  // Being answered

  #scanHead(buffer: Uint8Array): number {
    if (!this.#exchange?.isUnanswered) throw fail("HTTP_UNASKED", "an answer came that nobody has asked for");
    const length = this.#head.scan(buffer);
    if (length === 0 && !this.#isHeadLate) {
      this.#isHeadLate = true;
      this.#link.phase("head", this.#settings.headTimeout);
    }
    return length;
  }

  #decodeHead(frame: Uint8Array): AnyResponse | undefined {
    const head = this.#head.take(frame);
    // `input` has refused what nobody has asked for.
    const exchange = this.#exchange as Exchange;
    const { method } = exchange.question;
    const { status, minor, fields } = head;
    if (status === 101 || (method === "CONNECT" && status >= 200 && status < 300))
      return this.#switch(exchange, head);
    if (status < 200) return this.#interim(exchange, head);
    const length = responseBody(method, status, minor, fields);
    if (typeof length === "object") throw fail(length.code, length.sentence);
    const { isStreaming, head: limits, maxBodySize, bodyTimeout } = this.#settings;
    if (typeof length === "number" && length > maxBodySize) throw this.#bodyTooLarge();

    exchange.cycle.answerBegun();
    this.#isUntilClose = length === "close";
    if (this.#isUntilClose || !persists(minor, fields)) this.#isLast = exchange.cycle.isLast = true;
    const response = answerTo(exchange, head, isStreaming ? new IncomingBody(this) : EMPTY);
    if (length === 0) {
      if (response.body instanceof IncomingBody) response.body.end(undefined);
      this.#answered(exchange);
      return response;
    }
    this.#response = response;
    // In the pieces that come, also where it is wanted whole: only so is it known whether anything stands behind the last.
    this.#reader = bodyReader(length, false, RESPONSE, limits, maxBodySize);
    this.#unread = 0;
    this.#link.phase("body", bodyTimeout);
    return isStreaming ? response : undefined;
  }

  /** RFC 9110 15.2. */
  #interim(exchange: Exchange, { status, fields }: Head<StatusLine>): undefined {
    exchange.interim += 1;
    if (exchange.interim > MAX_INTERIM)
      throw fail("HTTP_INTERIM", `more than ${MAX_INTERIM} answers that announce another`);
    this.#link.note({ type: "informational", status, headers: fields });
    this.#awaitAnswer(exchange);
  }

  /** RFC 9110 7.8 and 9.3.6. What follows is for the next codec, and is not looked at before it is there. */
  #switch(exchange: Exchange, head: Head<StatusLine>): AnyResponse {
    const { cycle, question } = exchange;
    if (head.status === 101) checkUpgrade(head, question.offers);
    if (cycle.client !== "done")
      throw fail("HTTP_UPGRADE", "the server switches protocols before the request is out");
    cycle.switch();
    this.#link.hold();
    this.#link.phase("switched");
    const response = answerTo(exchange, head, this.#settings.isStreaming ? new IncomingBody(this) : EMPTY);
    if (response.body instanceof IncomingBody) response.body.end(undefined);
    return response;
  }

  #measureBody(buffer: Uint8Array, reader: BodyReader): number {
    try {
      const length = reader.measure(buffer);
      if (reader.size > this.#settings.maxBodySize) throw this.#bodyTooLarge();
      return length;
    } catch (error) {
      this.#failBody(error);
      throw error;
    }
  }

  #decodeBody(frame: Uint8Array, reader: BodyReader): AnyResponse | undefined {
    const response = this.#response as Response;
    const { body } = response;
    let data: Buffer;
    try {
      data = reader.decode(frame);
    } catch (error) {
      this.#failBody(error);
      throw error;
    }
    if (body instanceof IncomingBody) {
      body.push(data);
      if (body.isAbandoned) this.#unread += data.length;
    } else if (reader.hasEnded && this.#gathered === undefined) {
      response.body = data;
    } else if (data.length > 0) {
      this.#gathered ??= new Gathered();
      this.#gathered.add(data, reader.missing);
    }
    if (reader.hasEnded) return this.#bodyEnded(reader);
    if (this.#isTooMuchUnread) this.#end();
    return undefined;
  }

  #bodyEnded({ trailers }: BodyReader): AnyResponse | undefined {
    const response = this.#response as Response;
    response.trailers = trailers;
    this.#reader = undefined;
    if (this.#gathered !== undefined) response.body = this.#gathered.take();
    this.#gathered = undefined;
    this.#answered(this.#exchange as Exchange);
    if (!(response.body instanceof IncomingBody)) return response;
    response.body.end(trailers);
    // What has come of it is there, however slowly it is read.
    this.#link.release();
    return undefined;
  }

  /** The answer has come whole. */
  #answered(exchange: Exchange): void {
    exchange.cycle.answerEnded();
    if (exchange.question.maySwitch) this.#maySwitch = false;
    if (exchange.cycle.isLast) this.#endBehind(exchange);
    else this.#turn(exchange);
  }

  /** Goes on with the next exchange, if this one is over. */
  #turn(exchange: Exchange): void {
    if (!exchange.cycle.turn()) return;
    this.#response = undefined;
    this.#exchange = exchange.next;
    this.#isHeadLate = false;
    if (this.#exchange !== undefined) this.#awaitAnswer(this.#exchange);
    else this.#rest();
    this.#goOn?.();
  }

  /** Nothing is asked. */
  #rest(): void {
    // It may have had a large body.
    this.#newest = undefined;
    if (this.#isDraining) this.#end();
    else this.#link.phase("idle");
  }

  // Ending

  /** No answer comes behind this one: RFC 9112 9.3 and 9.6. */
  #endBehind({ next }: Exchange): void {
    for (let left = next; left !== undefined; left = left.next)
      this.#link.note({ type: "unanswered", request: left.question.message, isSent: true });
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failBody(aborted());
    void this.#sending?.return();
    this.#goOn?.();
    this.#link.end();
    this.#link.release();
  }

  #failBody(error: unknown): void {
    const body = this.#response?.body;
    if (this.#reader !== undefined && body instanceof IncomingBody) body.fail(error);
  }

  get #isTooMuchUnread(): boolean {
    const reader = this.#reader;
    const body = this.#response?.body;
    if (reader === undefined || !(body instanceof IncomingBody) || !body.isAbandoned) return false;
    const missing = reader.missing === Infinity ? 0 : reader.missing;
    return this.#unread + missing > this.#settings.maxUnreadBody;
  }

  #howItEnded(rest: number): string {
    const missing = this.#reader?.missing;
    if (missing !== undefined && missing !== Infinity)
      return `the stream ended with ${missing} bytes of an answer missing`;
    if (this.#reader !== undefined) return "the stream ended within the body of an answer";
    return rest > 0 ? `the stream ended ${rest} bytes into an answer` : "the stream ended before an answer";
  }

  #bodyTooLarge(): ProtocolError {
    return fail("HTTP_BODY_SIZE", `a body of more than ${this.#settings.maxBodySize} bytes`);
  }
}

const EMPTY = Buffer.alloc(0);
const NOTHING: readonly string[] = [];

function answerTo(
  { question }: Exchange,
  { status, reason, minor, fields }: Head<StatusLine>,
  body: Buffer | IncomingBody,
): Response {
  const version = minor === 0 ? "1.0" : "1.1";
  return { status, reason, version, headers: fields, body, trailers: undefined, request: question.message };
}

/** RFC 9110 7.8: the server says what it switches to, and that was offered. HTTP/1.0 knows no switching. */
function checkUpgrade({ minor, fields }: Head<StatusLine>, offers: readonly string[]): void {
  if (offers.length === 0)
    throw fail("HTTP_UPGRADE", "the server switches protocols, which nobody has asked for");
  const chosen = fields.list("upgrade").map((protocol) => protocol.toLowerCase());
  if (minor === 0 || !isAmong(chosen, offers) || !fields.hasToken("connection", "upgrade"))
    throw fail(
      "HTTP_UPGRADE",
      `the server switches to ${chosen.join(", ") || "nothing"}, which was not offered`,
    );
}

function isAmong(chosen: readonly string[], offers: readonly string[]): boolean {
  return chosen.length > 0 && chosen.every((protocol) => offers.includes(protocol));
}

function fail(code: string, sentence: string): ProtocolError {
  return new ProtocolError(code, sentence);
}
