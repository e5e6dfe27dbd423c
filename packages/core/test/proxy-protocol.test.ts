import { ProtocolError } from "@sock/codec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ProxyHeader, type ProxyHeaderOptions, proxyHeader, proxyTlv } from "../src/index.ts";
import { crc32c } from "../src/transport/proxy-protocol/crc32c.ts";
import { ProxyHeaderReader } from "../src/transport/proxy-protocol/reader.ts";

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

interface Read {
  header: ProxyHeader;
  rest: string;
}

/** Reads what comes in these chunks, as latin1; undefined while the header is not whole. */
function read(chunks: readonly (string | Buffer)[], max = 4096): Read | undefined {
  const reader = new ProxyHeaderReader(max);
  let whole: Read | undefined;
  for (const chunk of chunks) {
    const bytes = Buffer.isBuffer(chunk) ? Buffer.from(chunk) : Buffer.from(chunk, "latin1");
    if (whole !== undefined) whole.rest += bytes.toString("latin1");
    const got = whole === undefined ? reader.receive(bytes) : undefined;
    if (got !== undefined) whole = { header: got.header, rest: got.rest.toString("latin1") };
  }
  return whole;
}

/** All at once, byte by byte, and cut in two at each byte: what comes is the same. */
function readEveryWay(text: string | Buffer, max?: number): Read | undefined {
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text, "latin1");
  const outcome = (chunks: Buffer[]) => {
    try {
      return { read: read(chunks, max) };
    } catch (error) {
      if (!ProtocolError.is(error)) throw error;
      return { error };
    }
  };
  const whole = outcome([bytes]);
  const cuts = Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  for (const chunks of [Array.from(bytes, (byte) => Buffer.of(byte)), ...cuts]) {
    const other = outcome(chunks);
    // What is refused at an earlier byte may be refused in other words.
    if (whole.error !== undefined) expect(other.error?.code).toBe(whole.error.code);
    else expect(other).toEqual(whole);
  }
  if (whole.error !== undefined) throw whole.error;
  return whole.read;
}

function v2(command: number, family: number, body: string | Buffer, length = body.length): Buffer {
  const head = Buffer.alloc(16);
  head.write(SIGNATURE, "latin1");
  head[12] = command;
  head[13] = family;
  head.writeUint16BE(length, 14);
  return Buffer.concat([head, Buffer.isBuffer(body) ? body : Buffer.from(body, "latin1")]);
}

function tlv(type: number, value: string, length = value.length): string {
  return String.fromCharCode(type, length >> 8, length & 0xff) + value;
}

const TCP4 = "\x01\x02\x03\x04\x05\x06\x07\x08\x00\x50\xff\xff";
const TCP6 = `${"\0".repeat(15)}\x01\x20\x01\x0d\xb8${"\0".repeat(12)}\x00\x50\x01\xbb`;

