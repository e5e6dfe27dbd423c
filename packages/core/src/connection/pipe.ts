import type { Taker } from "./messages.ts";

/** What a pipe needs of the connection it comes from. */
export interface PipeSource {
  pauseFor(reason: "pipe"): void;
  resumeFor(reason: "pipe"): void;
  close(): void;
  /** Whether messages are piped to it, so that its own end is somebody else's to say. */
  readonly isPipedTo: boolean;
  /** Whether its messages are bytes that may be cut anywhere … */
  readonly isBytes: boolean;
  /** … in chunks of memory that nobody else has seen. */
  readonly isRaw: boolean;
}

/** What a pipe needs of the connection it goes to. */
export interface PipeDestination<In> {
  /** Sends also when the buffer is full. */
  sendUrgent(message: In): unknown;
  readonly isWritable: boolean;
  readonly isFull: boolean;
  readonly sendBufferSize: number;
  /** Whether its codec keeps nothing of a message: one may, until the next, or while a stream of it goes on. */
  readonly isRaw: boolean;
  readonly isBytes: boolean;
  closeWrite(): void;
  close(): void;
  /** Cuts, so that the peer cannot take what it has for all. */
  reset(): void;
  attachPipe(pipe: Inlet): void;
  detachPipe(pipe: Inlet): void;
}

/** What a connection tells the pipes that end in it. */
export interface Inlet {
  /** The destination has written all that it had. */
  drained(): void;
  /** The destination takes nothing any more. */
  destinationClosed(): void;
}

/** Carries messages, pressure, ends and losses from one connection to another. */
export class Pipe<In> implements Taker<In>, Inlet {
  readonly endsItself = true;
  readonly #source: PipeSource;
  readonly #destination: PipeDestination<In>;
  readonly #spent: Spent | undefined;
  #hasEnded = false;

  constructor(source: PipeSource, destination: PipeDestination<In>) {
    this.#source = source;
    this.#destination = destination;
    this.#spent = source.isRaw && destination.isRaw ? new Spent() : undefined;
  }

  begin(): void {
    this.#destination.attachPipe(this);
    if (!this.#destination.isWritable) this.destinationClosed();
  }

  take(message: In): void {
    if (this.#spent !== undefined) this.#spend(message, this.#spent);
    this.#destination.sendUrgent(message);
    if (this.#destination.isFull) this.#source.pauseFor("pipe");
  }

  /** The source's peer has ended. The other way may go on, if there is one. */
  ended(): void {
    // What becomes of the destination now is for itself to say, or for the other way.
    this.#hasEnded = true;
    this.#destination.detachPipe(this);
    this.#destination.closeWrite();
    if (!this.#source.isPipedTo) this.#source.close();
  }

  closed(error: unknown): void {
    if (this.#hasEnded) return;
    this.#destination.detachPipe(this);
    // Whole messages say themselves what they are. Of bytes, an end would say that they are all, where the rest was lost.
    if (error !== undefined && this.#source.isBytes && this.#destination.isBytes) this.#destination.reset();
    else this.#destination.close();
  }

  drained(): void {
    this.#spent?.free();
    this.#source.resumeFor("pipe");
  }

  destinationClosed(): void {
    this.#source.resumeFor("pipe");
    this.#source.close();
  }

  /** What was passed on before `message`, which is in the cork until this read is over, may have been taken by now. */
  #spend(message: In, spent: Spent): void {
    if (!spent.isEmpty && this.#destination.sendBufferSize === 0) spent.free();
    spent.add(message);
  }
}

/** Small chunks are the collector's daily bread. */
const WORTH_FREEING = 4 * 1024;

/**
 * Chunks that were passed on. Their memory is given back when the kernel has taken them, instead of being left to the
 * collector, which lets 64 MiB of it gather: a proxy carrying 1 GiB each way grew by 5 MiB in place of 75 (Node 26.10;
 * Node 20 cannot give memory back).
 */
class Spent {
  #chunks: ArrayBuffer[] = [];

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  add(chunk: unknown): void {
    if (!(chunk instanceof Uint8Array) || chunk.length < WORTH_FREEING) return;
    if (chunk.length === chunk.buffer.byteLength) this.#chunks.push(chunk.buffer as ArrayBuffer);
  }

  free(): void {
    for (const chunk of this.#chunks) (chunk as { transfer?(size: number): ArrayBuffer }).transfer?.(0);
    this.#chunks = [];
  }
}
