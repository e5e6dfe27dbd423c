import { expect, test } from "vitest";
import { mask } from "../src/mask.ts";

const KEY = [0x37, 0xfa, 0x21, 0x3d];

test("every byte is changed by its byte of the key, wherever in memory the payload stands and however long it is", () => {
  for (let offset = 0; offset < 8; offset++) {
    for (const size of [...Array(20).keys(), 93, 94, 95, 96, 97, 98, 99, 100, 101, 1000, 1001, 1002, 1003]) {
      const memory = new Uint8Array(offset + 4 + size + 8).map((_, i) => i);
      const before = memory.slice();
      const frame = memory.subarray(offset, offset + 4 + size);
      frame.set(KEY);
      mask(frame, 4);
      const payload = before.subarray(offset + 4, offset + 4 + size);
      expect(frame.subarray(4)).toEqual(payload.map((byte, i) => byte ^ KEY[i % 4]!));
      expect(memory.subarray(0, offset)).toEqual(before.subarray(0, offset));
      expect(memory.subarray(offset + 4 + size)).toEqual(before.subarray(offset + 4 + size));
    }
  }
});

test("masked twice is as it was", () => {
  const frame = new Uint8Array(1000).map((_, i) => i);
  const before = frame.slice();
  mask(frame, 14);
  expect(frame).not.toEqual(before);
  mask(frame, 14);
  expect(frame).toEqual(before);
});
