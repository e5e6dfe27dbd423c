import { type Bytes, type CodecFactory, type FramedPhase, ProtocolError, toBuffer } from "@sock/codec";
import type { SendResult } from "../connection/connection.ts";
import type { ErrorPhase } from "../connection/handlers.ts";
import { isPromise } from "../connection/promise.ts";
import { SendGate } from "../connection/send-gate.ts";
import { diagnostics, handlerTracing, traceHandler } from "../diagnostics.ts";
import { SockError } from "../errors.ts";
import type { Prepared } from "../prepared.ts";
import type { Endpoint } from "../transport/transport.ts";
import type { UdpSocket } from "../transport/udp-socket.ts";
import { overDatagrams } from "./datagram-link.ts";
import { checkSize, Encoder } from "./encoder.ts";
import { Incoming, type IncomingOwner } from "./incoming.ts";
import { type DatagramSettings, newDatagramStats } from "./settings.ts";

/** What a server and a client of datagrams have in common: one socket, and all that goes through it. */
export class DatagramEnd<In, Out, Note, Context, Self> implements IncomingOwner<In, Note, Self> {
  readonly settings: DatagramSettings<In, Out, Note, Context, Self>;
  readonly stats = newDatagramStats();

  /** Absent until it is open. */
  socket: UdpSocket | undefined;

  readonly #name: () => string;
  readonly #codec: CodecFactory<In, never, Note>;
  readonly #encoder: Encoder<Out, Note>;
  readonly #gate: SendGate;
  /** Datagrams whose handlers are under way. */
  #pending = 0;
  /** Datagrams that the kernel has not taken, or that are not whole yet. */
  #sending = 0;
  #state: "open" | "draining" | "closed" = "open";
  #settled: () => void = () => {};

  readonly #addressOf: (self: Self) => Endpoint | undefined;

  /**
   * @param name for what is printed
   * @param addressOf where answers to `self` go; undefined: to the peer of a connected socket
   */
  constructor(
    settings: DatagramSettings<In, Out, Note, Context, Self>,
    name: () => string,
    addressOf: (self: Self) => Endpoint | undefined,
  ) {
    this.settings = settings;
    this.#addressOf = addressOf;
    this.#name = name;
    this.#codec = overDatagrams(settings.codec as CodecFactory<In, never, Note>);
    this.#encoder = new Encoder(settings.codec as CodecFactory<never, Out, Note>);
    this.#gate = new SendGate(settings.maxSendBufferSize);
  }

  get isOpen(): boolean {
    return this.#state !== "closed";
  }

  get waiting(): number {
    return this.isOpen ? (this.socket?.waiting ?? 0) : 0;
  }

  /** A datagram came; `self` makes what handlers are given. */
  receive(bytes: Buffer, self: () => Self): void {
    if (this.#state !== "open") return;
    this.stats.datagramsReceived++;
    this.stats.bytesRead += bytes.length;
    if (this.#pending >= this.settings.maxPending) {
      this.stats.overflowed++;
      return;
    }
    this.#pending++;
    new Incoming<In, Note, Self>(this, self()).decode(bytes, this.#codec, this.settings.maxPackageSize);
  }

  send(self: Self, message: Out | Prepared<Out>, to = this.#addressOf(self)): SendResult {
    if (!this.isOpen) return "closed";
    // Before it is encoded, so that no codec counts what never goes out.
    if (!this.#gate.admits(this.waiting)) return this.#drop(self, message);
    let replies: Bytes[] | undefined;
    const encoded = this.#encoder.encode(message, () => ({
      maxPackageSize: this.settings.maxPackageSize,
      now: () => this.now(),
      reply(bytes) {
        replies ??= [];
        replies.push(bytes);
      },
      note: (note) => this.note(self, note),
    }));
    if (isPromise(encoded)) {
      this.#transmitLater(self, encoded, to);
      return "buffered";
    }
    const result = this.#transmit(self, encoded, to);
    for (const bytes of replies ?? []) this.#transmit(self, toBuffer(bytes), to);
    return result;
  }

