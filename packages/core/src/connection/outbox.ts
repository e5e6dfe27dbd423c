import { type Bytes, byteLength } from "@sock/codec";
import { Prepared } from "../prepared.ts";

/** Bytes that go past the codec, in their turn. */
export class RawBytes {
  readonly bytes: Bytes;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }
}

/** What goes out: a message, one for many, or bytes. */
export type Sendable<Out> = Out | Prepared<Out> | RawBytes;

/** What a message that is neither text nor bytes is guessed to take. */
const GUESS = 1024;

/** What was accepted and cannot be encoded yet: behind a handshake, or behind a stream. */
export class Outbox<Out> {
  #messages: Sendable<Out>[] = [];
  #first = 0;
  /** Bytes that the messages will take, by a guess. */
  size = 0;

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  push(message: Sendable<Out>): void {
    this.#messages.push(message);
    this.size += guess(message);
  }

  shift(): Sendable<Out> {
    const message = this.#messages[this.#first++] as Sendable<Out>;
    this.size -= guess(message);
    if (this.isEmpty) {
      this.#messages = [];
      this.#first = 0;
    }
    return message;
  }
}

/** Bytes that `message` will take. */
export function guess(message: unknown): number {
  if (typeof message === "string" || message instanceof Uint8Array) return message.length;
  if (message instanceof RawBytes) return byteLength(message.bytes);
  return message instanceof Prepared ? guess(message.message) : GUESS;
}
