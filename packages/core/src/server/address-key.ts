import { formatIp, parseIp } from "../transport/ip.ts";

/**
 * What connections of one peer have in common: an IPv4 address, also one mapped into IPv6, or the first 64 bits of an
 * IPv6 address, which is the least that a site is given (RFC 6177): it has all of them to itself.
 */
export function addressKey(address: string): string {
  // Most are, and are their own key.
  if (!address.includes(":")) return address;
  const bytes = parseIp(address);
  if (bytes === undefined) return address;
  return bytes.length === 4 ? formatIp(bytes) : `${formatIp(bytes.slice().fill(0, 8))}/64`;
}
