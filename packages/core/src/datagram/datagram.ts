import type { Bytes, CodecFactory } from "@sock/codec";
import type { SendResult } from "../connection/connection.ts";
import type { ErrorPhase } from "../connection/handlers.ts";
import type { EventLoop } from "../event-loop.ts";
import type { Logger } from "../logger.ts";
import type { Prepared } from "../prepared.ts";
import type { UdpSocketOptions } from "../transport/udp-socket.ts";

/**
 * What stands for a connection where there is none: who sent a datagram, and how to answer. Each datagram has its own;
 * it may be kept, and answered later or more than once.
 */
export interface DatagramConnection<Out = Buffer, Context = unknown> {
  readonly transport: "udp";
  /** Yours. */
  context: Context;

  /** IP address of the peer, without brackets. Anybody can write any address on a datagram. */
  readonly remoteAddress: string;
  /** 0: the sender wants no answers (RFC 768), and `send` says `"closed"`. */
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** The ancestor's names for the four above. */
  getRemoteIp(): string;
  getRemotePort(): number;
  /** `address:port`, `[address]:port` for IPv6. */
  getRemoteAddress(): string;
  getLocalIp(): string;
  getLocalPort(): number;
  getLocalAddress(): string;
  isIpV4(): boolean;
  isIpV6(): boolean;

  /**
   * Sends a message, as one datagram. `"sent"` and `"buffered"` say what the kernel did at once; the network may lose it,
   * double it, or bring it late.
   * @throws TypeError: the message cannot be told in this protocol; RangeError: it takes more than 65,507 bytes
   */
  send(message: Out | Prepared<Out>): SendResult;

  /** Sends bytes past the codec, as one datagram. */
  sendRaw(bytes: Bytes): SendResult;

  /** Sends `message`, if there is one. No peer hears of an end. */
  close(message?: Out): void;
}

/** The callbacks of datagrams. `Self` is what they are given: the datagram's connection, or the client. */
export interface DatagramHandlers<In, Note, Self> {
  /**
   * A message came. Further messages of the same datagram wait for the promise returned, if any; other datagrams do not.
   * Without this callback, messages go nowhere.
   */
  onMessage?(connection: Self, message: In): unknown;

  /** The codec tells something beside messages. */
  onNote?(connection: Self, note: Note): unknown;

  /**
   * Something failed, which concerns one datagram alone: `onMessage` threw, the codec refused it (`"input"`, `"decode"`,
   * `"finish"`), the network did (`"transport"`: `EMSGSIZE`, a client's `ECONNREFUSED`), or one was not sent (`"send"`).
   * Without this callback, errors of handlers and codecs are printed on stderr, errors of peers and networks are not.
   */
  onError?(connection: Self, error: unknown, phase: ErrorPhase): unknown;
}

/** What servers and clients of datagrams are given. */
export interface DatagramOptions<In, Out, Note, Context> extends UdpSocketOptions {
  /**
   * The protocol: any whose frames fit in a datagram. Each datagram, in and out, has a codec of its own, and is a stream
   * that ends with it: what is left over is an error. Handshakes, `hold` and `upgrade` need a connection. Omitted: `raw()`.
   */
  codec: CodecFactory<In, Out, Note>;

  /** Makes the `context`. Omitted: an empty object. */
  context?: () => Context;

  /** Bytes that may wait to be sent before messages are dropped. Default: `limits.defaultMaxSendBufferSize`, 1 MiB. */
  maxSendBufferSize?: number;

  /** Bytes a frame may take, unless the codec has a limit of its own. Default: 65,507, what a datagram holds. */
  maxPackageSize?: number;

  /**
   * Datagrams whose `onMessage` may be under way, when it is async. Those that come meanwhile are dropped and counted
   * as `overflowed`, as the kernel drops what is not read. Default 1,024: 64 MiB at most.
   */
  maxPending?: number;

  /** Takes what nobody else hears: pino's, say. Default: stderr. */
  logger?: Logger;

  /** Where time comes from. Default: the process's. */
  loop?: EventLoop;
}

/** Counts since the start of a server or client of datagrams. */
export interface DatagramStats {
  datagramsReceived: number;
  datagramsSent: number;
  messagesReceived: number;
  bytesRead: number;
  bytesWritten: number;
  /** Messages that `send` dropped: `maxSendBufferSize` bytes waited. */
  dropped: number;
  /** Datagrams that came while `maxPending` were under way, and were dropped. */
  overflowed: number;
  /** Datagrams of addresses that `deny` has, or `allow` has not. */
  refused: number;
  /** Errors reported to `onError`, drops left out. */
  errors: number;
}
