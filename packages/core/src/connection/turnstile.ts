import { guess, type Sendable } from "./outbox.ts";

/** A message whose turn has not come, and whoever waits for that. */
interface Turn<Out> {
  readonly message: Sendable<Out>;
  /** It waits no longer. */
  leave(): void;
  resolve(): void;
  reject(reason: unknown): void;
}

/** Messages that wait for room, in the order in which they came. Each may be taken back by its signal. */
export class Turnstile<Out> {
  /** Bytes that they will take, by a guess. */
  size = 0;
  readonly #turns = new Set<Turn<Out>>();

  get isEmpty(): boolean {
    return this.#turns.size === 0;
  }

  wait(message: Sendable<Out>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const size = guess(message);
      const abort = () => {
        turn.leave();
        reject(signal?.reason);
      };
      const leave = () => {
        this.#turns.delete(turn);
        this.size -= size;
        signal?.removeEventListener("abort", abort);
      };
      const turn: Turn<Out> = { message, leave, resolve, reject };
      this.#turns.add(turn);
      this.size += size;
      signal?.addEventListener("abort", abort);
    });
  }

  /** Lets the first one through. What `accept` throws is told to whoever waits for that one. */
  admit(accept: (message: Sendable<Out>) => void): void {
    const [turn] = this.#turns;
    if (turn === undefined) return;
    // Before it is accepted, which may close the connection, and so turn away those who wait.
    turn.leave();
    try {
      accept(turn.message);
      turn.resolve();
    } catch (error) {
      turn.reject(error);
    }
  }

  /** Turns all of them away. */
  reject(reason: unknown): void {
    for (const turn of this.#turns) {
      turn.leave();
      turn.reject(reason);
    }
  }
}
