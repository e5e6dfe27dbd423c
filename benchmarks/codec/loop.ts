import type { CodecCase } from "./codec-case.ts";
import { Conversation } from "./conversation.ts";

/** Bytes that arrive at once, when messages are small. */
const BLOCK = 64 * 1024;
const MOST = 256;
/** What a segment carries on a network with frames of 1500. */
const SEGMENT = 1460;

/** How bytes arrive: many frames at once, or each in pieces. */
export type Arrival = "whole" | "chopped";

/** The whole of what a connection does between its socket and its handler: a `Framed`, whose handler answers at once. */
export class Loop {
  readonly #conversation: Conversation;
  readonly #ask: unknown;
  readonly #frames: number;
  readonly #piece: number;

  constructor(what: CodecCase, frameLength: number, arrival: Arrival) {
    this.#conversation = new Conversation(what);
    this.#ask = what.ask;
    const isAlone = what.ask !== undefined || what.isUnframed === true;
    this.#frames = isAlone ? 1 : Math.max(1, Math.min(MOST, Math.floor(BLOCK / frameLength)));
    this.#piece =
      arrival === "whole" ? Number.POSITIVE_INFINITY : Math.min(SEGMENT, Math.ceil(frameLength / 3));
  }

  /** @returns what `gauge` has risen by, for each message */
  run(gauge: () => number): number {
    const conversation = this.#conversation;
    const { framed } = conversation;
    let asked = 0;
    if (this.#ask !== undefined) {
      const start = gauge();
      framed.send(this.#ask);
      asked = gauge() - start;
    }
    const bytes = Buffer.concat(Array.from({ length: this.#frames }, () => conversation.hear()));
    const pieces = cut(bytes, this.#piece);
    const start = gauge();
    for (let i = 0; i < pieces.length; i++) framed.receive(pieces[i]!);
    const risen = gauge() - start + asked;
    // As many as were answered: pieces of what has no frames are messages each.
    const messages = this.#ask === undefined ? conversation.written.length : 1;
    conversation.tell();
    return risen / messages;
  }
}

function cut(bytes: Buffer, length: number): Buffer[] {
  if (length >= bytes.length) return [bytes];
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
    bytes.subarray(i * length, (i + 1) * length),
  );
}
