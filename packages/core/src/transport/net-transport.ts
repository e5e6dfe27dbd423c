import type { Socket } from "node:net";
import type { Endpoint, Transport, TransportHandler } from "./transport.ts";

const NOWHERE: Endpoint = { address: "", port: 0 };
const TRANSPORT = Symbol("transport");

type OurSocket = Socket & { [TRANSPORT]: NetTransport };

/** A TCP or unix socket of Node, through its stream. */
export class NetTransport implements Transport {
  readonly name: "tcp" | "unix";
  readonly local: Endpoint;
  readonly remote: Endpoint;

  handler: TransportHandler | undefined;
  error: Error | undefined;
  isClosed = false;

  readonly #socket: Socket;
  #awaitsFlush = false;

  /** `socket` is open, or was until just now, and must allow half-open connections. */
  constructor(socket: Socket, name: "tcp" | "unix") {
    this.name = name;
    this.#socket = socket;
    // Asked for now, because a socket that has gone does not know any more.
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    (socket as OurSocket)[TRANSPORT] = this;
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  get waiting(): number {
    return this.#socket.writableLength;
  }

  start(handler: TransportHandler): void {
    this.handler = handler;
    this.#socket.on("data", onData);
    this.#socket.on("end", onEnd);
    // `socket.closed` is true a tick before the event, which would tell it again.
    if (this.isClosed) process.nextTick(() => handler.gone(this.error));
  }

  write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (pieces.length === 1) {
      socket.write(pieces[0] as Uint8Array);
    } else {
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      socket.uncork();
    }
    if (socket.writableLength > 0 && !this.#awaitsFlush) this.#awaitFlush();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  /**
   * "drain" comes only after a write that passed the high-water mark, and a callback on each write costs a tick for
   * each: an empty write behind what waits costs nothing until something waits.
   */
  #awaitFlush(): void {
    const socket = this.#socket;
    const taken = () => {
      this.#awaitsFlush = false;
      if (socket.destroyed) return;
      if (socket.writableLength > 0) this.#awaitFlush();
      else this.handler?.flushed();
    };
    this.#awaitsFlush = true;
    // More came behind the empty write, and then the end: another write would be an error, and cost what waits.
    if (socket.writableEnded) socket.once("finish", taken);
    else socket.write(EMPTY, taken);
  }
}

// Shared by all sockets: an idle connection has no closures of its own.

function onData(this: Socket, chunk: Buffer): void {
  (this as OurSocket)[TRANSPORT].handler?.received(chunk);
}

function onEnd(this: Socket): void {
  (this as OurSocket)[TRANSPORT].handler?.peerEnded();
}

function onError(this: Socket, error: Error): void {
  (this as OurSocket)[TRANSPORT].error = error;
}

function onClose(this: Socket): void {
  const transport = (this as OurSocket)[TRANSPORT];
  transport.isClosed = true;
  transport.handler?.gone(transport.error);
}

const EMPTY = Buffer.alloc(0);

function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  return address === undefined ? NOWHERE : { address, port: port ?? 0 };
}
