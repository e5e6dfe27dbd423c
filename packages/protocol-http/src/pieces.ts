import type { Bytes } from "@sock/codec";
import type { StreamedBody } from "./response.ts";
import { open, type Source } from "./source.ts";

/** How the pieces of a body are told apart from what follows it. */
export interface Framing {
  /** The bytes of a piece; `undefined` when it is none. @throws TypeError, RangeError */
  piece(piece: string | Uint8Array): Bytes | undefined;
  /** What stands behind the last. @throws TypeError, RangeError */
  end(): Bytes | undefined;
  /** What may stand between any two, when nothing else is to be said. */
  readonly heartbeat?: Bytes | undefined;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * A message whose body comes piece by piece: its head, the pieces as they are framed, what stands behind them.
 *
 * No generator: whoever leaves one that awaits a piece has to wait for it too.
 */
export class Pieces implements AsyncIterable<Bytes>, AsyncIterator<Bytes, undefined> {
  readonly #source: Source<string | Uint8Array>;
  readonly #framing: Framing;
  #head: Bytes | undefined;
  #ended: (() => void) | undefined;
  #place: "head" | "pieces" | "end" = "head";

  /** @throws TypeError when somebody else takes the pieces of `body` */
  constructor(body: StreamedBody, framing: Framing) {
    this.#source = open(body);
    this.#framing = framing;
  }

  /** Sends `head` first; `ended` is called when the last piece was taken. */
  behind(head: Bytes, ended: () => void): this {
    this.#head = head;
    this.#ended = ended;
    return this;
  }

  /** What may be said now to show that we are there, if anything may. */
  get heartbeat(): Bytes | undefined {
    return this.#place === "pieces" ? this.#framing.heartbeat : undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Bytes, undefined>> {
    if (this.#place === "head") {
      this.#place = "pieces";
      if (this.#head !== undefined) return { done: false, value: this.#head };
    }
    while (this.#place === "pieces") {
      const bytes = await this.#pull();
      if (bytes !== undefined) return { done: false, value: bytes };
    }
    this.#ended?.();
    this.#ended = undefined;
    return DONE;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    if (this.#place !== "end") this.#leave();
    return Promise.resolve(DONE);
  }

  /** The next bytes; `undefined`: none, look again. */
  async #pull(): Promise<Bytes | undefined> {
    try {
      const { done, value } = await this.#source.next();
      // Somebody has left meanwhile.
      if (this.#place !== "pieces") return undefined;
      if (!done) return this.#framing.piece(value);
      this.#place = "end";
      return this.#framing.end();
    } catch (error) {
      this.#leave();
      throw error;
    }
  }

  #leave(): void {
    this.#place = "end";
    this.#ended = undefined;
    this.#source.leave();
  }
}