describe("version 1", () => {
  test.each([
    ["PROXY TCP4 1.2.3.4 5.6.7.8 80 65535\r\n", "tcp", ["1.2.3.4", 80], ["5.6.7.8", 65_535]],
    ["PROXY TCP6 ::1 2001:db8::2 0 443\r\n", "tcp", ["::1", 0], ["2001:db8::2", 443]],
    [
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe 65535 65535\r\n",
      "tcp",
      ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65_535],
      ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", 65_535],
    ],
  ] as const)("%j", (line, transport, source, destination) => {
    const endpoint = ([address, port]: readonly [string, number]) => ({ address, port });
    expect(readEveryWay(`${line}then data`)).toEqual({
      header: {
        version: 1,
        transport,
        source: endpoint(source),
        destination: endpoint(destination),
        tlvs: [],
      },
      rest: "then data",
    });
  });

  test.each([
    "PROXY UNKNOWN\r\n",
    "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n",
    `PROXY UNKNOWN ${"x".repeat(91)}\r\n`,
  ])("UNKNOWN has no endpoints, whatever follows on its line: %j", (line) => {
    expect(readEveryWay(`${line}data`)).toEqual({
      header: { version: 1, transport: "unknown", source: undefined, destination: undefined, tlvs: [] },
      rest: "data",
    });
  });

  test("a line of 107 bytes is read, and one of 108 is refused", () => {
    expect(readEveryWay(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`)).toBeDefined();
    expect(() => readEveryWay(`PROXY UNKNOWN ${"x".repeat(92)}\r\n`)).toThrow(/within 107 bytes/);
  });

  test("a line that never ends is refused at its 107th byte", () => {
    expect(read([`PROXY ${"x".repeat(100)}`])).toBeUndefined();
    expect(() => read([`PROXY ${"x".repeat(101)}`])).toThrow(/within 107 bytes/);
  });

  test.each([
    ["another protocol", "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n"],
    ["a protocol in small letters", "PROXY tcp4 1.2.3.4 5.6.7.8 1 2\r\n"],
    ["IPv6 addresses of TCP4", "PROXY TCP4 ::1 ::1 1 2\r\n"],
    ["IPv4 addresses of TCP6", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n"],
    ["one address of each", "PROXY TCP4 1.2.3.4 ::1 1 2\r\n"],
    ["a name", "PROXY TCP4 localhost 5.6.7.8 1 2\r\n"],
    ["an octal number", "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n"],
    ["a zone", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n"],
    ["a port over 65535", "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n"],
    ["a port with a zero in front", "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n"],
    ["a port below 0", "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n"],
    ["no ports", "PROXY TCP4 1.2.3.4 5.6.7.8\r\n"],
    ["one port", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n"],
    ["a port too many", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n"],
    ["two spaces", "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n"],
    ["a space at its end", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n"],
    ["a tab", "PROXY TCP4\t1.2.3.4 5.6.7.8 1 2\r\n"],
    ["a line feed alone", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n"],
    ["a carriage return within", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n"],
    ["UNKNOWN that goes on", "PROXY UNKNOWNS\r\n"],
    ["nothing said", "PROXY \r\n"],
  ])("%s is refused", (_, line) => {
    expect(() => readEveryWay(line)).toThrow(expect.objectContaining({ code: "PROXY_HEADER" }));
  });
});

describe("version 2", () => {
  test("TCP over IPv4", () => {
    expect(readEveryWay(Buffer.concat([v2(0x21, 0x11, TCP4), Buffer.from("data")]))).toEqual({
      header: {
        version: 2,
        transport: "tcp",
        source: { address: "1.2.3.4", port: 80 },
        destination: { address: "5.6.7.8", port: 65_535 },
        tlvs: [],
      },
      rest: "data",
    });
  });

  test("TCP over IPv6", () => {
    expect(readEveryWay(v2(0x21, 0x21, TCP6))?.header).toMatchObject({
      transport: "tcp",
      source: { address: "::1", port: 80 },
      destination: { address: "2001:db8::", port: 443 },
    });
  });

  test("datagrams that a proxy relays as a stream", () => {
    expect(readEveryWay(v2(0x21, 0x12, TCP4))?.header.transport).toBe("udp");
    expect(readEveryWay(v2(0x21, 0x22, TCP6))?.header.transport).toBe("udp");
  });

  test("unix paths, which have no port", () => {
    const path = (text: string) => text.padEnd(108, "\0");
    expect(readEveryWay(v2(0x21, 0x31, path("/run/a.sock") + path("x".repeat(108))))?.header).toMatchObject({
      transport: "unix",
      source: { address: "/run/a.sock", port: 0 },
      destination: { address: "x".repeat(108), port: 0 },
    });
  });

  const unknown = { version: 2, transport: "unknown", source: undefined, destination: undefined, tlvs: [] };

  test.each([
    ["LOCAL, as a health check says", v2(0x20, 0x00, "")],
    ["LOCAL with a family and endpoints, which mean nothing", v2(0x20, 0x11, TCP4)],
    ["LOCAL of a family that there is not", v2(0x20, 0x99, "anything")],
    ["LOCAL with something that is no TLV", v2(0x20, 0x00, "\x01\xff\xff")],
    ["an unspecified family", v2(0x21, 0x00, "")],
    ["an unspecified family with something behind", v2(0x21, 0x00, "skipped")],
  ])("%s: the connection is the proxy's own", (_, bytes) => {
    expect(readEveryWay(Buffer.concat([bytes, Buffer.from("data")]))).toEqual({
      header: unknown,
      rest: "data",
    });
  });

  test("TLVs come as they are, padding left out", () => {
    const body =
      TCP4 + tlv(proxyTlv.alpn, "h2") + tlv(proxyTlv.noop, "\0\0\0") + tlv(0xe0, "") + tlv(0xe0, "mine");
    expect(readEveryWay(v2(0x21, 0x11, body))?.header.tlvs).toEqual([
      { type: 1, value: Buffer.from("h2") },
      { type: 0xe0, value: Buffer.from("") },
      { type: 0xe0, value: Buffer.from("mine") },
    ]);
  });

  test("a checksum is checked", () => {
    const bytes = v2(0x21, 0x11, TCP4 + tlv(proxyTlv.crc32c, "\0\0\0\0"));
    bytes.writeUint32BE(crc32c(bytes), bytes.length - 4);
    expect(readEveryWay(bytes)).toBeDefined();
    bytes[20] = 99;
    expect(() => readEveryWay(bytes)).toThrow(/checksum/);
  });

  test("its checksum is Castagnoli's (RFC 3720, B.4)", () => {
    expect(crc32c(new Uint8Array(32)).toString(16)).toBe("8a9136aa");
    expect(crc32c(Buffer.from("123456789")).toString(16)).toBe("e3069283");
  });

  test.each([
    ["a signature that is another", Buffer.from(SIGNATURE.replace("QUIT", "QUID"), "latin1")],
    ["version 1 in binary", v2(0x11, 0x11, TCP4)],
    ["version 3", v2(0x31, 0x11, TCP4)],
    ["a command that there is not", v2(0x22, 0x11, TCP4)],
    ["a family that there is not", v2(0x21, 0x41, TCP4)],
    ["a transport that there is not", v2(0x21, 0x13, TCP4)],
    ["half a family: IPv4, unspecified transport", v2(0x21, 0x10, TCP4)],
    ["a length too short for its addresses", v2(0x21, 0x11, TCP4.slice(0, 11))],
    ["no addresses", v2(0x21, 0x11, "")],
    ["IPv4 addresses of the IPv6 family", v2(0x21, 0x21, TCP4)],
    ["paths that are too short", v2(0x21, 0x31, "x".repeat(215))],
    ["a TLV that runs over the end", v2(0x21, 0x11, TCP4 + tlv(1, "h2", 3))],
    ["a TLV without its length", v2(0x21, 0x11, `${TCP4}\x01\x00`)],
    ["a TLV of a type alone", v2(0x21, 0x11, `${TCP4}\x01`)],
    ["a checksum of three bytes", v2(0x21, 0x11, TCP4 + tlv(proxyTlv.crc32c, "\0\0\0"))],
  ])("%s is refused", (_, bytes) => {
    expect(() => readEveryWay(bytes)).toThrow(expect.objectContaining({ code: "PROXY_HEADER" }));
  });

  test("a length that promises more than comes is waited for, within the limit", () => {
    expect(readEveryWay(v2(0x21, 0x11, TCP4, 100))).toBeUndefined();
  });

  test("the limit holds when the length is known, before its bytes are waited for", () => {
    const body = "x".repeat(84);
    expect(read([v2(0x20, 0, body)], 100)).toBeDefined();
    expect(() => read([v2(0x20, 0, body)], 99)).toThrow("100 bytes is over the limit of 99");
    expect(() => read([v2(0x20, 0, "", 65_535)])).toThrow("65551 bytes is over the limit of 4096");
  });
});

test.each(["GET / HTTP/1.1\r\n", "\x16\x03\x01\x02", "proxy tcp4", "\r\nX", "\n", "PROXx"])(
  "%j is no header, and is refused at the first byte that shows it",
  (text) => {
    expect(() => readEveryWay(text)).toThrow("this is no PROXY header");
  },
);

test("whatever comes is a header, refused as one, or waited for", () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ maxLength: 120 }).map((text) => Buffer.from(`PROXY ${text}\r\n`)),
    fc
      .record({
        command: fc.constantFrom(0x20, 0x21, 0x22),
        family: fc.nat(255),
        body: fc.uint8Array({ maxLength: 260 }),
      })
      .map(({ command, family, body }) => v2(command, family, Buffer.from(body))),
    fc
      .record({ bytes: fc.uint8Array({ maxLength: 40 }), lie: fc.nat(300) })
      .map(({ bytes, lie }) => v2(0x21, 0x11, Buffer.concat([Buffer.from(TCP4, "latin1"), bytes]), lie)),
  );
  fc.assert(
    fc.property(noise, (bytes) => {
      try {
        readEveryWay(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: "PROXY_HEADER" });
      }
    }),
  );
});

describe("what proxyHeader writes", () => {
  const source = { address: "192.0.2.1", port: 1234 };
  const destination = { address: "198.51.100.2", port: 80 };

  test("is a line in version 1", () => {
    expect(String(proxyHeader({ version: 1, source, destination }))).toBe(
      "PROXY TCP4 192.0.2.1 198.51.100.2 1234 80\r\n",
    );
    expect(String(proxyHeader({ version: 1 }))).toBe("PROXY UNKNOWN\r\n");
  });

  test("says LOCAL of the proxy's own, and nothing of endpoints without an IP address", () => {
    expect(proxyHeader({ local: true, source, destination })).toEqual(v2(0x20, 0, ""));
    expect(proxyHeader({ source: { address: "", port: 0 }, destination })).toEqual(v2(0x21, 0, ""));
  });

  test("maps IPv4 into IPv6 where the two differ", () => {
    const mixed = proxyHeader({ version: 1, source, destination: { address: "2001:db8::1", port: 80 } });
    expect(String(mixed)).toBe("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 1234 80\r\n");
  });

  test.each<[string, ProxyHeaderOptions, typeof TypeError | typeof RangeError]>([
    ["TLVs in version 1", { version: 1, tlvs: [{ type: 1, value: Buffer.of() }] }, TypeError],
    ["a checksum in version 1", { version: 1, checksum: true }, TypeError],
    ["a port that is none", { source: { address: "::1", port: 65_536 }, destination }, RangeError],
    ["a type over 255", { source, destination, tlvs: [{ type: 256, value: Buffer.of() }] }, RangeError],
    [
      "a TLV over 65535",
      { source, destination, tlvs: [{ type: 1, value: Buffer.alloc(65_536) }] },
      RangeError,
    ],
    [
      "more than a header holds",
      { source, destination, tlvs: Array(2).fill({ type: 1, value: Buffer.alloc(40_000) }) },
      RangeError,
    ],
  ])("never holds %s", (_, options, error) => {
    expect(() => proxyHeader(options)).toThrow(error);
  });

  test("is read as it was meant", () => {
    const port = fc.nat(65_535);
    const endpoint = (address: fc.Arbitrary<string>) => fc.record({ address, port });
    const groups = fc.array(fc.integer({ min: 0x2000, max: 0xffff }), { minLength: 8, maxLength: 8 });
    const ipv6 = groups.map((numbers) => numbers.map((number) => number.toString(16)).join(":"));
    const ends = fc.oneof(
      fc.tuple(endpoint(fc.ipV4()), endpoint(fc.ipV4())),
      fc.tuple(endpoint(ipv6), endpoint(ipv6)),
    );
    const tlvs = fc.array(
      fc.record({
        type: fc.nat(255).filter((type) => type !== proxyTlv.noop && type !== proxyTlv.crc32c),
        value: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(
        ends,
        tlvs,
        fc.boolean(),
        fc.constantFrom(1 as const, 2 as const),
        (ends, tlvs, checksum, version) => {
          const [source, destination] = ends;
          const more = version === 2 ? { tlvs, checksum } : {};
          const { header } = readEveryWay(proxyHeader({ version, source, destination, ...more }))!;
          expect(header).toMatchObject({ version, transport: "tcp", source, destination });
          const read = header.tlvs.filter(({ type }) => type !== proxyTlv.crc32c);
          expect(read).toEqual(version === 2 ? tlvs : []);
          expect(header.tlvs.length).toBe(read.length + (version === 2 && checksum ? 1 : 0));
        },
      ),
      { numRuns: 50 },
    );
  });
});
