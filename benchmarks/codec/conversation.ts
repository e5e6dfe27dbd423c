import { type Bytes, Framed, type FramedSink, isStream, toBuffer } from "@sock/codec";
import type { CodecCase } from "./codec-case.ts";

/** A codec under test and its peer, both open, with what one says to the other in our hands. */
export class Conversation {
  /** Ours. */
  readonly framed: Framed<unknown, unknown>;
  /** What ours has written and the peer has not got yet. */
  readonly written: Bytes[] = [];
  readonly #case: CodecCase<unknown, unknown, unknown>;
  readonly #peer: Framed<unknown, unknown> | undefined;
  readonly #said: Bytes[] = [];
  #next = 0;

  /** @throws Error when the two do not get along, or wait for more than each other */
  constructor(what: CodecCase) {
    // Which messages go with which codec is for who wrote the case to know: types end here.
    this.#case = what as unknown as CodecCase<unknown, unknown, unknown>;
    const { codec, peer = codec, answer = (message: unknown) => message, ask, wire } = this.#case;
    this.framed = new Framed(codec as never, {
      ...sinkInto(this.written),
      message: (message: unknown) => {
        if (ask === undefined) this.framed.send(answer(message));
      },
    });
    if (wire === undefined) {
      this.#peer = new Framed(peer as never, {
        ...sinkInto(this.#said),
        message: () => {
          if (ask !== undefined) this.#sayNext();
        },
      });
    }
    this.framed.start();
    this.#peer?.start();
    this.#greet();
  }

  /** What the peer says next, in memory of its own. Asked first, if it only answers and was not yet. */
  hear(): Buffer {
    const { wire, ask } = this.#case;
    if (wire !== undefined) return Buffer.from(wire[this.#next++ % wire.length]!);
    if (ask === undefined) this.#sayNext();
    else {
      if (this.written.length === 0) this.framed.send(ask);
      this.tell();
    }
    const bytes = Buffer.concat(this.#said.splice(0).map(toBuffer));
    if (bytes.length === 0) throw new Error("the peer said nothing: does it need an `ask`?");
    return bytes;
  }

  /** Gives the peer what ours has written. */
  tell(): void {
    for (const bytes of this.written.splice(0)) this.#peer?.receive(copy(bytes));
  }

  #sayNext(): void {
    const { messages } = this.#case;
    this.#peer!.send(messages[this.#next++ % messages.length]);
  }

  /** Handshakes, until both are silent. */
  #greet(): void {
    while (this.written.length + this.#said.length > 0) {
      this.tell();
      for (const bytes of this.#said.splice(0)) this.framed.receive(copy(bytes));
    }
    if (this.framed.codec.opening || this.#peer?.codec.opening)
      throw new Error("a handshake did not end: the codec and its peer wait for more than each other");
  }
}

function sinkInto(written: Bytes[]): Omit<FramedSink<unknown>, "message"> {
  return {
    write: (bytes) => written.push(checkBytes(bytes)),
    failed(error) {
      throw error;
    },
    phase() {},
  };
}

/** @throws TypeError for a stream: nothing here pulls it */
export function checkBytes(encoded: Bytes | AsyncIterable<Bytes>): Bytes {
  if (isStream(encoded)) throw new TypeError("an answer that is a stream cannot be measured here");
  return encoded;
}

/** Whoever receives bytes owns them, and what was written may be the other's message. */
function copy(bytes: Bytes): Buffer {
  return Buffer.from(toBuffer(bytes));
}
