import { Mailbox, type Taker } from "./messages.ts";
import type { Inlet, PipeDestination, PipeSource } from "./pipe.ts";

/** Turns messages into others, as many as it likes: a generator function, mostly. */
export type Transform<In, Out> = (messages: AsyncIterable<In>) => AsyncIterable<Out>;

export interface ThroughSource<In> extends PipeSource {
  release(taker: Taker<In>): void;
  /** The transform threw. */
  pipeFailed(error: unknown): void;
}

export interface ThroughDestination<Out> extends PipeDestination<Out> {
  sent(message: Out): Promise<void>;
}

/** A pipe whose messages go through a transform, which is asked for more when there is room for more. */
export class Through<In, Out> implements Taker<In>, Inlet {
  readonly endsItself = true;
  readonly #source: ThroughSource<In>;
  readonly #destination: ThroughDestination<Out>;
  readonly #transform: Transform<In, Out>;
  readonly #mailbox = new Mailbox<In>();
  #hasEnded = false;
  /** What the source was lost to, which then comes out of the transform. */
  #loss: unknown;

  constructor(
    source: ThroughSource<In>,
    destination: ThroughDestination<Out>,
    transform: Transform<In, Out>,
  ) {
    this.#source = source;
    this.#destination = destination;
    this.#transform = transform;
  }

  begin(): void {
    this.#destination.attachPipe(this);
    void this.#run();
    if (!this.#destination.isWritable) this.destinationClosed();
  }

  take(message: In): unknown {
    return this.#mailbox.take(message);
  }

  ended(): void {
    this.#hasEnded = true;
    this.#mailbox.ended();
  }

  closed(error: unknown): void {
    this.#loss = error;
    this.#mailbox.closed(error);
  }

  drained(): void {
    // `sent` knows.
  }

  /** Whoever waits for room hears of it too. */
  destinationClosed(): void {
    this.#mailbox.closed(undefined);
    this.#source.close();
  }

  async #run(): Promise<void> {
    const destination = this.#destination;
    const messages = this.#mailbox.messages(
      () => {},
      () => this.#source.release(this),
    );
    try {
      for await (const message of this.#transform(messages)) await destination.sent(message);
    } catch (error) {
      this.#hasEnded = false;
      // Neither loss is the transform's fault, and both were told to those whom they concern.
      if (error !== this.#loss && destination.isWritable) this.#source.pipeFailed(error);
    }
    destination.detachPipe(this);
    if (this.#hasEnded) destination.closeWrite();
    else destination.close();
    if (!this.#source.isPipedTo) this.#source.close();
  }
}
