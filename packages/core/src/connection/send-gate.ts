/** 1 MiB, as the ancestor's `defaultMaxSendBufferSize`. */
export const DEFAULT_MAX_SEND_BUFFER_SIZE = 1024 * 1024;

/**
 * Notices when what waits to be sent reaches the limit, and when it is next all gone. Knows no sockets.
 *
 * The limit is looked at before a message is added, so one message may pass it however large it is, and a length that
 * equals the limit is full: the ancestor's rule.
 */
export class SendGate {
  limit: number;
  #isFull = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** From the message that reached the limit until nothing waits. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether another message is accepted while `waiting` bytes wait. Nothing waiting always has room. */
  admits(waiting: number): boolean {
    return waiting < this.limit || waiting === 0;
  }

  /** `waiting` has grown. True: this filled the buffer. */
  grown(waiting: number): boolean {
    if (this.#isFull || waiting === 0 || waiting < this.limit) return false;
    this.#isFull = true;
    return true;
  }

  /** Nothing waits. True: it was full before. */
  drained(): boolean {
    const wasFull = this.#isFull;
    this.#isFull = false;
    return wasFull;
  }
}
