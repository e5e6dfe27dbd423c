import { type Bytes, isStream } from "@sock/codec";
import { SockError } from "../errors.ts";
import type { EventLoop } from "../event-loop.ts";
import type { Prepared } from "../prepared.ts";
import type { Stats } from "../stats.ts";
import type { Transport } from "../transport/transport.ts";
import type { SendResult } from "./connection.ts";
import { Cork } from "./cork.ts";
import { Grace, type GraceOwner, type WhenFull } from "./grace.ts";
import { Outbox, RawBytes, type Sendable } from "./outbox.ts";
import { SendGate } from "./send-gate.ts";
import { Turnstile } from "./turnstile.ts";
import { Waiters } from "./waiters.ts";
import { WriteStall, type WriteStallOwner } from "./write-stall.ts";

/** Who owns a sender: encodes its messages, and hears of its edges. */
export interface SenderOwner<Out> {
  /** Encodes `message` and gives the bytes to `Sender.write`. */
  encode(message: Out | Prepared<Out>): void;
  /** Whether no message may be dropped: then the owner stops what makes them when the buffer is full. */
  readonly isLossless: boolean;
  bufferFull(): void;
  bufferDrained(): void;
  /** There was no room for it behind the `waiting` bytes. */
  messageDropped(message: unknown, waiting: number): void;
  /** A message that waited could not be encoded. */
  encodeFailed(error: unknown): void;
  /** A stream broke half way: the peer has seen a part of a message. */
  streamFailed(error: unknown): void;
  /** No accepted message is unencoded any more. */
  allEncoded(): void;
  /** Whether our side takes messages. */
  readonly isWritable: boolean;
  /** The peer is too far behind. The owner cuts the connection. */
  slowConsumer(error: SockError): void;
  /** Bytes wait, and the peer took no more than `taken` of them within the time. */
  writeStalled(taken: number): void;
}

export interface SenderSettings {
  readonly loop: EventLoop;
  readonly maxSendBufferSize: number;
  readonly whenFull: WhenFull;
  readonly writeTimeout: number;
}

/**
 * Bytes of a stream that may wait for the peer before the next piece is pulled, if the send buffer is not smaller. Beyond the
 * kernel's own buffer more would make nothing faster: 200 peers over TLS who did not read cost 105 MiB at 1 MiB, and 70 so.
 */
const STREAM_AHEAD = 128 * 1024;

/**
 * The way out of a connection: admits messages, has them encoded, and corks their bytes.
 *
 * The gate comes before `encode`, so a dropped message has moved no state of its codec.
 */
export class Sender<Out> extends Cork implements WriteStallOwner, GraceOwner {
  readonly gate: SendGate;
  dropped = 0;

  readonly #settings: SenderSettings;
  readonly #owner: SenderOwner<Out>;
  /** Absent while nothing waits to be encoded, and nothing makes it wait. */
  #outbox: Outbox<Out> | undefined;
  #isOpening = false;
  #stream: AsyncIterator<Bytes> | undefined;
  /** Lets the stream go on. */
  #pullOn: (() => void) | undefined;
  #waiters: Waiters | undefined;
  #isChecking = false;
  /** Absent until a message has to wait for room. */
  #turnstile: Turnstile<Out> | undefined;
  /** Absent until the buffer is full, and where that is answered with drops. */
  #grace: Grace | undefined;
  /** From a write that the transport did not take at once, until it has. */
  #isBehind = false;
  /** Absent while the peer is not behind. */
  #stall: WriteStall | undefined;

