import { asBuffer } from "./bytes.ts";
import type { Codec, CodecFactory, Farewell } from "./codec.ts";
import { Link } from "./link.ts";
import { ProtocolError } from "./protocol-error.ts";
import { RecvBuffer } from "./recv-buffer.ts";
import type { FramedPhase, FramedSink } from "./sink.ts";

/** 10 MiB, as the ancestor's `defaultMaxPackageSize`. */
export const DEFAULT_MAX_PACKAGE_SIZE = 10 * 1024 * 1024;

export interface FramedOptions {
  /** Bytes a frame may take, for codecs that set no limit of their own. Default 10 MiB. */
  maxPackageSize?: number;
}

/** A message that is not delivered yet, and the link that asked for the end behind it. */
interface Waiting<In, Note> {
  message: In;
  ending: Link<Note> | undefined;
}

/**
 * A codec joined to buffers, without a socket: bytes in by `receive`, messages out to the sink; messages in by `send`,
 * bytes out to the sink. It holds the only read loop, and the rules of when what happens.
 *
 * @example
 * const framed = new Framed(text(), { message: console.log, write: (bytes) => socket.write(bytes), failed: console.error });
 * framed.start();
 * framed.receive(Buffer.from("hello\n"));
 */
export class Framed<In, Out = In, Note = never> {
  readonly #sink: FramedSink<In, Note>;
  readonly #buffer = new RecvBuffer();
  #maxPackageSize: number;
  #link: Link<Note>;
  #codec: Codec<In, Out>;

  /** Length of the frame at the start of the buffer; 0 while the codec cannot tell. */
  #frameLength = 0;
  /** Waits for the handler of the message before it, or for the end of a pause. */
  #waiting: Waiting<In, Note> | undefined;
  #isHandling = false;

  #isStarted = false;
  #isRunning = false;
  #isPaused = false;
  #isMuted = false;
  #isOver = false;
  #isClosed = false;
  #peerEnd: "none" | "arrived" | "decoded" | "told" = "none";

  /** Makes the codec; what that throws is thrown. Nothing comes out before `start`. */
  constructor(
    factory: CodecFactory<In, Out, Note>,
    sink: FramedSink<In, Note>,
    { maxPackageSize = DEFAULT_MAX_PACKAGE_SIZE }: FramedOptions = {},
  ) {
    this.#sink = sink;
    this.#maxPackageSize = maxPackageSize;
    this.#link = new Link(this, sink, maxPackageSize);
    this.#link.enter();
    this.#codec = factory(this.#link);
  }

  /** The codec in charge. It changes with an upgrade. */
  get codec(): Codec<In, Out> {
    return this.#codec;
  }

  /** Bytes that have arrived and were not yet decoded. */
  get unread(): number {
    return this.#buffer.length;
  }

  /** Bytes of memory kept for the peer: what has not been decoded, and what the codec says it keeps. */
  get retained(): number {
    return this.#buffer.retained + (this.#codec.retained ?? 0);
  }

  /** Whether frames are left undecoded for now: paused, held, or a message waits for the handler of the one before. */
  get isBlocked(): boolean {
    return this.#isMuted
      ? this.#link.isHeld
      : this.#isPaused || this.#link.isHeld || this.#waiting !== undefined;
  }

  /** Whether a message is being handled, or waits for the handler of the one before. */
  get isHandling(): boolean {
    return this.#isHandling || this.#waiting !== undefined;
  }

  /** Whether it has failed or was closed: nothing comes out any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Bytes a frame may take. Changing it does not touch a limit that the codec has set itself. */
  get maxPackageSize(): number {
    return this.#maxPackageSize;
  }

