import { formatIp } from "../ip.ts";
import { crc32c } from "./crc32c.ts";
import { malformed, type ProxyHeader, type ProxyTlv, proxyTlv } from "./header.ts";

export const SIGNATURE = /* @__PURE__ */ Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Signature, version and command, family, length. */
export const HEAD = 16;

/** The byte of address family and transport (specification 2.2), and how long an address of it is. */
const FAMILIES: Readonly<
  Record<number, { transport: ProxyHeader["transport"]; address: number } | undefined>
> = {
  0: { transport: "unknown", address: 0 },
  17: { transport: "tcp", address: 4 },
  18: { transport: "udp", address: 4 },
  33: { transport: "tcp", address: 16 },
  34: { transport: "udp", address: 16 },
  49: { transport: "unix", address: 108 },
  50: { transport: "unix", address: 108 },
};

/**
 * Length of the header at the start of `bytes`, 0 when it cannot be told yet.
 * @throws ProtocolError when it is no header of version 2, or is longer than `max`
 */
export function measureV2(bytes: Buffer, max: number): number {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.compare(SIGNATURE, 0, known, 0, known) !== 0) throw malformed("this is no PROXY header");
  if (bytes.length > 12) checkCommand(bytes[12] as number);
  if (bytes.length < HEAD) return 0;
  const length = HEAD + bytes.readUint16BE(14);
  if (length > max) throw malformed(`a PROXY header of ${length} bytes is over the limit of ${max}`);
  return length;
}

/** @throws ProtocolError */
export function decodeV2(bytes: Buffer): ProxyHeader {
  const isLocal = (bytes[12] as number) === 0x20;
  const code = bytes[13] as number;
  const family = isLocal ? FAMILIES[0] : FAMILIES[code];
  if (family === undefined) throw malformed(`a PROXY header of family ${hex(code)}, which there is not`);
  const { transport, address } = family;
  // 2.2: the proxy's own, or of a protocol that it cannot tell; what follows is to be passed over.
  if (transport === "unknown")
    return { version: 2, transport, source: undefined, destination: undefined, tlvs: [] };
  const ports = transport === "unix" ? 0 : 4;
  const end = HEAD + 2 * address + ports;
  if (bytes.length < end)
    throw malformed(
      `a PROXY header of family ${hex(code)} takes ${end} bytes at least, and says ${bytes.length}`,
    );
  const [source, destination] = [
    bytes.subarray(HEAD, HEAD + address),
    bytes.subarray(HEAD + address, end - ports),
  ];
  const format = transport === "unix" ? formatPath : formatIp;
  return {
    version: 2,
    transport,
    source: { address: format(source), port: ports && bytes.readUint16BE(end - 4) },
    destination: { address: format(destination), port: ports && bytes.readUint16BE(end - 2) },
    tlvs: readTlvs(bytes, end),
  };
}

function checkCommand(byte: number): void {
  if (byte >> 4 !== 2) throw malformed(`a PROXY header of version ${byte >> 4}, which there is not`);
  if ((byte & 0xf) > 1) throw malformed(`a PROXY header with the command ${byte & 0xf}, which there is not`);
}

function readTlvs(bytes: Buffer, start: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  let at = start;
  while (at < bytes.length) {
    const valueAt = at + 3;
    const end = valueAt <= bytes.length ? valueAt + bytes.readUint16BE(at + 1) : valueAt;
    if (end > bytes.length)
      throw malformed(`a TLV of a PROXY header ends at ${end}, past the header's ${bytes.length}`);
    const type = bytes[at] as number;
    const value = bytes.subarray(valueAt, end);
    if (type === proxyTlv.crc32c) checkSum(bytes, valueAt, value);
    if (type !== proxyTlv.noop) tlvs.push({ type, value });
    at = end;
  }
  return tlvs;
}

/** 2.2.3: over the whole header, these four bytes taken for zeros. */
function checkSum(bytes: Buffer, at: number, value: Buffer): void {
  const zeroed = Buffer.from(bytes);
  zeroed.fill(0, at, at + value.length);
  if (value.length !== 4 || value.readUint32BE() !== crc32c(zeroed))
    throw malformed("the checksum of a PROXY header does not match");
}

/** Up to the first zero. */
function formatPath(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end === -1 ? bytes.length : end);
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
