/** Messages for somebody who iterates. Each is taken with a promise, which resolves when the message was given out. */
export class MessageQueue<In> {
  #offers: { message: In; taken(): void }[] = [];
  #isOver = false;
  #wake: () => void = () => {};

  put(message: In): Promise<void> {
    return new Promise((taken) => {
      this.#offers.push({ message, taken });
      this.#wake();
    });
  }

  /** No more will come. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** To be iterated once. `left` is called when that is over, for whatever reason. */
  async *messages(left: () => void): AsyncGenerator<In, void, void> {
    try {
      for (;;) {
        const offer = this.#offers.shift();
        if (offer !== undefined) {
          offer.taken();
          yield offer.message;
        } else if (this.#isOver) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      left();
      for (const { taken } of this.#offers) taken();
    }
  }
}