  constructor(transport: Transport, settings: SenderSettings, stats: Stats, owner: SenderOwner<Out>) {
    super(transport, settings.loop, stats);
    this.gate = new SendGate(settings.maxSendBufferSize);
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Bytes that wait, those of messages not encoded yet by a guess. */
  get waiting(): number {
    return this.#encodedWaiting + (this.#outbox === undefined ? 0 : this.#outbox.size);
  }

  /** Whether an end now would be taken for that of messages of which a part is not out. */
  get isMidway(): boolean {
    return this.#encodedWaiting > 0 || (this.#outbox !== undefined && !this.#isOpening);
  }

  /** Whether every accepted message has been encoded. */
  get isEncoded(): boolean {
    return this.#outbox === undefined;
  }

  /** Sends a message, or bytes past the codec. Only what is `urgent` passes a full buffer. */
  send(message: Sendable<Out>, urgent = false): SendResult {
    if ((this.#isAtLimit || this.#turnstile !== undefined) && !urgent && !this.#hasRoom) {
      const refusal = this.#refuse(message);
      if (refusal !== undefined) return refusal;
    }
    this.#accept(message);
    const isBehind = this.transport.waiting > 0 || this.#outbox !== undefined;
    return isBehind ? "buffered" : "sent";
  }

  /** Resolves when `message` was accepted: when there is room for it, and none for those who wait is left to give. */
  sent(message: Sendable<Out>, signal: AbortSignal | undefined): Promise<void> {
    if (this.#hasRoom) {
      this.#acceptInTurn(message);
      return Promise.resolve();
    }
    this.#turnstile ??= new Turnstile();
    const { size } = this.#turnstile;
    if (!this.gate.admits(size)) {
      const sentence = `a message was refused: ${size} bytes wait for their turn, and ${this.gate.limit} may`;
      return Promise.reject(new SockError("SEND_BUFFER_FULL", sentence));
    }
    this.stats.waited++;
    return this.#turnstile.wait(message, signal);
  }

  /** Our side takes no more messages. */
  turnAway(): void {
    this.#turnstile?.reject(
      new SockError("CONNECTION_CLOSED", "the connection closed before there was room"),
    );
  }

  /** Takes what `encode` made. */
  write(encoded: Bytes | AsyncIterable<Bytes>): void {
    if (isStream(encoded)) void this.#pull(encoded[Symbol.asyncIterator]());
    else this.add(encoded);
  }

  /** Takes bytes that are never dropped. True: the limit is reached, and the peer should be read no further. */
  reply(bytes: Bytes): boolean {
    this.add(bytes);
    this.#checkFull();
    return !this.gate.admits(this.waiting);
  }

  /** Messages wait, from now until `opened`. */
  opening(): void {
    this.#isOpening = true;
    this.#outbox ??= new Outbox();
  }

  opened(): void {
    this.#isOpening = false;
    this.#encodeWaiting();
  }

  /** Waits for no handshake when nothing waits behind it. */
  skipOpening(): void {
    if (this.#isOpening && this.#outbox?.isEmpty) this.#outbox = undefined;
  }

  /** The transport has taken all that was written. */
  flushed(): void {
    this.#isBehind = false;
    this.flush();
    this.checkDrained();
  }

  /** Resolves when nothing waits, and no stream goes on. */
  drained(signal: AbortSignal | undefined): Promise<void> {
    this.flush();
    if (this.waiting === 0 && this.isEncoded) return Promise.resolve();
    this.#waiters ??= new Waiters();
    return this.#waiters.wait(signal);
  }

  /** Forgets what was not encoded: nothing of it will be sent. */
  abandon(): void {
    const stream = this.#stream;
    this.#outbox = undefined;
    this.#stream = undefined;
    this.#pullOn?.();
    // Nobody waits for its result any more, so nobody can do anything about its error.
    if (stream?.return) Promise.resolve(stream.return()).catch(() => undefined);
  }

  /** The transport is gone. */
  closed(error: Error | undefined): void {
    this.abandon();
    this.turnAway();
    this.clear();
    this.gate.drained();
    this.#waiters?.reject(
      error ?? new SockError("CONNECTION_CLOSED", "the connection closed before all was sent"),
    );
  }

  /** The connection goes, and it does not matter any more how the peer reads. */
  stopDeadline(): void {
    this.#stall?.stop();
    this.#grace?.stop();
  }

  protected override corkFlushed(): void {
    if (!this.#isBehind && this.transport.waiting > 0) this.#fellBehind();
    this.#checkSoon();
  }

  stalled(taken: number): void {
    this.#owner.writeStalled(taken);
  }

  caughtUp(): void {
    this.#stall = undefined;
  }

  graceOver(ms: number): void {
    this.#tooSlow(`after ${ms} ms`);
  }

  #fellBehind(): void {
    this.#isBehind = true;
    const { loop, writeTimeout } = this.#settings;
    this.#stall ??= new WriteStall(this.transport, loop, writeTimeout, this);
    this.#stall.begin();
  }

  /** Tells the edge at a later time: this may be the middle of a message, and who hears of room may send at once. */
  #checkSoon(): void {
    if (this.#isChecking) return;
    if (!this.gate.isFull && this.#waiters === undefined && this.#turnstile === undefined) return;
    this.#isChecking = true;
    this.#settings.loop.defer(checkLater, this);
  }

  /** @internal */
  checkDrained(): void {
    this.#isChecking = false;
    if (this.#encodedWaiting > 0) return;
    this.#pullOn?.();
    if (this.waiting === 0) {
      if (this.isEncoded) this.#waiters?.resolve();
      if (this.gate.drained()) this.#owner.bufferDrained();
    }
    this.#serve();
  }

  /** Lets those in who wait for room, while there is some. */
  #serve(): void {
    const turnstile = this.#turnstile;
    if (turnstile === undefined) return;
    if (!this.#owner.isWritable) this.turnAway();
    while (!turnstile.isEmpty && this.#admits) turnstile.admit((message) => this.#acceptInTurn(message));
  }

  get #encodedWaiting(): number {
    return this.corked + this.transport.waiting;
  }

  get #isAtLimit(): boolean {
    return this.waiting >= this.gate.limit;
  }

  /** Whether another message is not one too many. The cork is flushed first, since the transport may take it at once. */
  get #admits(): boolean {
    if (this.#isAtLimit) this.flush();
    return this.gate.admits(this.waiting);
  }

  /** Whether there is room for another message, and nobody who waits for it. */
  get #hasRoom(): boolean {
    this.#serve();
    return (this.#turnstile === undefined || this.#turnstile.isEmpty) && this.#admits;
  }

  #accept(message: Sendable<Out>): void {
    if (this.#outbox === undefined) this.#encode(message);
    else this.#outbox.push(message);
    this.#checkFull();
  }

  #acceptInTurn(message: Sendable<Out>): void {
    this.#accept(message);
    this.stats.messagesSent++;
  }

  #checkFull(): void {
    if (!this.#isAtLimit) return;
    this.flush();
    if (!this.gate.grown(this.waiting)) return;
    this.#graceGiven()?.begin();
    this.#owner.bufferFull();
  }

  #graceGiven(): Grace | undefined {
    const { whenFull, loop } = this.#settings;
    if (whenFull !== "drop") this.#grace ??= new Grace(loop, whenFull.closeAfter, this);
    return this.#grace;
  }

