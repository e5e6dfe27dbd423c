import type { Bytes } from "@sock/codec";
import type { UdpAddress } from "../address.ts";
import { Addressed, type Place } from "../connection/addressed.ts";
import type { SendResult } from "../connection/connection.ts";
import type { Prepared } from "../prepared.ts";
import { checkSocketOptions } from "../transport/net-connector.ts";
import type { Endpoint } from "../transport/transport.ts";
import { connectUdp, type UdpHandler, type UdpSocket } from "../transport/udp-socket.ts";
import type { DatagramConnection, DatagramHandlers, DatagramOptions, DatagramStats } from "./datagram.ts";
import { DatagramEnd } from "./datagram-end.ts";
import { MessageQueue } from "./message-queue.ts";
import { type CurrentHandlers, type DatagramSettings, settleDatagrams } from "./settings.ts";

export interface UdpClientOptions<In, Out = In, Note = never, Context = unknown>
  extends DatagramOptions<In, Out, Note, Context>,
    DatagramHandlers<In, Note, UdpClient<In, Out, Note, Context>> {
  /** The socket is closed. Once. */
  onClose?(connection: UdpClient<In, Out, Note, Context>): unknown;

  /** Where to send from: an address of this machine, and a port. Default: what the kernel chooses. */
  localAddress?: string;
  localPort?: number;

  /** Gives up before the name of the host is known. Later it does nothing. */
  signal?: AbortSignal;
}

/** Options of a client without a codec: its messages are the datagrams as they come. */
export type RawUdpClientOptions<Context> = Omit<UdpClientOptions<Buffer, Bytes, never, Context>, "codec">;

/**
 * A socket that sends datagrams to one address and takes those that come from there. Nobody was asked whether somebody is
 * there: where the network says that there is not, `onError` hears `ECONNREFUSED`, and the client goes on.
 */
export interface UdpClient<In = Buffer, Out = In, Note = never, Context = unknown>
  extends DatagramConnection<Out, Context>,
    AsyncIterable<In>,
    AsyncDisposable {
  onMessage: UdpClientOptions<In, Out, Note, Context>["onMessage"] | undefined;
  onNote: UdpClientOptions<In, Out, Note, Context>["onNote"] | undefined;
  onError: UdpClientOptions<In, Out, Note, Context>["onError"] | undefined;
  onClose: UdpClientOptions<In, Out, Note, Context>["onClose"] | undefined;

  /** Bytes that wait to be sent. */
  readonly sendBufferSize: number;

  stats(): Readonly<DatagramStats>;

  /** Sends `message`, if there is one, and closes the socket when what was sent is with the kernel. */
  close(message?: Out): void;

  /** Messages, in place of `onMessage`: from the first `next` on, at most as many wait as `maxPending` says. Ends with the client. */
  [Symbol.asyncIterator](): AsyncIterableIterator<In>;

  /** Closes, and resolves when the socket is closed. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens a client's socket. @throws AddressError, the reason of `signal`, RangeError, TypeError */
export async function openUdpClient<In, Out, Note, Context>(
  address: UdpAddress,
  options: UdpClientOptions<In, Out, Note, Context>,
): Promise<UdpClient<In, Out, Note, Context>> {
  const { signal, localAddress, localPort } = options;
  signal?.throwIfAborted();
  checkSocketOptions({ localAddress, localPort });
  const from = {
    ...(localAddress !== undefined && { address: localAddress }),
    ...(localPort !== undefined && { port: localPort }),
  };
  let client: LiveUdpClient<In, Out, Note, Context> | undefined;
  const settings = settleDatagrams(options);
  const { socket, remote } = await connectUdp(address, options, from, {
    received: (bytes) => client?.received(bytes),
    failed: (error) => client?.failed(error),
  });
  if (signal?.aborted) {
    await socket.close();
    throw signal.reason;
  }
  client = new LiveUdpClient(socket, remote, settings, options);
  return client;
}

type Self<In, Out, Note, Context> = UdpClient<In, Out, Note, Context>;

class LiveUdpClient<In, Out, Note, Context>
  extends Addressed<Place>
  implements UdpClient<In, Out, Note, Context>, Omit<UdpHandler, "received">
{
  onMessage: UdpClientOptions<In, Out, Note, Context>["onMessage"] | undefined;
  onNote: UdpClientOptions<In, Out, Note, Context>["onNote"] | undefined;
  onError: UdpClientOptions<In, Out, Note, Context>["onError"] | undefined;
  onClose: UdpClientOptions<In, Out, Note, Context>["onClose"] | undefined;

  readonly #end: DatagramEnd<In, Out, Note, Context, Self<In, Out, Note, Context>>;
  #queue: MessageQueue<In> | undefined;
  #context: Context | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    socket: UdpSocket,
    remote: Endpoint,
    settings: DatagramSettings<In, Out, Note, Context, Self<In, Out, Note, Context>>,
    options: UdpClientOptions<In, Out, Note, Context>,
  ) {
    super({ name: "udp", local: socket.local, remote });
    // The options may be an object of a class, whose methods find their `this`.
    this.onMessage = options.onMessage?.bind(options);
    this.onNote = options.onNote?.bind(options);
    this.onError = options.onError?.bind(options);
    this.onClose = options.onClose?.bind(options);
    this.#end = new DatagramEnd(
      { ...settings, handlers: this.#handlers() },
      () => `client of udp://${this.getRemoteAddress()}`,
      () => undefined,
    );
    this.#end.socket = socket;
  }

  override get transport(): "udp" {
    return "udp";
  }

  get context(): Context {
    this.#context ??= this.#end.settings.context?.() ?? ({} as Context);
    return this.#context;
  }

  set context(context: Context) {
    this.#context = context;
  }

  get sendBufferSize(): number {
    return this.#end.waiting;
  }

  send(message: Out | Prepared<Out>): SendResult {
    return this.#end.send(this, message);
  }

  sendRaw(bytes: Bytes): SendResult {
    return this.#end.sendRaw(this, bytes);
  }

  stats(): Readonly<DatagramStats> {
    return { ...this.#end.stats };
  }

  close(message?: Out): void {
    if (message !== undefined) this.send(message);
    this.#closed ??= this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return this.#closed as Promise<void>;
  }

  [Symbol.asyncIterator](): AsyncGenerator<In, void, void> {
    if (this.#queue !== undefined) throw new TypeError("the messages of this client are taken already");
    const queue = new MessageQueue<In>();
    this.#queue = queue;
    if (this.#closed !== undefined) queue.end();
    return queue.messages(() => {
      this.#queue = undefined;
    });
  }

  received(bytes: Buffer): void {
    this.#end.receive(bytes, () => this);
  }

  failed(error: Error): void {
    this.#end.report(this, error, "transport");
  }

  async #close(): Promise<void> {
    await this.#end.close(0);
    this.#queue?.end();
    try {
      await this.onClose?.(this);
    } catch (error) {
      this.#end.report(this, error, "onClose");
    }
  }

  /** What is assigned here counts, when it is called. */
  #handlers(): CurrentHandlers<In, Note, Self<In, Out, Note, Context>> {
    const client = this;
    const take = (_: unknown, message: In) => client.#queue?.put(message);
    return {
      get onMessage() {
        return client.#queue === undefined ? client.onMessage : take;
      },
      get onNote() {
        return client.onNote;
      },
      get onError() {
        return client.onError;
      },
    };
  }
}
