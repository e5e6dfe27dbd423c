import type { Taker } from "./messages.ts";

/** What a pipe needs of the connection it comes from. */
export interface PipeSource {
  pauseFor(reason: "pipe"): void;
  resumeFor(reason: "pipe"): void;
  close(): void;
  /** Whether messages are piped to it, so that its own end is somebody else's to say. */
  readonly isPipedTo: boolean;
  /** Whether its messages are chunks of memory that nobody else has seen. */
  readonly isRaw: boolean;
}

/** What a pipe needs of the connection it goes to. */
export interface PipeDestination<In> {
  /** Sends also when the buffer is full. */
  sendUrgent(message: In): unknown;
  readonly isFull: boolean;
  readonly sendBufferSize: number;
  closeWrite(): void;
  close(): void;
  attachPipe(pipe: Pipe<In>): void;
  detachPipe(pipe: Pipe<In>): void;
}

/** Carries messages, pressure, ends and losses from one connection to another. */
export class Pipe<In> implements Taker<In> {
  readonly #source: PipeSource;
  readonly #destination: PipeDestination<In>;
  readonly #spent: Spent | undefined;

  constructor(source: PipeSource, destination: PipeDestination<In>) {
    this.#source = source;
    this.#destination = destination;
    this.#spent = source.isRaw ? new Spent() : undefined;
    destination.attachPipe(this);
  }

  take(message: In): void {
    this.#destination.sendUrgent(message);
    this.#spent?.add(message);
    if (this.#destination.sendBufferSize === 0) this.#spent?.free();
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
    this.#spent?.free();
    this.#source.resumeFor("pipe");
  }

  /** The destination takes nothing any more. */
  destinationClosed(): void {
    this.#source.resumeFor("pipe");
    this.#source.close();
  }
}

/**
 * Chunks that were passed on. Their memory is given back when the kernel has taken them, instead of being left to the
 * collector, which lets 64 MiB of it gather: a proxy carrying 1 GiB each way grew by 5 MiB in place of 75 (Node 26.10;
 * Node 20 cannot give memory back).
 */
class Spent {
  #chunks: ArrayBuffer[] = [];

  add(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array) || chunk.length !== chunk.buffer.byteLength) return;
    if (chunk.buffer instanceof ArrayBuffer) this.#chunks.push(chunk.buffer);
  }

  free(): void {
    for (const chunk of this.#chunks) (chunk as { transfer?(size: number): ArrayBuffer }).transfer?.(0);
    this.#chunks = [];
  }
}
