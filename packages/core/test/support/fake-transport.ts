import { LiveConnection } from "../../src/connection/live-connection.ts";
import { settle } from "../../src/connection/options.ts";
import type { ConnectionOptions, Transport, TransportHandler } from "../../src/index.ts";
import { newStats } from "../../src/stats.ts";
import { Diary } from "./diary.ts";

const NOWHERE = { address: "", port: 0 };

/** A transport in the hand of the test: it tells nothing by itself, and takes no more than it is told to. */
export class FakeTransport implements Transport {
  readonly name = "fake";
  readonly local = NOWHERE;
  readonly remote = NOWHERE;
  handler!: TransportHandler;

  /** What each write brought. */
  readonly writes: Buffer[] = [];
  /** Bytes that it takes at once; what is written beyond is waiting. */
  room = Infinity;
  isPaused = false;
  hasEnded = false;
  isDestroyed = false;
  wasReset = false;

  /** What it took, as it was when it was taken: memory that changed while it waited shows. */
  readonly #taken: Buffer[] = [];
  #waiting: Uint8Array[] = [];

  get waiting(): number {
    return this.#waiting.reduce((size, piece) => size + piece.length, 0);
  }

  get unsent(): number {
    return this.waiting;
  }

  get taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** All that was written, as text. */
  get written(): string {
    return Buffer.concat(this.writes).toString();
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
  }

  write(pieces: readonly Uint8Array[]): void {
    this.writes.push(Buffer.concat(pieces));
    this.#waiting.push(...pieces);
    this.#takeUpTo(this.room);
  }

  /** The other side takes `size` of the bytes that wait. `tell` false: and nobody has been told yet. */
  take(size = Infinity, tell = true): void {
    const isBehind = this.waiting > 0;
    this.room = size;
    this.#takeUpTo(size);
    if (isBehind && this.waiting === 0 && tell) this.handler.flushed();
  }

  receive(text: string): void {
    this.handler.received(Buffer.from(text));
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.hasEnded = true;
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    process.nextTick(() => this.handler.gone());
  }

  reset(): void {
    this.wasReset = true;
    this.destroy();
  }

  #takeUpTo(size: number): void {
    const all = Buffer.concat(this.#waiting);
    const taken = all.subarray(0, size);
    this.#taken.push(taken);
    this.room -= taken.length;
    // The rest stays where it was written, and not in a copy.
    let skip = taken.length;
    this.#waiting = this.#waiting.flatMap((piece) => {
      const rest = piece.subarray(Math.min(skip, piece.length));
      skip -= piece.length - rest.length;
      return rest.length > 0 ? [rest] : [];
    });
  }
}

/** A connection over a fake transport, started. */
export function overFake<In, Out, Note>(options: ConnectionOptions<In, Out, Note, Record<string, unknown>>) {
  const transport = new FakeTransport();
  const diary = new Diary();
  const stats = newStats();
  const connection = new LiveConnection(transport, settle(diary.keep(options)), stats, () => {});
  connection.start();
  return { connection, transport, diary, stats };
}
