import {
  type Bytes,
  type CodecFactory,
  type Farewell,
  Framed,
  type FramedPhase,
  isStream,
  ProtocolError,
  toBuffer,
} from "@sock/codec";
import type { Happening } from "./happening.ts";
import { asTold, mapped, type Read, read, readLater } from "./read.ts";

export interface EndpointOptions<In, Out> {
  /** Bytes a frame may take, for codecs that set no limit of their own. Default that of `Framed`. */
  maxPackageSize?: number;
  /** Reads a message as its handler would, perhaps later. Default: all of it, every async iterable to its end. */
  read?: ((message: In) => unknown) | undefined;
  /** What the handler sends once it has read a message. */
  answer?: ((message: In) => Out | undefined) | undefined;
  /** False: nothing is recorded, for streams without end. Default true. */
  isRecording?: boolean;
}

/**
 * One end of a connection that has no socket: a codec, a handler that reads all messages, and a record of what happened.
 * Bytes go in by `receive` and come out by `take`.
 *
 * It does what a connection does: sends wait until the codec has opened and behind a stream, an error says its farewell
 * and closes. No clock runs: `now` is what it was set to.
 */
export class Endpoint<In = unknown, Out = In, Note = unknown> {
  readonly framed: Framed<In, Out, Note>;
  readonly happenings: Happening[] = [];
  /** What the codec takes for the time. */
  now = 0;

  readonly #read: ((message: In) => unknown) | undefined;
  readonly #answer: ((message: In) => Out | undefined) | undefined;
  readonly #isRecording: boolean;
  /** As they were handed over, not copied: memory that a codec uses again meanwhile shows. */
  #outbox: Bytes[] = [];
  #unsent: Out[] = [];
  /** Handlers and streams under way. */
  #underWay = 0;
  #hasWaited = false;
  #isOpened = false;
  #isStreaming = false;
  #wantsEnd = false;
  #isPeerEnded = false;
  #isClosed = false;

  constructor(factory: CodecFactory<In, Out, Note>, options: EndpointOptions<In, Out> = {}) {
    const { maxPackageSize, read, answer, isRecording = true } = options;
    this.#read = read;
    this.#answer = answer;
    this.#isRecording = isRecording;
    this.framed = new Framed<In, Out, Note>(
      factory,
      {
        message: (message) => this.#handle(message),
        write: (encoded) => this.#write(encoded),
        failed: (error, phase) => this.#failed(error, phase),
        reply: (bytes) => {
          this.#record({ what: "reply", bytes });
          this.#put(bytes);
        },
        note: (note) => this.#record({ what: "note", note }),
        opened: () => this.#opened(),
        ended: (staysWritable) => this.#peerEnded(staysWritable),
        end: () => {
          this.#record({ what: "end" });
          this.end();
        },
        now: () => this.now,
      },
      maxPackageSize === undefined ? {} : { maxPackageSize },
    );
  }

  /** The messages, as their handler has read them. */
  get messages(): unknown[] {
    return this.happenings.flatMap((happening) =>
      happening.what === "message" ? [mapped(happening.message, asTold)] : [],
    );
  }

  /** The notes of the codec. */
  get notes(): unknown[] {
    return this.happenings.flatMap((happening) => (happening.what === "note" ? [happening.note] : []));
  }

  /** The replies of the codec, as one. */
  get replies(): Buffer {
    return toBuffer(
      this.happenings.flatMap((happening) => (happening.what === "reply" ? [toBuffer(happening.bytes)] : [])),
    );
  }

  /** What ended it, if an error did. */
  get failure(): Extract<Happening, { what: "failed" }> | undefined {
    return this.happenings.find((happening) => happening.what === "failed");
  }

  /** Whether messages can be sent. */
  get isOpened(): boolean {
    return this.#isOpened;
  }

  /** Whether something is under way that needs no more bytes: a handler reads, a stream is pulled, the codec holds. */
  get isBusy(): boolean {
    return this.#underWay > 0 || (!this.#isClosed && this.framed.isBlocked);
  }

  /** Whether our side has ended: there is nothing to `take` beyond what is there. */
  get isEnded(): boolean {
    return this.#isClosed || (this.#wantsEnd && this.#unsent.length === 0 && !this.#isStreaming);
  }

