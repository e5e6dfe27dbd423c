import type { Bytes, Codec } from "@sock/codec";
import type { CodecCase } from "./codec-case.ts";
import { Conversation, checkBytes } from "./conversation.ts";

/** Of a message, on its way through the three verbs. */
export interface Steps {
  input: number;
  decode: number;
  encode: number;
}

/** Bytes that all frames of a sweep may take: they stay in a core's cache. */
const SWEEP = 512 * 1024;
const MOST = 256;
const FEWEST = 4;

/**
 * Calls the verbs by themselves, in the order that a connection would, on many connections: each step is done for all of
 * them before the next is, so that a clock has something to see. Nothing is told that a connection would not tell.
 */
export class StepByStep {
  readonly #conversations: Conversation[];
  readonly #codecs: Codec<unknown, unknown>[];
  readonly #frames: Buffer[];
  readonly #messages: unknown[];
  readonly #answers: (Bytes | AsyncIterable<Bytes>)[];
  readonly #answer: (message: unknown) => unknown;
  readonly #ask: unknown;

  constructor(what: CodecCase, frameLength: number) {
    const count = Math.max(FEWEST, Math.min(MOST, Math.floor(SWEEP / frameLength)));
    this.#conversations = Array.from({ length: count }, () => new Conversation(what));
    this.#codecs = this.#conversations.map(({ framed }) => framed.codec);
    this.#frames = this.#conversations.map(() => Buffer.alloc(0));
    this.#messages = this.#conversations.map(() => undefined);
    this.#answers = this.#conversations.map(() => "");
    this.#answer = (what.answer as ((message: unknown) => unknown) | undefined) ?? ((message) => message);
    this.#ask = what.ask;
  }

  /** A message on each connection. @returns what `gauge` has risen by in each step, for each message */
  sweep(gauge: () => number): Steps {
    const sums = { input: 0, decode: 0, encode: 0 };
    const isAsking = this.#ask !== undefined;
    if (isAsking) this.#encode(sums, gauge);
    this.#conversations.forEach((conversation, i) => {
      this.#frames[i] = isAsking ? this.#heardOf(conversation, i) : conversation.hear();
    });
    for (let isWhole = false; !isWhole; ) isWhole = this.#readFrames(sums, gauge);
    if (!isAsking) {
      this.#encode(sums, gauge);
      for (const [i, conversation] of this.#conversations.entries()) this.#tell(conversation, i);
    }
    const count = this.#conversations.length;
    return { input: sums.input / count, decode: sums.decode / count, encode: sums.encode / count };
  }

  /** What the peer answers to what was asked. */
  #heardOf(conversation: Conversation, i: number): Buffer {
    conversation.written.push(checkBytes(this.#answers[i]!));
    return conversation.hear();
  }

  #tell(conversation: Conversation, i: number): void {
    conversation.written.push(checkBytes(this.#answers[i]!));
    conversation.tell();
  }

  /** One frame each. @returns whether nothing is left */
  #readFrames(sums: Steps, gauge: () => number): boolean {
    const codecs = this.#codecs;
    const frames = this.#frames;
    const messages = this.#messages;
    const count = codecs.length;
    let length = 0;
    const start = gauge();
    for (let i = 0; i < count; i++) length = codecs[i]!.input(frames[i]!);
    sums.input += gauge() - start;
    if (length === 0 || length > frames[0]!.length)
      throw new Error(`what the peer said was no whole frame: ${frames[0]!.length} bytes`);
    const rests = frames.map((frame) => frame.subarray(length));
    const whole = frames.map((frame) => frame.subarray(0, length));
    const before = gauge();
    for (let i = 0; i < count; i++) {
      const message = codecs[i]!.decode(whole[i]!);
      if (message !== undefined) messages[i] = message;
    }
    sums.decode += gauge() - before;
    for (let i = 0; i < count; i++) frames[i] = rests[i]!;
    return rests[0]!.length === 0;
  }

  #encode(sums: Steps, gauge: () => number): void {
    const codecs = this.#codecs;
    const answers = this.#answers;
    const count = codecs.length;
    const texts = this.#ask === undefined ? this.#messages.map(this.#answer) : codecs.map(() => this.#ask);
    const start = gauge();
    for (let i = 0; i < count; i++) answers[i] = codecs[i]!.encode(texts[i]);
    sums.encode += gauge() - start;
  }
}
