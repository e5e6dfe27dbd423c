import type { Clock } from "@sock/timer";
import { type AddressList, AddressSet } from "../transport/address-list.ts";
import { addressKey } from "./address-key.ts";
import { type Rate, TokenBucket } from "./token-bucket.ts";

/** Who may come in, and how many. Others are turned away before they cost anything, and counted: `stats().refusedBy`. */
export interface AdmissionOptions {
  /** Connections beyond are turned away at once, and counted as refused. Default: no limit. */
  maxConnections?: number;

  /**
   * Connections that one peer may have: an IPv4 address, or all that begin with the same 64 bits of an IPv6 address.
   * Means nothing on a unix path. Default: no limit, since whole offices may share an address.
   */
  maxConnectionsPerAddress?: number;

  /** Connections that may come in a second, and at once. Default: no limit. */
  acceptRate?: Rate;

  /** Who may come; nobody else. Means nothing on a unix path. Default: all. */
  allow?: AddressList;

  /** Who may not come, even when allowed. */
  deny?: AddressList;
}

/** Connections turned away, by what was in the way. */
export interface Refusals {
  /** `deny` has them, or `allow` has not. */
  denied: number;
  /** `maxConnections`. */
  maxConnections: number;
  /** `maxConnectionsPerAddress`. */
  maxConnectionsPerAddress: number;
  /** `acceptRate`. */
  acceptRate: number;
  /** The process has hardly a file descriptor left. */
  descriptors: number;
  /** No PROXY header of a proxy, or none that is one; or it was required, and the peer is no proxy. */
  proxyProtocol: number;
  /** Accepting is paused, and `backlog` wait already. */
  paused: number;
  /** `onAccept` would not have them. */
  onAccept: number;
}

export type Refusal = keyof Refusals;

export function newRefusals(): Refusals {
  return {
    denied: 0,
    maxConnections: 0,
    maxConnectionsPerAddress: 0,
    acceptRate: 0,
    descriptors: 0,
    proxyProtocol: 0,
    paused: 0,
    onAccept: 0,
  };
}

/** Counts who is in, and says who may come in. Knows no sockets. */
export class Admission {
  maxConnections: number;
  /** Those admitted that have not left. */
  count = 0;

  readonly #allow: AddressSet | undefined;
  readonly #deny: AddressSet | undefined;
  readonly #perAddress: number;
  readonly #rate: TokenBucket | undefined;
  /** How many are in, by peer; a peer without any has no entry. */
  readonly #peers = new Map<string, number>();

  /** @throws RangeError, TypeError: an option is not one */
  constructor(options: AdmissionOptions, clock: Pick<Clock, "now">) {
    const { maxConnectionsPerAddress = Infinity, acceptRate, allow, deny } = options;
    if (!(maxConnectionsPerAddress >= 1))
      throw new RangeError(`maxConnectionsPerAddress is at least 1, not ${maxConnectionsPerAddress}`);
    this.maxConnections = options.maxConnections ?? Infinity;
    this.#allow = allow && new AddressSet(allow);
    this.#deny = deny && new AddressSet(deny);
    this.#perAddress = maxConnectionsPerAddress;
    this.#rate = acceptRate && new TokenBucket(acceptRate, clock);
  }

  /** Whether it matters who somebody is. */
  get looksAtAddresses(): boolean {
    return this.#perAddress !== Infinity || this.#allow !== undefined || this.#deny !== undefined;
  }

  /** How many peers are remembered: those who are in. */
  get peers(): number {
    return this.#peers.size;
  }

  /**
   * Somebody comes, from `address`; undefined where nobody has one, or it will be told later. Undefined: and is in, until
   * `leave`, which is told the same address.
   */
  enter(address: string | undefined): Refusal | undefined {
    // The rate last: those who are turned away for themselves take nothing from the others.
    const refusal = this.#refuses(address) ?? this.#refusesMore();
    if (refusal !== undefined) return refusal;
    this.count += 1;
    if (address !== undefined) this.#add(address);
    return undefined;
  }

  /** The address of one who came without has been told. A refusal: it has not left yet. */
  identify(address: string): Refusal | undefined {
    const refusal = this.#refuses(address);
    if (refusal === undefined) this.#add(address);
    return refusal;
  }

  leave(address: string | undefined): void {
    this.count -= 1;
    if (address === undefined || this.#perAddress === Infinity) return;
    const key = addressKey(address);
    const left = (this.#peers.get(key) ?? 0) - 1;
    if (left > 0) this.#peers.set(key, left);
    else this.#peers.delete(key);
  }

  #refuses(address: string | undefined): Refusal | undefined {
    if (address === undefined) return undefined;
    if (this.#deny?.has(address)) return "denied";
    if (this.#allow?.has(address) === false) return "denied";
    if (this.#perAddress === Infinity) return undefined;
    const has = this.#peers.get(addressKey(address)) ?? 0;
    return has >= this.#perAddress ? "maxConnectionsPerAddress" : undefined;
  }

  #refusesMore(): Refusal | undefined {
    if (this.count >= this.maxConnections) return "maxConnections";
    return this.#rate?.take() === false ? "acceptRate" : undefined;
  }

  #add(address: string): void {
    if (this.#perAddress === Infinity) return;
    const key = addressKey(address);
    this.#peers.set(key, (this.#peers.get(key) ?? 0) + 1);
  }
}
