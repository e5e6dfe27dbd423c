import type { Taker } from "./messages.ts";

/** What a pipe needs of the connection it comes from. */
export interface PipeSource {
  pauseFor(reason: "pipe"): void;
  resumeFor(reason: "pipe"): void;
  close(): void;
  /** Whether messages are piped to it, so that its own end is somebody else's to say. */
  readonly isPipedTo: boolean;
}

/** What a pipe needs of the connection it goes to. */
export interface PipeDestination<In> {
  /** Sends also when the buffer is full. */
  sendUrgent(message: In): unknown;
  readonly isFull: boolean;
  closeWrite(): void;
  close(): void;
  attachPipe(pipe: Pipe<In>): void;
  detachPipe(pipe: Pipe<In>): void;
}

/** Carries messages, pressure, ends and losses from one connection to another. */
export class Pipe<In> implements Taker<In> {
  readonly #source: PipeSource;
  readonly #destination: PipeDestination<In>;

  constructor(source: PipeSource, destination: PipeDestination<In>) {
    this.#source = source;
    this.#destination = destination;
    destination.attachPipe(this);
  }

  take(message: In): void {
    this.#destination.sendUrgent(message);
    if (this.#destination.isFull) this.#source.pauseFor("pipe");
  }

  /** The source's peer has ended. The other way may go on, if there is one. */
  ended(): void {
    this.#destination.closeWrite();
    if (!this.#source.isPipedTo) this.#source.close();
  }

  closed(): void {
    this.#destination.detachPipe(this);
    this.#destination.close();
  }

  /** The destination has written all that it had. */
  drained(): void {
    this.#source.resumeFor("pipe");
  }

  /** The destination takes nothing any more. */
  destinationClosed(): void {
    this.#source.resumeFor("pipe");
    this.#source.close();
  }
}
