import { domainToASCII } from "node:url";
import { ProtocolError } from "@sock/codec";
import { parseIp } from "../transport/ip.ts";

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
  // A zone means something here alone.
  const ip = host.includes("%") ? undefined : parseIp(host);
  if (ip !== undefined) return Buffer.of(ip.length === 4 ? IPV4 : IPV6, ...ip);
  // As the system's resolver would: in Punycode.
  const name = Buffer.from(/^[ -~]+$/.test(host) ? host : domainToASCII(host));
  if (host.includes(":") || name.length < 1 || name.length > 255)
    throw new TypeError(`"${host}" is no name that SOCKS can carry`);
  return Buffer.concat([Buffer.of(NAME, name.length), name]);
}
