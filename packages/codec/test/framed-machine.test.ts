import fc from "fast-check";
import { expect, test } from "vitest";
import type { CodecFactory, CodecLink } from "../src/codec.ts";
import { Framed } from "../src/framed.ts";
import { settled, textOf } from "./toys.ts";

// Frames of one byte: a message, one whose decode holds, or nothing to deliver.
const frame = fc.constantFrom("m", "h", "-");

// What may happen to a connection, and when a handler is done.
const step = fc.oneof(
  fc.record({ do: fc.constant("receive" as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    do: fc.constantFrom("pause", "resume", "hold", "release", "resolve", "resolve", "finish" as const),
  }),
);

test("whatever happens, messages come in order, each once, and never while blocked", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 40, size: "max" }),
      fc.array(step, { maxLength: 40, size: "max" }),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
      async (frames, steps, slow) => {
        const peer = new Peer(frames, slow);
        for (const step of steps) {
          if (step.do === "receive") peer.receive(step.count);
          else peer[step.do]();
          await settled();
          peer.expectProgress();
        }
        await peer.leaveInPeace();
        expect(peer.delivered).toBe(peer.sentMessages);
        expect(peer.isEnded).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

/** A peer and a user in one, who expect what they may. */
class Peer {
  delivered = 0;
  sentMessages = 0;
  isEnded = false;

  readonly #frames: string[];
  readonly #slow: boolean[];
  readonly #framed: Framed<number>;
  #link!: CodecLink;
  #sent = 0;
  #decoded = 0;
  #decodedMessages = 0;
  #isFinished = false;
  #isPaused = false;
  #isHeld = false;
  #handler: PromiseWithResolvers<void> | undefined;

  constructor(frames: string[], slow: boolean[]) {
    this.#frames = frames;
    this.#slow = slow;
    this.#framed = new Framed(this.#codec, {
      message: (message) => this.#handle(message),
      write() {},
      failed(error) {
        throw error;
      },
      ended: () => this.#ended(),
    });
    this.#framed.start();
  }

  receive(count: number): void {
    if (this.#isFinished) return;
    const frames = this.#frames.slice(this.#sent, this.#sent + count);
    this.#sent += frames.length;
    this.sentMessages += frames.filter((frame) => frame !== "-").length;
    this.#framed.receive(Buffer.from(frames.join("")));
  }

  finish(): void {
    this.#isFinished = true;
    this.#framed.finish();
  }

  pause(): void {
    this.#isPaused = true;
    this.#framed.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#framed.resume();
  }

  hold(): void {
    this.#isHeld = true;
    this.#link.hold();
  }

  release(): void {
    this.#isHeld = false;
    this.#link.release();
  }

  resolve(): void {
    this.#handler?.resolve();
    this.#handler = undefined;
  }

  /** Nothing stays undelivered but for a reason. */
  expectProgress(): void {
    if (this.#isPaused || this.#handler !== undefined) return;
    expect(this.delivered).toBe(this.#decodedMessages);
    if (this.#isHeld) return;
    expect(this.delivered).toBe(this.sentMessages);
    expect(this.#decoded).toBe(this.#sent);
    expect(this.isEnded).toBe(this.#isFinished);
  }

  /** Lifts whatever blocks, until there is nothing left. */
  async leaveInPeace(): Promise<void> {
    this.resume();
    this.receive(this.#frames.length);
    this.finish();
    while (!this.isEnded) {
      this.release();
      this.resolve();
      await settled();
    }
  }

  #codec: CodecFactory<number> = (link) => {
    this.#link = link;
    return {
      input: () => 1,
      decode: (frame) => {
        expect(this.#isPaused || this.#isHeld).toBe(false);
        // At most one message waits, and nothing is decoded behind it.
        expect(this.#decodedMessages).toBe(this.delivered);
        expect(textOf(frame)).toBe(this.#frames[this.#decoded++]);
        if (textOf(frame) === "-") return undefined;
        if (textOf(frame) === "h") this.hold();
        return this.#decodedMessages++;
      },
      encode: () => "",
    };
  };

  #handle(message: number): Promise<void> | undefined {
    expect(this.#isPaused || this.#handler !== undefined || this.isEnded).toBe(false);
    expect(message).toBe(this.delivered++);
    if (!this.#slow[message % this.#slow.length]) return undefined;
    this.#handler = Promise.withResolvers();
    return this.#handler.promise;
  }

  #ended(): void {
    expect(this.isEnded || this.#isPaused || this.#isHeld || this.#handler !== undefined).toBe(false);
    expect(this.delivered).toBe(this.sentMessages);
    this.isEnded = true;
  }
}
