import { formatIp, parseIp } from "../ip.ts";
import type { Endpoint } from "../transport.ts";
import { crc32c } from "./crc32c.ts";
import { type ProxyTlv, proxyTlv } from "./header.ts";
import { HEAD, SIGNATURE } from "./v2.ts";

/** What a proxy of ours tells those behind it. */
export interface ProxyHeaderOptions {
  /** Default 2; 1 is a line of text. */
  version?: 1 | 2;
  /**
   * Who speaks, and what it connected to. When either is left out, or has no IP address, the header says that the proxy
   * does not know; with `local`, that it speaks for itself.
   */
  source?: Endpoint;
  destination?: Endpoint;
  local?: boolean;
  /** More about it. Version 2 alone has them, and not without endpoints. */
  tlvs?: readonly ProxyTlv[];
  /** Adds a checksum. Version 2 alone has one. Default false. */
  checksum?: boolean;
}

/**
 * The bytes of a PROXY header, which go out before all else: `upstream.sendRaw(proxyHeader({ source, destination }))`.
 *
 * @throws TypeError: version 1 has neither TLVs nor a checksum; RangeError: it would be longer than a header can be
 */
export function proxyHeader(options: ProxyHeaderOptions = {}): Buffer {
  const endpoints = options.local ? undefined : endpointsOf(options);
  return (options.version ?? 2) === 1 ? encodeV1(options, endpoints) : encodeV2(options, endpoints);
}

interface Endpoints {
  source: Uint8Array;
  destination: Uint8Array;
  ports: readonly [number, number];
}

/** In bytes, both of one family: where they differ, IPv4 is mapped into IPv6. */
function endpointsOf({ source, destination }: ProxyHeaderOptions): Endpoints | undefined {
  const from = source && parseIp(source.address);
  const to = destination && parseIp(destination.address);
  if (source === undefined || destination === undefined || from === undefined || to === undefined)
    return undefined;
  const same = from.length === to.length;
  return {
    source: same ? from : mapped(from),
    destination: same ? to : mapped(to),
    ports: [checkPort(source.port), checkPort(destination.port)],
  };
}

function mapped(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const bytes = new Uint8Array(16).fill(0xff, 10, 12);
  bytes.set(address, 12);
  return bytes;
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new RangeError(`${port} is no port`);
}

function encodeV1({ tlvs = [], checksum }: ProxyHeaderOptions, endpoints: Endpoints | undefined): Buffer {
  if (tlvs.length > 0 || checksum)
    throw new TypeError("a PROXY header of version 1 has neither TLVs nor a checksum");
  if (endpoints === undefined) return Buffer.from("PROXY UNKNOWN\r\n");
  const { source, destination, ports } = endpoints;
  const protocol = source.length === 4 ? "TCP4" : "TCP6";
  return Buffer.from(`PROXY ${protocol} ${formatIp(source)} ${formatIp(destination)} ${ports.join(" ")}\r\n`);
}

function encodeV2(options: ProxyHeaderOptions, endpoints: Endpoints | undefined): Buffer {
  const { local = false, tlvs = [], checksum = false } = options;
  const pieces: Uint8Array[] = [SIGNATURE, Buffer.alloc(HEAD - SIGNATURE.length)];
  if (endpoints !== undefined) {
    const { source, destination, ports } = endpoints;
    pieces.push(source, destination, ...ports.map(uint16));
    for (const { type, value } of tlvs)
      pieces.push(Uint8Array.of(checkType(type)), uint16(value.length), value);
  }
  // Zeros, for now.
  if (checksum) pieces.push(Uint8Array.of(proxyTlv.crc32c), uint16(4), new Uint8Array(4));
  const header = Buffer.concat(pieces);
  if (header.length > HEAD + 65_535)
    throw new RangeError(`a PROXY header of ${header.length} bytes is over 65551`);
  header[12] = local ? 0x20 : 0x21;
  header[13] = endpoints === undefined ? 0x00 : endpoints.source.length === 4 ? 0x11 : 0x21;
  header.writeUint16BE(header.length - HEAD, 14);
  if (checksum) header.writeUint32BE(crc32c(header), header.length - 4);
  return header;
}

/** @throws RangeError: a TLV is too long, which its length cannot tell */
function uint16(value: number): Uint8Array {
  if (value > 65_535) throw new RangeError(`a TLV of ${value} bytes is over 65535`);
  return Uint8Array.of(value >> 8, value & 0xff);
}

function checkType(type: number): number {
  if (Number.isInteger(type) && type >= 0 && type <= 255) return type;
  throw new RangeError(`${type} is no type of a TLV`);
}
