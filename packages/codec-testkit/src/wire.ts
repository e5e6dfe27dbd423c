import { cut } from "./chunks.ts";
import { turn } from "./turn.ts";

export interface WireOptions {
  /** Sizes of the chunks in which bytes arrive, again and again. Default: all that was written, as one. */
  chunks?: readonly number[];
}

/** Turns of the event loop without a byte before the wire counts as quiet. */
const STILL = 3;

/** Rounds of answers to answers before a conversation counts as one without end. */
const ENDLESS = 10_000;

/**
 * Joins two endpoints: what one writes the other receives, all of it, in order, in chunks of the sizes given.
 * The same messages and sizes make the same happenings.
 *
 * @example
 * const wire = new Wire(new Endpoint(text()), new Endpoint(text()), { chunks: [1, 3] });
 * wire.far.send("hello");
 * await wire.quiet();
 * wire.near.messages; // ["hello"]
 */
export class Wire<Near extends AnyEndpoint, Far extends AnyEndpoint> {
  readonly near: Near;
  readonly far: Far;
  readonly #toNear: Lane;
  readonly #toFar: Lane;

  /** Starts both. */
  constructor(near: Near, far: Far, { chunks }: WireOptions = {}) {
    this.near = near;
    this.far = far;
    this.#toNear = new Lane(far, near, chunks);
    this.#toFar = new Lane(near, far, chunks);
    near.start();
    far.start();
  }

  /** Everything that `near` was sent. */
  get carried(): Buffer {
    return Buffer.concat(this.#toNear.carried);
  }

  /** Carries bytes to and fro until both sides have nothing to say. */
  async quiet(): Promise<void> {
    let rounds = 0;
    for (let still = 0; still < STILL; ) {
      if (this.#carry()) {
        still = 0;
        rounds += 1;
        if (rounds > ENDLESS) throw new Error("the two sides answer each other without end");
      } else {
        if (this.#isDone(still)) return;
        still += 1;
        await turn();
      }
    }
  }

  /** Answers whether there was anything to carry. */
  #carry(): boolean {
    const toNear = this.#toNear.carry();
    const toFar = this.#toFar.carry();
    return toNear || toFar;
  }

  /** What was done later may have had consequences that come later still. */
  #isDone(still: number): boolean {
    const { near, far } = this;
    if (near.isBusy || far.isBusy) return false;
    return still > 0 || !(near.hasWaited || far.hasWaited);
  }
}

/** An endpoint for messages of any type. */
export interface AnyEndpoint {
  readonly isBusy: boolean;
  readonly hasWaited: boolean;
  readonly isEnded: boolean;
  start(): unknown;
  receive(chunk: Uint8Array): void;
  finish(): void;
  take(): Buffer;
}

/** One direction of a wire. */
class Lane {
  readonly carried: Buffer[] = [];
  readonly #from: AnyEndpoint;
  readonly #to: AnyEndpoint;
  readonly #sizes: readonly number[] | undefined;
  #isFinished = false;

  constructor(from: AnyEndpoint, to: AnyEndpoint, sizes: readonly number[] | undefined) {
    this.#from = from;
    this.#to = to;
    this.#sizes = sizes;
  }

  /** Answers whether there was something to carry: bytes, or the end. */
  carry(): boolean {
    const bytes = this.#from.take();
    if (bytes.length > 0) {
      this.carried.push(bytes);
      for (const chunk of cut(bytes, this.#sizes)) this.#to.receive(chunk);
      return true;
    }
    if (!this.#from.isEnded || this.#isFinished) return false;
    this.#isFinished = true;
    this.#to.finish();
    return true;
  }
}
