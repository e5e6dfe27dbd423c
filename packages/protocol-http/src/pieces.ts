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

type Result = IteratorResult<Bytes, undefined>;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * A message whose body comes piece by piece: its head, the pieces as they are framed, what stands behind them.
 *
 * No generator: whoever leaves one that awaits a piece has to wait for it too.
 */
export class Pieces implements AsyncIterable<Bytes>, AsyncIterator<Bytes, undefined> {
  /** Whether nobody is to be waited for when the client has ended its side. */
  readonly endsWithClient: boolean;
  readonly #source: Source<string | Uint8Array>;
  readonly #framing: Framing;
  #head: Bytes | undefined;
  #ended: (() => void) | undefined;
  #place: "head" | "pieces" | "end" = "head";
  /** Ends the wait for a piece. */
  #giveUp: ((result: Result) => void) | undefined;

  /** @throws TypeError when somebody else takes the pieces of `body` */
  constructor(body: StreamedBody, framing: Framing) {
    this.endsWithClient = body.endsWithClient === true;
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

  next(): Promise<Result> {
    if (this.#place === "head") {
      this.#place = "pieces";
      if (this.#head !== undefined) return Promise.resolve({ done: false, value: this.#head });
    }
    if (this.#place === "end") return Promise.resolve(this.#finish());
    return new Promise((resolve, reject) => {
      this.#giveUp = resolve;
      this.#pull(resolve, reject);
    });
  }

  return(): Promise<Result> {
    if (this.#place !== "end") this.#leave();
    this.#giveUp?.(DONE);
    return Promise.resolve(DONE);
  }

  #pull(resolve: (result: Result) => void, reject: (error: unknown) => void): void {
    const fail = (error: unknown) => {
      // Who has left was told so, and heeds nothing any more.
      if (this.#place !== "end") this.#leave();
      reject(error);
    };
    const take = ({ done, value }: IteratorResult<string | Uint8Array, unknown>) => {
      if (this.#place === "end") return;
      try {
        const bytes = done ? this.#framing.end() : this.#framing.piece(value as string | Uint8Array);
        if (done) this.#place = "end";
        if (bytes !== undefined) resolve({ done: false, value: bytes });
        else if (done) resolve(this.#finish());
        else this.#pull(resolve, reject);
      } catch (error) {
        fail(error);
      }
    };
    this.#source.next().then(take, fail);
  }

  #finish(): Result {
    this.#ended?.();
    this.#ended = undefined;
    return DONE;
  }

  #leave(): void {
    this.#place = "end";
    this.#ended = undefined;
    this.#source.leave();
  }
}
