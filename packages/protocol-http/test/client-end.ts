import {
  type Bytes,
  type CodecFactory,
  Framed,
  isStream,
  type PhaseLimits,
  ProtocolError,
  toBuffer,
} from "@sock/codec";
import type { HttpClientNote, HttpQuestion, HttpResponseReceived, IncomingBody } from "../src/index.ts";

export type Received = HttpResponseReceived<Buffer | IncomingBody>;
type Factory<Body> = CodecFactory<HttpResponseReceived<Body>, HttpQuestion, HttpClientNote>;

/** A client without a socket, and what came of it. Sends wait behind streams, as they do on a connection. */
export class ClientEnd<Body = Buffer> {
  readonly framed: Framed<HttpResponseReceived<Body>, HttpQuestion, HttpClientNote>;
  readonly answers: HttpResponseReceived<Body>[] = [];
  readonly notes: HttpClientNote[] = [];
  readonly phases: [name: string, limits: PhaseLimits][] = [];
  /** What the engine would report: of `encode`, of a stream, of what came. */
  readonly errors: unknown[] = [];
  isEnded = false;
  /** Is called as a connection's `onMessage` is. */
  onAnswer: (answer: HttpResponseReceived<Body>) => unknown = () => {};
  #sent = "";
  #unsent: HttpQuestion[] = [];
  #isStreaming = false;

  constructor(factory: Factory<Body>) {
    this.framed = new Framed(factory, {
      message: (answer) => {
        this.answers.push(answer);
        return this.onAnswer(answer);
      },
      write: (encoded) => this.#write(encoded),
      note: (note) => void this.notes.push(note),
      phase: (name, limits) => void this.phases.push([name, limits]),
      end: () => {
        this.isEnded = true;
      },
      failed: (error) => {
        this.errors.push(error);
        this.framed.closed();
      },
    });
    this.framed.start();
  }

  /** What went out since this was read last. */
  get sent(): string {
    const sent = this.#sent;
    this.#sent = "";
    return sent;
  }

  get bodies(): string[] {
    return this.answers.map(({ body }) => String(body));
  }

  get code(): string | undefined {
    const [error] = this.errors;
    return ProtocolError.is(error) ? error.code : undefined;
  }

  get isClosing(): boolean {
    return this.framed.codec.closing === true;
  }

  send(question: HttpQuestion): this {
    if (this.#isStreaming) this.#unsent.push(question);
    else this.framed.send(question);
    return this;
  }

  receive(bytes: string | Uint8Array): this {
    this.framed.receive(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes));
    return this;
  }

  /** Byte by byte. */
  drip(text: string): this {
    for (const letter of text) this.receive(letter);
    return this;
  }

  finish(): this {
    this.framed.finish();
    return this;
  }

  #write(encoded: Bytes | AsyncIterable<Bytes>): void {
    if (isStream(encoded)) void this.#pull(encoded);
    else this.#sent += toBuffer(encoded).toString("latin1");
  }

  async #pull(stream: AsyncIterable<Bytes>): Promise<void> {
    this.#isStreaming = true;
    try {
      for await (const piece of stream) this.#sent += toBuffer(piece).toString("latin1");
    } catch (error) {
      this.errors.push(error);
      this.framed.closed();
    }
    this.#isStreaming = false;
    while (this.#unsent.length > 0 && !this.#isStreaming)
      this.#sendNext(this.#unsent.shift() as HttpQuestion);
  }

  #sendNext(question: HttpQuestion): void {
    try {
      this.framed.send(question);
    } catch (error) {
      this.errors.push(error);
    }
  }
}

/** Until what was left for later has been done. */
export function later(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
