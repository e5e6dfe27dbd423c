import { isIP } from "node:net";

/**
 * The 16 bytes of an IPv6 address, or the 4 of an IPv4 one; an IPv4 address mapped into IPv6 (`::ffff:192.0.2.1`) is the
 * IPv4 address that it is. A zone (`%eth0`) is left out. Undefined: it is no address.
 */
export function parseIp(text: string): Uint8Array | undefined {
  const kind = isIP(text);
  if (kind === 0) return undefined;
  if (kind === 4) return Uint8Array.from(text.split("."), Number);
  const bytes = parseIpv6(text);
  return isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** The address as Node writes it, of 4 bytes or 16. RFC 5952: the longest run of zeros is left out. */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join(".")}`;
  const groups = Array.from(
    { length: 8 },
    (_, i) => ((bytes[2 * i] as number) << 8) | (bytes[2 * i + 1] as number),
  );
  const zeros = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return hex.join(":");
  return `${hex.slice(0, zeros.start).join(":")}::${hex.slice(zeros.start + zeros.length).join(":")}`;
}

/** `text` is valid, as `isIP` has it. */
function parseIpv6(text: string): Uint8Array {
  const [address = ""] = text.split("%", 1);
  const [head = "", tail] = address.split("::");
  const front = groupsOf(head);
  const back = tail === undefined ? [] : groupsOf(tail);
  const bytes = new Uint8Array(16);
  for (const [i, group] of front.entries()) put(bytes, 2 * i, group);
  for (const [i, group] of back.entries()) put(bytes, 16 - 2 * (back.length - i), group);
  return bytes;
}

/** Sixteen bits each; a dotted end is two of them. */
function groupsOf(part: string): number[] {
  if (part === "") return [];
  return part.split(":").flatMap((group) => {
    if (!group.includes(".")) return Number.parseInt(group, 16);
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}

function put(bytes: Uint8Array, at: number, group: number): void {
  bytes[at] = group >> 8;
  bytes[at + 1] = group & 0xff;
}

function isMapped(bytes: Uint8Array): boolean {
  return bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0);
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { start: i + 1 - length, length };
  }
  return longest;
}
