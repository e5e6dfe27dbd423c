import type { CodecFactory } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import { type TextOptions, text } from "../src/index.ts";

test("text is strings, or bytes when asked for", () => {
  expectTypeOf(text()).toEqualTypeOf<CodecFactory<string>>();
  expectTypeOf(text({ lastLine: "message" })).toEqualTypeOf<CodecFactory<string>>();
  expectTypeOf(text({ encoding: "latin1" })).toEqualTypeOf<CodecFactory<string>>();
  expectTypeOf(text({ encoding: "bytes" })).toEqualTypeOf<CodecFactory<Uint8Array>>();
});

test("options are checked", () => {
  // @ts-expect-error
  text({ encoding: "utf16" });
  // @ts-expect-error
  text({ lastLine: true });
  expectTypeOf<TextOptions["lastLine"]>().toEqualTypeOf<"error" | "message" | undefined>();
});
