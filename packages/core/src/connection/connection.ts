import type { Bytes, CodecFactory } from "@sock/codec";
import type { Prepared } from "../prepared.ts";
import type { ProxyHeader } from "../transport/proxy-protocol/header.ts";
import type { TlsDetails } from "../transport/tls/details.ts";
import type { ErrorPhase, Handlers } from "./handlers.ts";
import type { LifeState } from "./state.ts";
import type { Transform } from "./through.ts";

/**
 * What became of a message given to `send`. None of these is a receipt.
 *
 * - `"sent"`: accepted, and nothing waits behind the socket
 * - `"buffered"`: accepted, and the peer is behind: something waits
 * - `"dropped"`: not accepted, because `maxSendBufferSize` bytes wait already, or messages given to `sent` before. Not a byte
 *   of it goes out
 * - `"closed"`: not accepted, because our side of the connection has ended, be it just now, for a peer that was too far behind
 */
export type SendResult = "sent" | "buffered" | "dropped" | "closed";

/** How to close: what codecs with a goodbye tell the peer. */
export interface CloseDetails {
  /** WebSocket close code. */
  code?: number;
  reason?: string;
}

/**
 * One connection: a codec joined to a transport, with callbacks.
 *
 * Callbacks are those of the server's or client's options, unless assigned here: `connection.onMessage = …`.
 */
