import { codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, test } from "vitest";
import { type FrameOptions, frame } from "../src/index.ts";

const formats: FrameOptions[] = [{}, { width: 2, order: "little" }, { width: 1, counts: "payload" }];

describe.each(formats)("frame(%j)", (options) => {
  const message = fc.uint8Array({ maxLength: 20 });
  for (const { name, run } of codecLaws({ codec: frame(options), message })) test(name, run);
});
