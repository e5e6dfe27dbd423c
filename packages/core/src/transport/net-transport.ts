import type { Socket } from "node:net";
import type { ProxyHeader } from "./proxy-protocol/header.ts";
import { RECEIVER, type Receiving } from "./shared-reads.ts";
import type { TlsDetails } from "./tls/details.ts";
import type { Endpoint, Transport, TransportHandler } from "./transport.ts";
import { unsentOf } from "./unsent.ts";

const NOWHERE: Endpoint = { address: "", port: 0 };

/** What was learnt of a connection before it had a transport. */
export interface Arrival {
  /** Where it came in. */
  local?: Endpoint | undefined;
  /** Who is there, where that is not the socket's own peer. */
  remote?: Endpoint | undefined;
  proxy?: ProxyHeader;
  /** Bytes that were read, and are the connection's. */
  rest?: Buffer;
}

const PLAIN: Arrival = {};

type OurSocket = Receiving & { [RECEIVER]: NetTransport };

/** A TCP or unix socket of Node. Reads from its stream, or by way of the shared buffer if it was made so. */
export class NetTransport implements Transport {
  readonly name: "tcp" | "tls" | "unix";

  readonly local: Endpoint;
  readonly proxy: ProxyHeader | undefined;

  readonly #remote: Endpoint | undefined;
  readonly #socket: Socket;
  #handler: TransportHandler | undefined;
  #awaitsFlush = false;
  /** From here on: a socket with an `onread` may read once more after a pause, so what comes then is kept. */
  #isPaused = true;
  #kept: Buffer[] | undefined;
  #keepsEnd = false;
  #isClosed = false;
  #error: Error | undefined;

  /** `socket` is open, or was until just now, and must allow half-open connections. */
  constructor(socket: Socket, name: "tcp" | "tls" | "unix", arrival: Arrival = PLAIN) {
    this.name = name;
    this.proxy = arrival.proxy;
    this.#remote = arrival.remote;
    this.#socket = socket;
    const { rest } = arrival;
    if (rest !== undefined && rest.length > 0) this.#kept = [rest];
    // Asked for now, because a socket that has gone does not know any more, but where its peer was if that was asked.
    this.local = arrival.local ?? localOf(socket);
    void socket.remoteAddress;
    (socket as OurSocket)[RECEIVER] = this;
    // Until somebody is there to take what comes.
    socket.pause();
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  get tls(): TlsDetails | undefined {
    return undefined;
  }

  get remote(): Endpoint {
    return this.#remote ?? endpoint(this.#socket.remoteAddress, this.#socket.remotePort);
  }

  get waiting(): number {
    // Asked for several times a message, and mostly nothing waits.
    return this.#awaitsFlush ? this.#socket.writableLength : 0;
  }

  get unsent(): number {
    return this.#awaitsFlush ? unsentOf(this.#socket) : 0;
  }

  start(handler: TransportHandler): void {
    this.#handler = handler;
    this.#socket.on("data", onData);
    this.#socket.on("end", onEnd);
    this.resume();
    // `socket.closed` is true a tick before the event, which would tell it again.
    if (this.#isClosed) process.nextTick(() => this.closed());
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
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
    if (this.#keepsSomething) process.nextTick(() => this.#giveKept());
  }

  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#forgetKept();
    this.#socket.destroy(error);
  }

  reset(): void {
    this.#forgetKept();
    // Node has it for TCP alone.
    if (this.name === "tcp" && !this.#socket.destroyed) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  // What the socket tells

  received(chunk: Buffer): boolean {
    if (this.#isPaused || this.#kept !== undefined) {
      this.#kept ??= [];
      this.#kept.push(chunk);
    } else {
      this.#handler?.received(chunk);
    }
    return !this.#isPaused;
  }

  peerEnded(): void {
    if (this.#isPaused || this.#kept !== undefined) this.#keepsEnd = true;
    else this.#handler?.peerEnded();
  }

  failed(error: Error): void {
    this.#error = error;
  }

  closed(): void {
    this.#isClosed = true;
    if (this.#error === undefined && this.#keepsSomething) return;
    this.#kept = undefined;
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.gone(this.#error);
  }

  protected flushed(): void {
    this.#handler?.flushed();
  }

  /** What is kept holds back the news of a socket that has closed by itself. */
  #forgetKept(): void {
    const isHeldBack = this.#isClosed && this.#keepsSomething;
    this.#kept = undefined;
    this.#keepsEnd = false;
    if (isHeldBack) process.nextTick(() => this.closed());
  }

  get #keepsSomething(): boolean {
    return this.#kept !== undefined || this.#keepsEnd;
  }

  #giveKept(): void {
    while (!this.#isPaused && this.#kept !== undefined) {
      const chunk = this.#kept.shift();
      if (chunk === undefined) this.#kept = undefined;
      else this.#handler?.received(chunk);
    }
    if (this.#isPaused) return;
    if (this.#keepsEnd) {
      this.#keepsEnd = false;
      this.#handler?.peerEnded();
    }
    if (this.#isClosed) this.closed();
  }

  /**
   * "drain" comes only after a write that passed the high-water mark, and a callback on each write costs a tick for
   * each: an empty write behind what waits costs nothing until something waits.
   */
  #awaitFlush(): void {
    const socket = this.#socket;
    const taken = (error?: Error | null) => {
      this.#awaitsFlush = false;
      // What was not taken is told so before the socket knows of its end.
      if (socket.destroyed || error) return;
      if (socket.writableLength > 0) this.#awaitFlush();
      else this.flushed();
    };
    this.#awaitsFlush = true;
    // More came behind the empty write, and then the end: another write would be an error, and cost what waits.
    if (socket.writableEnded) socket.once("finish", taken);
    else socket.write(EMPTY, taken);
  }
}

// Shared by all sockets: an idle connection has no closures of its own.

function onData(this: Socket, chunk: Buffer): void {
  (this as OurSocket)[RECEIVER].received(chunk);
}

function onEnd(this: Socket): void {
  (this as OurSocket)[RECEIVER].peerEnded();
}

function onError(this: Socket, error: Error): void {
  (this as OurSocket)[RECEIVER].failed(error);
}

function onClose(this: Socket): void {
  (this as OurSocket)[RECEIVER].closed();
}

const EMPTY = Buffer.alloc(0);

function endpoint(address: string | undefined, port: number | undefined): Endpoint {
  return address === undefined ? NOWHERE : { address, port: port ?? 0 };
}

/** The connections of a server mostly have this one in common. */
let lastLocal = NOWHERE;

function localOf(socket: Socket): Endpoint {
  const { localAddress, localPort } = socket;
  if (lastLocal.address !== localAddress || lastLocal.port !== localPort) {
    lastLocal = endpoint(localAddress, localPort);
  }
  return lastLocal;
}