  /** Whether anything here has ever been left for later. */
  get hasWaited(): boolean {
    return this.#hasWaited;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The connection is open. */
  start(): this {
    this.framed.start();
    return this;
  }

  /** Takes bytes of the peer over. */
  receive(chunk: Uint8Array): void {
    this.framed.receive(chunk);
  }

  /** The peer will send no more. */
  finish(): void {
    this.framed.finish();
  }

  /**
   * Sends a message: now, or when the codec has opened and the streams before it have ended.
   * @throws what `encode` throws, if now
   */
  send(message: Out): void {
    if (this.isEnded) return;
    if (this.#canSend) this.framed.send(message);
    else this.#unsent.push(message);
  }

  /** Our side wants to end: says the codec's goodbye, or ends at once when it has none. */
  farewell(why: Farewell = { why: "close" }): void {
    if (!this.framed.farewell(why)) this.end();
  }

  /** Our side ends, when everything is written. */
  end(): void {
    this.#wantsEnd = true;
    this.#closeIfEnded();
  }

  /** The connection is gone. */
  close(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsent = [];
    this.framed.closed(error);
  }

  /** Hands out what is to be written, as one. */
  take(): Buffer {
    if (this.#outbox.length === 0) return EMPTY;
    const taken = Buffer.concat(this.#outbox.map(toBuffer));
    this.#outbox = [];
    return taken;
  }

  get #canSend(): boolean {
    return this.#isOpened && !this.#isStreaming && !this.framed.codec.opening;
  }

  #handle(message: In): unknown {
    const { value, readings } = this.#readBy(message);
    this.#record({ what: "message", message: value });
    if (readings.length === 0) return this.#reply(message);
    return this.#follow(async () => {
      await Promise.all(readings.map((reading) => reading.done));
      if (readings.every((reading) => reading.outcome === "ended")) this.#reply(message);
    });
  }

  #readBy(message: In): Read {
    if (!this.#read) return read(message);
    const value = this.#read(message);
    if (!(value instanceof Promise)) return { value, readings: [] };
    const reading = readLater(value);
    return { value: reading, readings: [reading] };
  }

  #reply(message: In): void {
    const answer = this.#answer?.(message);
    if (answer !== undefined) this.#sendOrFail(answer);
  }

  #write(encoded: Bytes | AsyncIterable<Bytes>): void {
    if (!isStream(encoded)) return this.#put(encoded);
    this.#isStreaming = true;
    void this.#follow(() => this.#pull(encoded));
  }

  async #pull(stream: AsyncIterable<Bytes>): Promise<void> {
    try {
      for await (const piece of stream) {
        if (this.#isClosed) break;
        this.#put(piece);
      }
    } catch (error) {
      this.#failed(error, "encode");
    }
    this.#isStreaming = false;
    this.#sendWaiting();
  }

  #put(bytes: Bytes): void {
    if (this.#isRecording) this.#outbox.push(bytes);
  }

  #opened(): void {
    this.#isOpened = true;
    this.#record({ what: "opened" });
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    while (this.#unsent.length > 0 && this.#canSend) this.#sendOrFail(this.#unsent.shift()!);
    this.#closeIfEnded();
  }

  #sendOrFail(message: Out): void {
    try {
      this.send(message);
    } catch (error) {
      this.#failed(error, "encode");
    }
  }

  #peerEnded(staysWritable: boolean): void {
    this.#record({ what: "ended" });
    this.#isPeerEnded = true;
    if (!staysWritable) this.#wantsEnd = true;
    this.#closeIfEnded();
  }

  #failed(error: unknown, phase: FramedPhase): void {
    const isProtocolError = ProtocolError.is(error);
    this.happenings.push({ what: "failed", phase, error, ...(isProtocolError && { code: error.code }) });
    if (isProtocolError && error.farewell !== undefined) {
      this.#record({ what: "farewell", bytes: error.farewell });
      this.#put(error.farewell);
    }
    this.close(error instanceof Error ? error : undefined);
  }

  #closeIfEnded(): void {
    if (this.isEnded && this.#isPeerEnded) this.close();
  }

  #record(happening: Happening): void {
    if (this.#isRecording) this.happenings.push(happening);
  }

  async #follow(work: () => Promise<void>): Promise<void> {
    this.#underWay += 1;
    this.#hasWaited = true;
    try {
      await work();
    } finally {
      this.#underWay -= 1;
    }
  }
}

const EMPTY = Buffer.alloc(0);
