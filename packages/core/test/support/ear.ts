import type { Transport, TransportHandler } from "../../src/transport/transport.ts";

/** Listens to a transport, and remembers all that it is told. */
export class Ear implements TransportHandler {
  /** `received`, `flushed`, `peerEnded`, `gone` or `gone: CODE`, in the order in which they came. */
  readonly events: string[] = [];
  readonly chunks: Buffer[] = [];
  error: Error | undefined;
  size = 0;
  /** Set while the transport is being called, when nothing may be told. */
  isForbidden = false;

  readonly #transport: Transport;
  readonly #copies: Buffer[] = [];
  #wake: () => void = () => {};

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Calls the transport, which must not call back within. */
  tell(call: () => void): void {
    this.isForbidden = true;
    call();
    this.isForbidden = false;
  }

  /** All that was received, as it was when it came. */
  get heard(): Buffer {
    return Buffer.concat(this.#copies);
  }

  /** All that was received, as it is now. */
  get kept(): Buffer {
    return Buffer.concat(this.chunks);
  }

  count(event: string): number {
    return this.events.filter((other) => other === event).length;
  }

  get isGone(): boolean {
    return this.events.some((event) => event.startsWith("gone"));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  received(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.#copies.push(Buffer.from(chunk));
    this.size += chunk.length;
    this.#note("received");
  }

  flushed(): void {
    const { waiting } = this.#transport;
    this.#note(waiting === 0 ? "flushed" : `flushed while ${waiting} wait`);
  }

  peerEnded(): void {
    this.#note("peerEnded");
  }

  gone(error?: Error): void {
    this.error = error;
    this.#note(error === undefined ? "gone" : `gone: ${(error as NodeJS.ErrnoException).code}`);
  }

  #note(event: string): void {
    this.events.push(this.isForbidden ? `${event} within a call` : event);
    this.#wake();
  }
}

/** Starts `transport` with an ear. */
export function listenTo(transport: Transport): Ear {
  const ear = new Ear(transport);
  ear.tell(() => transport.start(ear));
  return ear;
}
