import type { CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import { type FrameOptions, frame } from "../src/index.ts";

test("bytes come in, bytes and strings go out", () => {
  expectTypeOf(frame()).toEqualTypeOf<CodecFactory<Uint8Array, Uint8Array | string>>();
});

test("options are checked", () => {
  // @ts-expect-error
  frame({ width: 3 });
  // @ts-expect-error
  frame({ order: "BE" });
  // @ts-expect-error
  frame({ counts: "header" });
  expectTypeOf<FrameOptions["width"]>().toEqualTypeOf<1 | 2 | 4 | undefined>();
});
