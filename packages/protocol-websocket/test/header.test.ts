import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Expectation,
  faultOf,
  headerLength,
  headerLengthFor,
  payloadLength,
  writeHeader,
} from "../src/header.ts";

const lengths = fc.oneof(
  fc.nat(200),
  fc.constantFrom(125, 126, 127, 65535, 65536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.nat(Number.MAX_SAFE_INTEGER),
);

test("what is written is read", () => {
  fc.assert(
    fc.property(lengths, fc.boolean(), (length, isMasked) => {
      const header = new Uint8Array(14);
      const size = writeHeader(header, 0x82, length, isMasked);
      expect([header[0], headerLength(header[1]!), payloadLength(header)]).toEqual([0x82, size, length]);
      expect(size).toBe(headerLengthFor(length, isMasked));
      expect(header[1]! >= 0x80).toBe(isMasked);
    }),
  );
});

test("of all first bytes, those pass that RFC 6455 5.2 to 5.5 lets pass", () => {
  const passing = (expected: Expectation) =>
    [...Array(256).keys()].filter(
      (first) => faultOf(first, expected.isMasked ? 0x80 : 0, expected) === undefined,
    );
  for (const isMasked of [true, false]) {
    expect(passing({ isMasked, allowsRsv1: false, isContinuing: false })).toEqual([
      0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8a,
    ]);
    expect(passing({ isMasked, allowsRsv1: false, isContinuing: true })).toEqual([
      0x00, 0x80, 0x88, 0x89, 0x8a,
    ]);
    expect(passing({ isMasked, allowsRsv1: true, isContinuing: false })).toEqual([
      0x01, 0x02, 0x41, 0x42, 0x81, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0xc2,
    ]);
    expect(passing({ isMasked, allowsRsv1: true, isContinuing: true })).toEqual([
      0x00, 0x80, 0x88, 0x89, 0x8a,
    ]);
  }
});
