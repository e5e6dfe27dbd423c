import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseStreamAddress } from "../src/address.ts";
import { type Address, formatAddress, parseAddress } from "../src/index.ts";

test.each<[string, Address]>([
  ["tcp://127.0.0.1:2347", { transport: "tcp", host: "127.0.0.1", port: 2347 }],
  ["tcp://0.0.0.0:0", { transport: "tcp", host: "0.0.0.0", port: 0 }],
  ["tcp://localhost:65535", { transport: "tcp", host: "localhost", port: 65_535 }],
  ["tcp://chat.example.org:80", { transport: "tcp", host: "chat.example.org", port: 80 }],
  ["tcp://[::1]:80", { transport: "tcp", host: "::1", port: 80 }],
  ["tcp://[fe80::1%eth0]:80", { transport: "tcp", host: "fe80::1%eth0", port: 80 }],
  ["udp://127.0.0.1:2347", { transport: "udp", host: "127.0.0.1", port: 2347 }],
  ["udp://[::1]:0", { transport: "udp", host: "::1", port: 0 }],
  ["unix:/run/chat.sock", { transport: "unix", path: "/run/chat.sock" }],
  ["unix:///run/chat.sock", { transport: "unix", path: "/run/chat.sock" }],
  ["unix:chat.sock", { transport: "unix", path: "chat.sock" }],
  ["unix:/with space/and:colon", { transport: "unix", path: "/with space/and:colon" }],
])("%s is read", (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each([
  "",
  "127.0.0.1:80",
  "tcp:127.0.0.1:80",
  "tcp://127.0.0.1",
  "tcp://127.0.0.1:",
  "tcp://127.0.0.1:65536",
  "tcp://127.0.0.1:-1",
  "tcp://127.0.0.1:8o",
  "tcp://:80",
  "tcp://::1:80",
  "tcp://[]:80",
  "tcp://a b:80",
  "tcp://127.0.0.1:80/path",
  "TCP://127.0.0.1:80",
  "http://127.0.0.1:80",
  "udp:127.0.0.1:80",
  "udp://127.0.0.1",
  "unix:",
  "unix://host/path",
  "unix:/a\0b",
])("%j is a TypeError that says so", (text) => {
  expect(() => parseAddress(text)).toThrow(TypeError);
  expect(() => parseAddress(text)).toThrow(text === "" ? "is no address" : text.slice(0, 4));
});

test("what has no connections cannot be where one is wanted", () => {
  expect(() => parseStreamAddress("udp://127.0.0.1:9")).toThrow(/has no connections/);
  expect(parseStreamAddress("tcp://127.0.0.1:9")).toEqual(parseAddress("tcp://127.0.0.1:9"));
});

describe("what is written is read again", () => {
  const port = fc.integer({ min: 0, max: 65_535 });

  test("for TCP and UDP", () => {
    const transport = fc.constantFrom("tcp" as const, "udp" as const);
    fc.assert(
      fc.property(transport, fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()), port, (transport, host, port) => {
        const address: Address = { transport, host, port };
        expect(parseAddress(formatAddress(address))).toEqual(address);
      }),
    );
  });

  test("for unix paths", () => {
    const path = fc.string({ unit: "grapheme", minLength: 1 }).filter((path) => !/^\/\/|\0/.test(path));
    fc.assert(
      fc.property(path, (path) => {
        expect(parseAddress(formatAddress({ transport: "unix", path }))).toEqual({ transport: "unix", path });
      }),
    );
  });
});
