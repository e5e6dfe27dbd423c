import type { Bytes } from "@sock/codec";
import { formatAddress, type UdpAddress } from "../address.ts";
import type { SendResult } from "../connection/connection.ts";
import type { Prepared } from "../prepared.ts";
import { type AddressList, AddressSet } from "../transport/address-list.ts";
import { parseIp } from "../transport/ip.ts";
import type { Endpoint } from "../transport/transport.ts";
import { bindUdp, type GroupOptions, type UdpHandler } from "../transport/udp-socket.ts";
import type { DatagramConnection, DatagramHandlers, DatagramOptions, DatagramStats } from "./datagram.ts";
import { DatagramEnd } from "./datagram-end.ts";
import { LiveDatagram } from "./live-datagram.ts";
import { settleDatagrams } from "./settings.ts";

export interface UdpServerOptions<In, Out = In, Note = never, Context = unknown>
  extends DatagramOptions<In, Out, Note, Context>,
    DatagramHandlers<In, Note, DatagramConnection<Out, Context>> {
  /** Multicast groups to join from the start. */
  groups?: readonly string[];

  /** Whose datagrams are taken; nobody else's. Anybody can write any address on one. Default: all. */
  allow?: AddressList;

  /** Whose datagrams are not taken, even when allowed. */
  deny?: AddressList;
}

/** Options of a server without a codec: its messages are the datagrams as they come. */
export type RawUdpServerOptions<Context> = Omit<UdpServerOptions<Buffer, Bytes, never, Context>, "codec">;

/** Takes datagrams at one address. */
export interface UdpServer<Out = Buffer> extends AsyncDisposable {
  /** Where it really listens: `udp://127.0.0.1:2347`. */
  readonly address: string;

  /** Bytes that wait to be sent. */
  readonly sendBufferSize: number;

  /**
   * Sends a message to anybody: a peer whose address was kept, a group, a broadcast address.
   * @throws TypeError, RangeError: as `send` of a datagram's connection, or `to` has no IP address
   */
  send(message: Out | Prepared<Out>, to: Endpoint): SendResult;

  /**
   * Takes what is sent to a multicast group, from now on …
   * @throws Node's error: `EINVAL` for what is no group, `ENODEV` for what is no interface
   */
  join(group: string, options?: GroupOptions): void;
  /** … until now. */
  leave(group: string, options?: GroupOptions): void;

  stats(): Readonly<DatagramStats>;

  /**
   * Takes no more, gives async handlers `drain` ms (default 0) to be through, and resolves when what was sent is with the
   * kernel and the socket closed. Peers hear nothing of it.
   */
  close(options?: { drain?: number }): Promise<void>;
}

export class LiveUdpServer<In, Out, Note, Context> implements UdpServer<Out>, UdpHandler {
  readonly #end: DatagramEnd<In, Out, Note, Context, DatagramConnection<Out, Context>>;
  readonly #options: UdpServerOptions<In, Out, Note, Context>;
  readonly #allow: AddressSet | undefined;
  readonly #deny: AddressSet | undefined;
  #address = "";
  #closed: Promise<void> | undefined;

  /** @throws RangeError, TypeError: an option is not one */
  constructor(options: UdpServerOptions<In, Out, Note, Context>) {
    this.#options = options;
    this.#allow = options.allow && new AddressSet(options.allow);
    this.#deny = options.deny && new AddressSet(options.deny);
    this.#end = new DatagramEnd(
      settleDatagrams(options),
      () => `server ${this.#address}`,
      ({ remoteAddress, remotePort }) => ({ address: remoteAddress, port: remotePort }),
    );
  }

  async listen(address: UdpAddress): Promise<this> {
    const { groups = [] } = this.#options;
    const socket = await bindUdp(address, this.#options, groups, this);
    this.#end.socket = socket;
    const { address: host, port } = socket.local;
    this.#address = formatAddress({ transport: "udp", host, port });
    return this;
  }

  get address(): string {
    return this.#address;
  }

  get sendBufferSize(): number {
    return this.#end.waiting;
  }

  send(message: Out | Prepared<Out>, to: Endpoint): SendResult {
    checkEndpoint(to);
    return this.#connection(to).send(message);
  }

  join(group: string, options: GroupOptions = {}): void {
    this.#end.socket?.join(group, options);
  }

  leave(group: string, options: GroupOptions = {}): void {
    this.#end.socket?.leave(group, options);
  }

  stats(): Readonly<DatagramStats> {
    return { ...this.#end.stats };
  }

  close({ drain = 0 }: { drain?: number } = {}): Promise<void> {
    this.#closed ??= this.#end.close(drain);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // What the socket tells

  received(bytes: Buffer, from: Endpoint): void {
    if (this.#deny?.has(from.address) || this.#allow?.has(from.address) === false) {
      this.#end.stats.refused++;
      return;
    }
    this.#end.receive(bytes, () => this.#connection(from));
  }

  failed(error: Error): void {
    this.#end.print(error);
  }

  #connection(remote: Endpoint): LiveDatagram<In, Out, Note, Context> {
    return new LiveDatagram(this.#end, this.#end.socket?.local ?? remote, remote);
  }
}

/** @throws TypeError, RangeError */
function checkEndpoint({ address, port }: Endpoint): void {
  if (parseIp(address) === undefined) throw new TypeError(`"${address}" is no IP address`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new RangeError(`${port} is no port to send to`);
}