  sendRaw(self: Self, bytes: Bytes, to = this.#addressOf(self)): SendResult {
    if (!this.isOpen) return "closed";
    if (!this.#gate.admits(this.waiting)) return this.#drop(self, bytes);
    return this.#transmit(self, checkSize(toBuffer(bytes)), to);
  }

  report(self: Self, error: unknown, phase: ErrorPhase): void {
    this.stats.errors++;
    if (diagnostics.error.hasSubscribers) diagnostics.error.publish({ connection: self, error, phase });
    this.#tellError(self, error, phase);
  }

  /** What no handler can be told. */
  print(error: unknown): void {
    this.stats.errors++;
    this.settings.logger.error({ err: error }, this.#name());
  }

  /**
   * Takes nothing any more. When handlers are through, or after `drain` ms, and the kernel has taken what was sent, the
   * socket is closed.
   */
  async close(drain: number): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "draining";
    if (drain > 0) await this.#until(() => this.#pending === 0, drain);
    // UDP has nobody to wait for but this machine.
    await this.#until(() => this.#sending === 0, FLUSH_TIMEOUT);
    this.#state = "closed";
    await this.socket?.close();
  }

  // What a datagram gives

  message(self: Self, message: In): unknown {
    this.stats.messagesReceived++;
    if (diagnostics.message.hasSubscribers) diagnostics.message.publish({ connection: self, message });
    const { handlers } = this.settings;
    if (!handlerTracing.hasSubscribers) return handlers.onMessage?.(self, message);
    return this.#traced("onMessage", self, message, () => handlers.onMessage?.(self, message));
  }

  note(self: Self, note: Note): void {
    const { handlers } = this.settings;
    if (handlers.onNote === undefined) return;
    try {
      const handling = this.#traced("onNote", self, note, () => handlers.onNote?.(self, note));
      if (isPromise(handling))
        handling.then(undefined, (error: unknown) => this.report(self, error, "onNote"));
    } catch (error) {
      this.report(self, error, "onNote");
    }
  }

  reply(self: Self, bytes: Bytes): void {
    try {
      this.sendRaw(self, bytes);
    } catch (error) {
      this.report(self, error, "encode");
    }
  }

  failed(self: Self, error: unknown, phase: FramedPhase): void {
    this.report(self, error, phase === "message" ? "onMessage" : phase);
  }

  done(): void {
    this.#pending--;
    this.#settled();
  }

  now(): number {
    return this.settings.loop.now();
  }

  #transmit(self: Self, bytes: Buffer, to: Endpoint | undefined): SendResult {
    const { socket } = this;
    if (socket === undefined || !this.isOpen || to?.port === 0) return "closed";
    this.#sending++;
    socket.send(bytes, to, (error) => {
      this.#sending--;
      // What was still waiting when the socket was closed is nobody's fault.
      if (error && this.isOpen) this.report(self, error, "transport");
      this.#settled();
    });
    this.stats.datagramsSent++;
    this.stats.bytesWritten += bytes.length;
    return socket.waiting === 0 ? "sent" : "buffered";
  }

  /** When the last piece of it is there. */
  #transmitLater(self: Self, encoded: PromiseLike<Buffer>, to: Endpoint | undefined): void {
    this.#sending++;
    const settled = () => {
      this.#sending--;
      this.#settled();
    };
    encoded
      .then(
        (bytes) => void this.#transmit(self, bytes, to),
        (error: unknown) => this.report(self, error, "stream"),
      )
      .then(settled);
  }

  #drop(self: Self, message: unknown): SendResult {
    this.stats.dropped++;
    if (diagnostics.drop.hasSubscribers) diagnostics.drop.publish({ connection: self, message });
    const sentence = `a message was dropped: ${this.waiting} bytes wait, and ${this.#gate.limit} may`;
    this.#tellError(self, new SockError("SEND_BUFFER_FULL", sentence), "send");
    return "dropped";
  }

  #tellError(self: Self, error: unknown, phase: ErrorPhase): void {
    const { handlers, logger } = this.settings;
    if (handlers.onError === undefined) {
      if (isBug(error, phase)) logger.error({ err: error }, `${this.#name()}, ${phase}`);
      return;
    }
    const failed = (thrown: unknown) => logger.error({ err: thrown }, `${this.#name()}, onError`);
    try {
      const handling = this.#traced("onError", self, error, () => handlers.onError?.(self, error, phase));
      if (isPromise(handling)) handling.then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #traced(handler: string, connection: Self, argument: unknown, call: () => unknown): unknown {
    return handlerTracing.hasSubscribers ? traceHandler({ connection, handler, argument }, call) : call();
  }

  #until(isSo: () => boolean, ms: number): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => {
      const settled = () => {
        alarm.cancel();
        this.#settled = () => {};
        resolve();
      };
      const alarm = this.settings.loop.after(ms, settled);
      this.#settled = () => {
        if (isSo()) settled();
      };
    });
  }
}

/** Milliseconds for the kernel to take what was sent; it takes less, unless it is stuck. */
const FLUSH_TIMEOUT = 2_000;

/** Whether somebody should look at the program, rather than at the peer or the network. */
function isBug(error: unknown, phase: ErrorPhase): boolean {
  return phase !== "transport" && !ProtocolError.is(error) && !(error instanceof SockError);
}