  set maxPackageSize(bytes: number) {
    if (this.#link.maxPackageSize === this.#maxPackageSize) this.#link.maxPackageSize = bytes;
    this.#maxPackageSize = bytes;
  }

  /** The transport is open: what the codec's factory asked for happens now. */
  start(): void {
    this.#isStarted = true;
    this.#begin(true);
    this.run();
  }

  /** Takes bytes of the peer over: nobody may write that memory again. */
  receive(chunk: Uint8Array): void {
    if (this.#isOver || this.#peerEnd !== "none") return;
    this.#buffer.append(asBuffer(chunk), this.#frameLength);
    this.run();
  }

  /** The peer will send no more. Takes effect behind the frames that have arrived. */
  finish(): void {
    if (this.#peerEnd === "none") {
      this.#peerEnd = "arrived";
      this.#tellPeerEnded();
    }
    this.run();
  }

  /**
   * Encodes `message` and writes it to the sink; then what the codec asked for happens.
   * @throws what the codec throws: a message it cannot tell is the caller's fault, and the connection goes on
   */
  send(message: Out): void {
    if (this.#isOver) return;
    const link = this.#link;
    const wasCalling = link.enter();
    try {
      this.#sink.write(this.#codec.encode(message));
    } finally {
      link.leave(wasCalling);
      this.#settle(link);
    }
  }

  /** Stops delivery, also of what has arrived. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.run();
  }

  /** From now on messages go nowhere, but frames are still decoded: our side has said its goodbye and awaits the peer's. */
  mute(): void {
    this.#isMuted = true;
    this.run();
  }

  /**
   * Lets the codec say goodbye. False: it has none to say, and our side may end at once.
   * True: `sink.end` will be called when the protocol allows; whoever calls this sets a deadline.
   */
  farewell(why: Farewell): boolean {
    if (this.#isOver || this.#codec.farewell === undefined) return false;
    const link = this.#link;
    const wasCalling = link.enter();
    try {
      this.#codec.farewell(why);
    } catch (error) {
      this.#fail(error, "farewell");
      return false;
    }
    link.leave(wasCalling);
    this.#settle(link);
    return true;
  }

  /** Another codec takes over, from the next unread byte on. */
  upgrade(next: CodecFactory<unknown, never, never>): void {
    if (this.#isOver) return;
    const old = this.#codec;
    this.#link.sever();
    this.#link = new Link(this, this.#sink, this.#maxPackageSize);
    this.#link.enter();
    this.#frameLength = 0;
    // The next codec has not heard of the peer's end.
    if (this.#peerEnd !== "none") this.#peerEnd = "arrived";
    try {
      // What an upgraded connection carries is for whoever asked for the upgrade to know: types end here.
      this.#codec = next(this.#link as never) as Codec<never, never> as Codec<In, Out>;
    } catch (error) {
      this.#fail(error, "factory");
      return;
    }
    this.#tellClosed(old);
    if (this.#isStarted) this.#begin(old.opening === true);
    this.run();
  }

  /** The connection is gone. Tells the codec, once; nothing comes out any more. */
  closed(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOver = true;
    this.#waiting = undefined;
    this.#link.sever();
    this.#buffer.take(this.#buffer.length);
    this.#tellClosed(this.#codec, error);
  }

  /** Decodes what has arrived, as far as nothing blocks it. Called by all that unblocks. */
  run(): void {
    if (this.#isRunning || !this.#isStarted) return;
    this.#isRunning = true;
    this.#deliverWaiting();
    while (this.#wantsFrames && this.#advance());
    while (this.#peerEnd === "arrived" && this.#wantsFrames) this.#decodeEnd();
    this.#isRunning = false;
    this.#buffer.compact(this.#frameLength);
    if (this.#peerEnd === "decoded") this.#tellEnd();
    this.#sink.idle?.();
  }

  get #wantsFrames(): boolean {
    return !this.#isOver && !this.isBlocked;
  }

  /** Measures a frame or decodes it. False: more bytes are needed. */
  #advance(): boolean {
    if (this.#frameLength === 0) return this.#measure();
    if (this.#frameLength > this.#buffer.length) return false;
    this.#decode();
    return true;
  }

  /** What the codec asks for meanwhile may stop the loop or change the codec: nothing is decoded here. */
  #measure(): boolean {
    const unread = this.#buffer.unread();
    if (unread.length === 0) return false;
    const link = this.#link;
    const wasCalling = link.enter();
    let length: number;
    try {
      length = checkLength(this.#codec.input(unread));
    } catch (error) {
      this.#fail(error, "input");
      return false;
    }
    link.leave(wasCalling);
    this.#settle(link);
    if (link !== this.#link) return true;
    // A frame that had not ended before the limit would end beyond it.
    const atLeast = length === 0 ? unread.length + 1 : length;
    if (atLeast > link.maxPackageSize) {
      this.#failTooLarge(length, link.maxPackageSize);
      return false;
    }
    this.#frameLength = length;
    return length > 0;
  }

  #decode(): void {
    const frame = this.#buffer.take(this.#frameLength);
    this.#frameLength = 0;
    const link = this.#link;
    const wasCalling = link.enter();
    let message: In | undefined;
    try {
      message = this.#codec.decode(frame);
    } catch (error) {
      this.#fail(error, "decode");
      return;
    }
    link.leave(wasCalling);
    this.#conclude(link, message);
  }

  #decodeEnd(): void {
    const rest = this.#buffer.take(this.#buffer.length);
    this.#peerEnd = "decoded";
    this.#frameLength = 0;
    const link = this.#link;
    const wasCalling = link.enter();
    let message: In | undefined;
    try {
      if (this.#codec.finish !== undefined) message = this.#codec.finish(rest);
      else if (rest.length > 0) throw unexpectedEnd(rest.length);
    } catch (error) {
      this.#fail(error, "finish");
      return;
    }
    link.leave(wasCalling);
    this.#conclude(link, message);
  }

  /** The codec has used some bytes: its effects, then its message, then the end it may have asked for. */
  #conclude(link: Link<Note>, message: In | undefined): void {
    link.settle();
    const ending = link.takeEnd() ? link : undefined;
    if (message === undefined) ending?.end();
    else this.#deliver(message, ending);
  }

  #deliver(message: In, ending: Link<Note> | undefined): void {
    if (this.#isOver) return;
    if (!this.#isMuted && (this.#isHandling || this.#isPaused)) {
      this.#waiting = { message, ending };
      return;
    }
    if (!this.#isMuted) this.#handle(message);
    ending?.end();
  }

  #handle(message: In): void {
    let handling: unknown;
    try {
      handling = this.#sink.message(message);
    } catch (error) {
      this.#fault(error);
      return;
    }
    if (!isPromiseLike(handling)) return;
    this.#isHandling = true;
    // A promise stays what it is; what only looks like one is called back later, and once.
    Promise.resolve(handling).then(
      () => this.#handled(),
      (error: unknown) => {
        this.#fault(error);
        this.#handled();
      },
    );
  }

  #handled(): void {
    this.#isHandling = false;
    this.run();
  }

  #deliverWaiting(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    // A hold does not stop it: the codec call that made it may be the one that asked for the hold.
    this.#waiting = undefined;
    this.#deliver(waiting.message, waiting.ending);
  }

  #tellEnd(): void {
    if (this.#isHandling || !this.#wantsFrames) return;
    this.#peerEnd = "told";
    this.#sink.ended?.(this.#codec.finish !== undefined);
  }

  /** Ahead of its turn. */
  #tellPeerEnded(): void {
    if (this.#isOver || this.#codec.peerEnded === undefined) return;
    const link = this.#link;
    const wasCalling = link.enter();
    try {
      this.#codec.peerEnded();
    } catch (error) {
      this.#fail(error, "finish");
      return;
    }
    link.leave(wasCalling);
    this.#settle(link);
  }

  #tellClosed(codec: Codec<In, Out>, error?: Error): void {
    try {
      codec.closed?.(error);
    } catch (thrown) {
      this.#sink.failed(thrown, "closed");
    }
  }

  /** What a factory asked for happens: replies before the connection counts as open, the rest after. */
  #begin(wasOpening: boolean): void {
    const link = this.#link;
    link.leave(false);
    link.settleReplies();
    if (wasOpening && !this.#codec.opening && !this.#isOver) this.#sink.opened?.();
    this.#settle(link);
  }

  #settle(link: Link<Note>): void {
    // Taken before: what is released now may be decoded now, and would take it for its own.
    const isEnding = link.takeEnd();
    link.settle();
    if (isEnding) link.end();
  }

  /** What was asked before the throw is done first: replies go out before a farewell. */
  #fail(error: unknown, phase: FramedPhase): void {
    this.#link.leave(false);
    this.#link.settle();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = undefined;
    this.#link.sever();
    this.#sink.failed(error, phase);
  }

  #failTooLarge(length: number, limit: number): void {
    this.farewell({ why: "limit", what: "frame", limit });
    this.#fail(tooLarge(length, limit), "input");
  }

  /** The handler threw. The codec is sound, and may say so. */
  #fault(error: unknown): void {
    if (this.#isOver) return;
    this.#isMuted = true;
    this.#sink.failed(error, "message");
  }
}

function checkLength(length: number): number {
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new ProtocolError("FRAME_LENGTH", `${length} is not the length of a frame`);
}

function tooLarge(length: number, limit: number): ProtocolError {
  const sentence =
    length === 0
      ? `no frame ends within ${limit} bytes`
      : `a frame of ${length} bytes is over the limit of ${limit}`;
  return new ProtocolError("FRAME_TOO_LARGE", sentence);
}

function unexpectedEnd(rest: number): ProtocolError {
  return new ProtocolError("UNEXPECTED_END", `the stream ended ${rest} bytes into a frame`);
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
