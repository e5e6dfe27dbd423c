import { isIPv4, isIPv6 } from "node:net";
import type { Endpoint } from "../transport.ts";
import { malformed, type ProxyHeader } from "./header.ts";

/** The longest line there is, its end included (specification 2.1). */
const MAX_LINE = 107;

const PREFIX = Buffer.from("PROXY ");
const LF = 0x0a;

const LINE = /^PROXY (?:(TCP[46]) (\S+) (\S+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})|UNKNOWN(?: .*)?)\r\n$/s;

/**
 * Length of the line at the start of `bytes`, 0 when it has not ended yet.
 * @throws ProtocolError when it is no line of version 1
 */
export function measureV1(bytes: Buffer): number {
  const known = Math.min(bytes.length, PREFIX.length);
  if (bytes.compare(PREFIX, 0, known, 0, known) !== 0) throw malformed("this is no PROXY header");
  const end = bytes.indexOf(LF) + 1;
  if (end > MAX_LINE || (end === 0 && bytes.length >= MAX_LINE))
    throw malformed(`a PROXY line does not end within ${MAX_LINE} bytes`);
  return end;
}

/** @throws ProtocolError */
export function decodeV1(line: Buffer): ProxyHeader {
  const text = line.toString("latin1");
  const parts = LINE.exec(text);
  if (parts === null) throw malformed(`${JSON.stringify(text)} is no PROXY line`);
  const [, protocol, source, destination, sourcePort, destinationPort] = parts;
  if (protocol === undefined)
    return { version: 1, transport: "unknown", source: undefined, destination: undefined, tlvs: [] };
  const isAddress = protocol === "TCP4" ? isIPv4 : isPlainIPv6;
  const endpoint = (address = "", port = ""): Endpoint => {
    if (!isAddress(address) || Number(port) > 65_535)
      throw malformed(`${JSON.stringify(text)}: ${address} port ${port} is not of ${protocol}`);
    return { address, port: Number(port) };
  };
  return {
    version: 1,
    transport: "tcp",
    source: endpoint(source, sourcePort),
    destination: endpoint(destination, destinationPort),
    tlvs: [],
  };
}

function isPlainIPv6(address: string): boolean {
  return isIPv6(address) && !address.includes("%");
}