export interface Connection<In = Buffer, Out = In, Note = never, Context = unknown>
  extends AsyncIterable<In>,
    AsyncDisposable {
  onMessage: Handlers<In, Out, Note, Context>["onMessage"] | undefined;
  onNote: Handlers<In, Out, Note, Context>["onNote"] | undefined;
  onBufferFull: Handlers<In, Out, Note, Context>["onBufferFull"] | undefined;
  onBufferDrain: Handlers<In, Out, Note, Context>["onBufferDrain"] | undefined;
  onEnd: Handlers<In, Out, Note, Context>["onEnd"] | undefined;
  onError: Handlers<In, Out, Note, Context>["onError"] | undefined;
  onClose: Handlers<In, Out, Note, Context>["onClose"] | undefined;

  /** Counted from 1 in this process, clients and servers alike. */
  readonly id: number;
  readonly state: LifeState;
  /** `"tcp"`, `"tls"`, `"unix"` or `"memory"`. */
  readonly transport: string;
  /** What its codec of now calls itself: `"http"`, and `"websocket"` once it was upgraded; `""` where it has no name. */
  readonly protocol: string;
  /** What was negotiated, and who the peer is; absent without TLS. */
  readonly tls: TlsDetails | undefined;
  /** Yours. */
  context: Context;

  /**
   * IP address of the peer, without brackets; `""` over a unix socket. Stays known after the end. With `proxyProtocol` it
   * is the real peer's, as is the port.
   */
  readonly remoteAddress: string;
  /** 0 over a unix socket. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What a trusted proxy said in front of all else. */
  readonly proxy: ProxyHeader | undefined;
  /** The ancestor's names for the four above. */
  getRemoteIp(): string;
  getRemotePort(): number;
  /** `address:port`, `[address]:port` for IPv6, `""` over a unix socket. */
  getRemoteAddress(): string;
  getLocalIp(): string;
  getLocalPort(): number;
  getLocalAddress(): string;
  isIpV4(): boolean;
  isIpV6(): boolean;

  /** Bytes received, and bytes handed to the transport. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that wait to be sent; messages that are not encoded yet count by a guess. */
  readonly sendBufferSize: number;
  /** Bytes that came and were not decoded yet. */
  readonly recvBufferSize: number;
  /** Messages that `send` dropped. */
  readonly dropped: number;
  /** Milliseconds from the heartbeat's last ping to the peer's next byte; undefined before. */
  readonly roundTripTime: number | undefined;

  /** Bytes that may wait before `send` drops. Looked at before a message is added: one message may pass it. */
  maxSendBufferSize: number;
  /** Bytes a frame may take, unless the codec has a limit of its own. */
  maxPackageSize: number;

  /**
   * Sends a message. All that is sent within one turn of the event loop leaves in one write.
   *
   * Bytes are not copied, unless the codec does: memory that you hand over must not change until it has been sent.
   * @throws TypeError, RangeError: the message cannot be told in this protocol. Nothing is sent, the connection goes on
   */
  send(message: Out | Prepared<Out>): SendResult;

  /**
   * Sends a message when there is room for it, after those for which this was called before; never drops. Resolves when it
   * is accepted, as `send` would answer `"sent"` or `"buffered"`: from then on `close` waits for it, and `signal` does nothing.
   *
   * Messages may wait for as many bytes as `maxSendBufferSize`, by a guess; they do not count in `sendBufferSize`. Meanwhile
   * there is no room for `send`.
   * @throws the reason of `signal`; SockError `CONNECTION_CLOSED` when our side ends before, `SEND_BUFFER_FULL` when too many
   * wait already; TypeError, RangeError: the message cannot be told in this protocol
   */
  sent(message: Out | Prepared<Out>, signal?: AbortSignal): Promise<void>;

  /** Sends bytes past the codec. */
  sendRaw(bytes: Bytes): SendResult;

  /** Closes when all that was accepted, and `message`, have been written, and the codec has said its goodbye. */
  close(message?: Out, details?: CloseDetails): void;

  /** Ends our side as `close` does, and goes on receiving until the peer ends too. */
  closeWrite(message?: Out): void;

  /**
   * Cuts the connection: what waits is lost. Where that tears a message, or with an `error`, a TCP peer sees a reset, so that
   * it cannot take what it has for all. Else the kernel decides, as with `net` and `ws`: it sends what it has and an
   * end, or a reset where bytes of the peer were not read.
   */
  destroy(error?: Error): void;

  /** Delivers nothing more, not even what has arrived, and reads nothing more … */
  pauseRecv(): void;
  /** … until now. */
  resumeRecv(): void;

  /**
   * Sends every message of this connection to `destination`, at the pace that it takes them: never drops. The end of
   * this connection ends the destination when all is through, its loss closes it, or resets it where both are `raw()`: bytes
   * do not say whether they are all. The destination's loss closes this one.
   * Pipe both ways for a proxy: then each way ends by itself.
   */
  pipe<T extends Pipeable<In>>(destination: T): T;
  /**
   * The same by way of `through`, which turns messages into others: mostly a generator function. It is asked for more when
   * there is room for more, and the peer is read at that pace. What it throws goes to `onError` in phase `"pipe"`, and closes
   * both connections; its return ends the destination.
   */
  pipe<Through, T extends Pipeable<Through>>(destination: T, options: PipeOptions<In, Through>): T;

  /**
   * The next codec takes over, from the next unread byte on, with callbacks of its own. What comes may be decoded by the old
   * one until then: upgrade within a callback, or after `pauseRecv`.
   */
  upgrade<NextIn, NextOut, NextNote>(
    codec: CodecFactory<NextIn, NextOut, NextNote>,
    handlers?: Handlers<NextIn, NextOut, NextNote, Context>,
  ): Connection<NextIn, NextOut, NextNote, Context>;

  /**
   * Resolves when nothing waits to be sent.
   * @throws SockError `CONNECTION_CLOSED`, or the network's error, when the connection goes before; the reason of `signal`
   */
  drained(signal?: AbortSignal): Promise<void>;

  /** Messages, one at a time, in place of `onMessage`; the peer is read at that pace. Ends with the connection. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In>;

  /** Closes, and resolves when the connection is gone. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface PipeOptions<In, Out> {
  through: Transform<In, Out>;
}

/** What messages can be piped to. */
export type Pipeable<In> = Pick<Connection<never, In, never, never>, "send" | "close">;

export type { ErrorPhase };
