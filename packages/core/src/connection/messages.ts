/** Who takes the messages of a connection in place of `onMessage`. */
export interface Taker<In> {
  /** Whether what becomes of our side at the peer's end is for the taker to say, and not for the connection. */
  readonly endsItself: boolean;
  /** Takes a message; the next one waits for the promise. */
  take(message: In): unknown;
  /** The peer's end was reached in order. */
  ended(): void;
  /** The connection is gone. `error`: the first thing that went wrong, if anything did. */
  closed(error: unknown): void;
}

/** Turns messages into an iteration: each holds back the next until the next is asked for. */
export class Mailbox<In> implements Taker<In> {
  readonly endsItself = false;
  #offer: { message: In; taken(): void } | undefined;
  #end: { error: unknown } | undefined;
  #wake: () => void = () => {};

  take(message: In): Promise<void> {
    return new Promise((taken) => {
      this.#offer = { message, taken };
      this.#wake();
    });
  }

  ended(): void {
    this.closed(undefined);
  }

  closed(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  /** To be iterated once. `begin` is called at the start of that, and `left` when it is over, for whatever reason. */
  async *messages(begin: () => void, left: () => void): AsyncGenerator<In, void, void> {
    begin();
    let offer = this.#offer;
    try {
      for (;;) {
        while (this.#offer === undefined && this.#end === undefined) await this.#woken();
        offer = this.#offer;
        if (offer === undefined) break;
        this.#offer = undefined;
        yield offer.message;
        offer.taken();
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
    } finally {
      left();
      offer?.taken();
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
