import { type Bytes, byteLength } from "@sock/codec";

/** Bytes that go past the codec, in their turn. */
export class RawBytes {
  readonly bytes: Bytes;

  constructor(bytes: Bytes) {
    this.bytes = bytes;
  }
}

/** What a message that is neither text nor bytes is guessed to take. */
const GUESS = 1024;

/** What was accepted and cannot be encoded yet: behind a handshake, or behind a stream. */
export class Outbox<Out> {
  #messages: (Out | RawBytes)[] = [];
  #first = 0;
  /** Bytes that the messages will take, by a guess. */
  size = 0;

  get isEmpty(): boolean {
    return this.#first === this.#messages.length;
  }

  push(message: Out | RawBytes): void {
    this.#messages.push(message);
    this.size += guess(message);
  }

  shift(): Out | RawBytes {
    const message = this.#messages[this.#first++] as Out | RawBytes;
    this.size -= guess(message);
    if (this.isEmpty) {
      this.#messages = [];
      this.#first = 0;
    }
    return message;
  }
}

function guess(message: unknown): number {
  if (typeof message === "string" || message instanceof Uint8Array) return message.length;
  return message instanceof RawBytes ? byteLength(message.bytes) : GUESS;
}
