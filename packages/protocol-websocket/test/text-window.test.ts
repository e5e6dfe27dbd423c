import fc from "fast-check";
import { expect, test } from "vitest";
import { TextWindow } from "../src/text-window.ts";

test("it holds the last bytes of all that was appended, as many as its bits say", () => {
  const pieces = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 600, size: "max" }), fc.uint8Array({ maxLength: 20 })),
    {
      maxLength: 20,
    },
  );
  fc.assert(
    fc.property(pieces, fc.constantFrom(8, 9), (list, bits) => {
      const window = new TextWindow(bits);
      let all = Buffer.alloc(0);
      for (const piece of list) {
        window.append(piece);
        all = Buffer.concat([all, piece]);
        const last = all.subarray(-(2 ** bits));
        expect(window.bytes ?? Buffer.alloc(0)).toEqual(last);
        expect(window.retained).toBeLessThanOrEqual(2 ** bits);
      }
    }),
  );
});

test("an empty one takes no memory", () => {
  expect([new TextWindow(15).retained, new TextWindow(15).bytes]).toEqual([0, undefined]);
});
