import { domainToASCII } from "node:url";
import { ProtocolError } from "@sock/codec";

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/**
 * A target as RFC 1928, 4 and 5 write it: its kind, its address or name, its port.
 * @throws TypeError for what SOCKS cannot name
 */
export function socksAddress(host: string, port: number): Buffer {
  return Buffer.concat([addressOf(host), Buffer.of(port >> 8, port & 0xff)]);
}

/**
 * Length of the address and port at the start of `buffer`, 0 when it cannot be told yet.
 * @throws ProtocolError when it is of no known kind
 */
export function measureSocksAddress([kind, nameLength]: Uint8Array): number {
  if (kind === undefined) return 0;
  if (kind === IPV4) return 1 + 4 + 2;
  if (kind === IPV6) return 1 + 16 + 2;
  if (kind !== NAME)
    throw new ProtocolError("SOCKS_ADDRESS", `the SOCKS proxy answers with an address of kind ${kind}`);
  return nameLength === undefined ? 0 : 1 + 1 + nameLength + 2;
}

function addressOf(host: string): Buffer {
  if (isIpv4(host)) return Buffer.of(IPV4, ...host.split(".").map(Number));
  if (host.includes(":")) return Buffer.of(IPV6, ...ipv6Bytes(host));
  // As the system's resolver would: in Punycode.
  const name = Buffer.from(/^[ -~]+$/.test(host) ? host : domainToASCII(host));
  if (name.length < 1 || name.length > 255) throw new TypeError(`"${host}" is no name that SOCKS can carry`);
  return Buffer.concat([Buffer.of(NAME, name.length), name]);
}

function isIpv4(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) && host.split(".").every((octet) => Number(octet) < 256);
}

function ipv6Bytes(host: string): number[] {
  if (!URL.canParse(`http://[${host}]`))
    throw new TypeError(`"${host}" is no IPv6 address that SOCKS can carry`);
  // In hex from here on, whatever its last 32 bits looked like.
  const [head = "", tail = ""] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const front = groupsOf(head);
  const back = groupsOf(tail);
  const zeros = new Array<number>(8 - front.length - back.length).fill(0);
  return [...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff]);
}

function groupsOf(part: string): number[] {
  return part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
}