  /** There is no room. Nothing answered: the message is accepted all the same, behind those that wait. */
  #refuse(message: Sendable<Out>): SendResult | undefined {
    if (!this.#owner.isLossless) {
      const grace = this.#graceGiven();
      if (grace === undefined) return this.#drop(message);
      if (!grace.allows) return this.#tooSlow("already");
    }
    const turnstile = this.#turnstile;
    while (turnstile !== undefined && !turnstile.isEmpty)
      turnstile.admit((earlier) => this.#acceptInTurn(earlier));
    return undefined;
  }

  #tooSlow(when: string): SendResult {
    const sentence = `the peer does not read: ${this.waiting} bytes wait ${when}, and ${this.gate.limit} may`;
    this.#owner.slowConsumer(new SockError("SLOW_CONSUMER", sentence));
    return "closed";
  }

  #drop(message: Sendable<Out>): SendResult {
    this.dropped++;
    this.#owner.messageDropped(message, this.waiting);
    return "dropped";
  }

  #encode(message: Sendable<Out>): void {
    if (message instanceof RawBytes) this.add(message.bytes);
    else this.#owner.encode(message);
  }

  #encodeWaiting(): void {
    for (;;) {
      const outbox = this.#outbox;
      if (outbox === undefined || this.#isOpening || this.#stream !== undefined) return;
      if (outbox.isEmpty) break;
      try {
        this.#encode(outbox.shift());
      } catch (error) {
        this.#owner.encodeFailed(error);
      }
    }
    this.#outbox = undefined;
    this.#owner.allEncoded();
    // None of it may have made a byte, and so no flush will tell.
    this.#checkSoon();
  }

  /** One piece at a time, and none while the buffer is full. */
  async #pull(stream: AsyncIterator<Bytes>): Promise<void> {
    this.#stream = stream;
    this.#outbox ??= new Outbox();
    let pieces = 0;
    let turnOver = this.bytesWritten + TURN_BYTES;
    try {
      for (;;) {
        const { done, value } = await stream.next();
        if (this.#stream !== stream) return;
        if (done) break;
        this.add(value);
        this.#checkFull();
        if (this.#encodedWaiting >= Math.min(this.gate.limit, STREAM_AHEAD) && this.#encodedWaiting > 0)
          await this.#untilFlushed();
        if (++pieces >= TURN_PIECES || this.bytesWritten >= turnOver) {
          await othersTurn();
          pieces = 0;
          turnOver = this.bytesWritten + TURN_BYTES;
        }
        if (this.#stream !== stream) return;
      }
    } catch (error) {
      if (this.#stream !== stream) return;
      this.#stream = undefined;
      this.#owner.streamFailed(error);
      return;
    }
    this.#stream = undefined;
    this.#encodeWaiting();
  }

  #untilFlushed(): Promise<void> {
    return new Promise((resolve) => {
      this.#pullOn = () => {
        this.#pullOn = undefined;
        resolve();
      };
    });
  }
}

/**
 * What a stream may send before all else has its turn. One that has its pieces at hand, to a peer who takes them at once,
 * runs on promises alone: nobody else would be read or written meanwhile, nor would its own peer's reset be noticed.
 */
const TURN_BYTES = 256 * 1024;
const TURN_PIECES = 128;

/** Sockets are read and written before it resolves. */
function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function checkLater(sender: { checkDrained(): void }): void {
  sender.checkDrained();
}
