import fc from "fast-check";
import { Broken } from "../broken.ts";
import { cut } from "../chunks.ts";
import type { Law } from "../law.ts";
import { makeNoise, noises } from "../noise.ts";
import { forAll } from "../property.ts";
import { iterablesIn, type Reading, read, readAll, readLater } from "../read.ts";
import type { Rig } from "../rig.ts";
import { turn } from "../turn.ts";
import type { LinkVerb, Watcher } from "../watch.ts";

/**
 * A codec that was told `closed` sends, tells and hands over nothing more: it would be lost. Iterators that it gave out
 * end or throw, whether they are being read, were begun, or begin only now.
 */
export const afterTheEnd: Law = {
  name: "after the end, nothing",
  check: (rig) =>
    forAll(
      rig,
      fc.record({
        source: noises(rig),
        cutAt: fc.option(fc.nat(), { nil: undefined }),
        sizes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 }),
        handler: fc.constantFrom(...handlers),
        isFinished: fc.boolean(),
        isReset: fc.boolean(),
      }),
      async ({ source, cutAt, sizes, handler, isFinished, isReset }) => {
        const { stream, messages } = await makeNoise(rig, source);
        const received = cutAt === undefined ? stream : stream.subarray(0, cutAt % (stream.length + 1));
        const late: LinkVerb[] = [];
        const reader = new Reader(rig, handler);
        const near = rig.begin(messages, {
          watch: () => noticingLate(late),
          read: (message) => reader.read(message),
        });
        for (const chunk of cut(received, sizes)) {
          near.receive(chunk);
          if (near.isBusy) await turn();
        }
        if (isFinished) near.finish();
        near.close(isReset ? new Error("the connection was reset") : undefined);
        reader.readOn();
        for (let waited = 0; waited < 1 || (waited < 3 && reader.isReading); waited++) await turn();
        const facts = { stream: received, chunks: sizes, handler };
        if (late.length > 0) throw new Broken(`after closed, the codec asked its link to ${late[0]}`, facts);
        if (reader.isReading) throw new Broken("after closed, an iterator of a message stays open", facts);
      },
    ),
};

const handlers = ["reads at once", "reads one piece", "reads later"] as const;

/** A handler, and what it reads of its messages when. */
class Reader {
  readonly #rig: Rig;
  readonly #handler: (typeof handlers)[number];
  readonly #readings: Reading[] = [];
  readonly #begun: AsyncIterator<unknown>[] = [];
  readonly #unread: AsyncIterable<unknown>[] = [];

  constructor(rig: Rig, handler: (typeof handlers)[number]) {
    this.#rig = rig;
    this.#handler = handler;
  }

  read(message: unknown): undefined {
    if (this.#handler === "reads at once") {
      this.#readAtOnce(message);
    } else if (this.#handler === "reads later") {
      this.#unread.push(...iterablesIn(message));
    } else {
      for (const iterable of iterablesIn(message)) this.#readOne(iterable[Symbol.asyncIterator]());
    }
  }

  /** Reads to their ends what was begun and what was not. */
  readOn(): void {
    for (const iterator of this.#begun)
      this.#readings.push(readAll({ [Symbol.asyncIterator]: () => iterator }));
    for (const iterable of this.#unread) this.#readings.push(readAll(iterable));
  }

  get isReading(): boolean {
    return this.#readings.some(({ outcome }) => outcome === "open");
  }

  #readAtOnce(message: unknown): void {
    const byUser = this.#rig.spec.read;
    const value = byUser?.(message);
    if (byUser === undefined) this.#readings.push(...read(message).readings);
    else if (value instanceof Promise) this.#readings.push(readLater(value));
  }

  #readOne(iterator: AsyncIterator<unknown>): void {
    this.#begun.push(iterator);
    this.#readings.push(readLater(iterator.next()));
  }
}

/** `hold`, `release`, `end` and `phase` concern what is over, and lose nothing. */
const isLost = (what: LinkVerb) => what === "reply" || what === "note" || what === "upgrade";

function noticingLate(late: LinkVerb[]): Watcher {
  let isClosed = false;
  return {
    closed() {
      isClosed = true;
    },
    asked(what) {
      if (isClosed && isLost(what)) late.push(what);
    },
  };
}
