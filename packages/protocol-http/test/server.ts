import {
  type Bytes,
  type CodecFactory,
  type Farewell,
  Framed,
  isStream,
  type PhaseLimits,
  ProtocolError,
  toBuffer,
} from "@sock/codec";
import {
  type HttpAnswer,
  type HttpOptions,
  type HttpRequest,
  http,
  type IncomingBody,
} from "../src/index.ts";
import { type Answered, readAnswers } from "./answers.ts";

/**
 * A server's end of a connection without a socket, and what came of it. It does what a connection does: an answer that
 * is a stream is pulled to its end before the next is encoded, an error says its farewell, and then nothing is written.
 */
export class Served<Body extends Buffer | IncomingBody = Buffer> {
  readonly framed: Framed<HttpRequest<Body>, HttpAnswer>;
  readonly requests: HttpRequest<Body>[] = [];
  readonly phases: string[] = [];
  readonly limits: Record<string, PhaseLimits> = {};
  isEnded = false;
  /** What the codec threw, or a stream that it made. */
  error: unknown;
  /** Of answers that waited behind a stream and could not be sent then. */
  readonly unsendable: unknown[] = [];
  /** Is called as a connection's `onMessage` is. */
  onRequest: (request: HttpRequest<Body>) => unknown = () => undefined;
  readonly #sent: Buffer[] = [];
  readonly #unsent: HttpAnswer[] = [];
  #stream: AsyncIterator<Bytes> | undefined;

  constructor(options: HttpOptions = {}, factory: typeof http = http) {
    // The body that the options ask for is that of the requests.
    const codec = factory({ date: false, ...options } as HttpOptions<"buffer">) as CodecFactory<
      never,
      HttpAnswer
    >;
    this.framed = new Framed<HttpRequest<Body>, HttpAnswer>(
      codec as CodecFactory<HttpRequest<Body>, HttpAnswer>,
      {
        message: (request) => {
          this.requests.push(request);
          return this.onRequest(request);
        },
        write: (encoded) => (isStream(encoded) ? void this.#pull(encoded) : this.#put(encoded)),
        phase: (name, limits) => {
          this.phases.push(name);
          this.limits[name] = limits;
        },
        end: () => {
          this.isEnded = true;
        },
        ended: () => {},
        failed: (error, phase) => this.#failed(error, phase),
      },
    );
    this.framed.start();
  }

  /** All that was written, in latin1. */
  get sent(): string {
    return Buffer.concat(this.#sent).toString("latin1");
  }

  /** The answers that were written, to requests of these methods. Absent ones are GET. */
  answers(...methods: string[]): Answered[] {
    return readAnswers(Buffer.from(this.sent, "latin1"), methods, this.isOver);
  }

  /** The statuses that were written. */
  get statuses(): number[] {
    const methods = this.requests.map(({ method }) => method);
    return this.answers(...methods).map(({ status }) => status);
  }

  get code(): string | undefined {
    return ProtocolError.is(this.error) ? this.error.code : undefined;
  }

  /** Nothing will be written any more. */
  get isOver(): boolean {
    return this.error !== undefined || (this.isEnded && this.#stream === undefined);
  }

  /** No answer is being pulled. */
  get isIdle(): boolean {
    return this.#stream === undefined;
  }

  /** The request that came last. */
  get request(): HttpRequest<Body> {
    return this.requests.at(-1)!;
  }

  receive(...chunks: (string | Uint8Array)[]): this {
    for (const chunk of chunks) {
      // Memory of its own: a codec may write in what it is given.
      this.framed.receive(Buffer.from(chunk as Uint8Array));
    }
    return this;
  }

  /** Each byte alone. */
  drip(bytes: string | Uint8Array): this {
    for (const byte of Buffer.from(bytes as Uint8Array)) this.framed.receive(Buffer.of(byte));
    return this;
  }

  send(answer: HttpAnswer): this {
    if (this.#stream !== undefined) this.#unsent.push(answer);
    else if (!this.isOver && !this.framed.codec.closing) this.framed.send(answer);
    return this;
  }

  farewell(why: Farewell): this {
    this.framed.farewell(why);
    return this;
  }

  finish(): this {
    this.framed.finish();
    return this;
  }

  async #pull(encoded: AsyncIterable<Bytes>): Promise<void> {
    const stream = encoded[Symbol.asyncIterator]();
    this.#stream = stream;
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (this.#stream !== stream) return;
        if (done) break;
        this.#put(value);
      }
    } catch (error) {
      if (this.#stream === stream) this.#failed(error, "stream");
    }
    this.#stream = undefined;
    const next = this.#unsent.shift();
    if (next === undefined) return;
    try {
      this.send(next);
    } catch (error) {
      this.unsendable.push(error);
    }
  }

  #put(bytes: Bytes): void {
    this.#sent.push(Buffer.from(toBuffer(bytes)));
  }

  #failed(error: unknown, phase: string): void {
    this.error = error;
    const stream = this.#stream;
    this.#stream = undefined;
    void Promise.resolve(stream?.return?.()).catch(() => undefined);
    if (ProtocolError.is(error)) {
      if (error.farewell !== undefined) this.#put(error.farewell);
    } else if (phase !== "message") {
      this.framed.closed(error as Error);
    }
  }
}

/** A server that reads bodies as they come. */
export function streaming(options: HttpOptions = {}): Served<IncomingBody> {
  return new Served<IncomingBody>({ body: "stream", ...options });
}

/** The request that stands behind others, to see that nothing of it was taken, and that it is not answered out of turn. */
export const NEXT = "GET /next HTTP/1.1\r\nHost: next\r\n\r\n";

export interface Outcome {
  /** What the peer gets. */
  status: number | undefined;
  /** What our side sees. */
  code: string | undefined;
  requests: {
    method: string;
    target: string;
    fields: [string, string][];
    body: string;
    trailers?: [string, string][];
  }[];
  isEnded: boolean;
}

/**
 * Gives the bytes to a server whole, byte by byte, and with another request behind them: the same comes of it. Behind a
 * refusal nothing is answered; behind a request that is right, the other comes once that one is answered.
 */
export function received(bytes: string | Uint8Array, options: HttpOptions = {}): Outcome {
  const stream = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
  const whole = new Served(options).receive(stream);
  const outcome = outcomeOf(whole);
  same(outcomeOf(new Served(options).drip(stream)), outcome, "byte by byte");

  const followed = new Served(options).receive(Buffer.concat([stream, Buffer.from(NEXT)]));
  if (whole.code === undefined && whole.requests.length === 0) return outcome;
  same(outcomeOf(followed), outcome, "with another request behind");
  const { length } = whole.requests;
  if (whole.code === undefined) {
    followed.send("ok");
    const targets = followed.requests.slice(length).map(({ target }) => target);
    same(targets, followed.isEnded ? [] : ["/next"], "the request behind");
  } else {
    same(followed.requests.length, length, "the request behind");
  }
  return outcome;
}

function outcomeOf(served: Served): Outcome {
  if (served.error !== undefined && !ProtocolError.is(served.error)) throw served.error;
  const { statuses, code, isEnded } = served;
  if (statuses.length > 1) throw new Error(`more than one answer: ${served.sent}`);
  const requests = served.requests.map(({ method, target, headers, body, trailers }) => ({
    method,
    target,
    fields: [...headers],
    body: body.toString("latin1"),
    ...(trailers !== undefined && { trailers: [...trailers] }),
  }));
  return { status: statuses[0], code, requests, isEnded };
}

function same(actual: unknown, expected: unknown, how: string): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${how}: ${one}, and not ${other}`);
}
