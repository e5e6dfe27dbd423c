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
  waiting = 0;
  isPaused = false;
  hasEnded = false;
  isDestroyed = false;

  get written(): string {
    return Buffer.concat(this.writes).toString();
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
  }

  write(pieces: readonly Uint8Array[]): void {
    const bytes = Buffer.concat(pieces);
    this.writes.push(bytes);
    const taken = this.waiting > 0 ? 0 : Math.min(bytes.length, this.room);
    this.room -= taken;
    this.waiting += bytes.length - taken;
  }

  /** The other side takes all that waits. `tell` false: it has not been told yet. */
  take(tell = true): void {
    this.room = Infinity;
    this.waiting = 0;
    if (tell) this.handler.flushed();
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
