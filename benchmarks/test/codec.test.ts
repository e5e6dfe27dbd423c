import { join } from "node:path";
import type { CodecFactory } from "@sock/codec";
import { describe, expect, test } from "vitest";
import { type BuiltinName, builtin } from "../codec/builtin.ts";
import { type CodecCase, checkCase } from "../codec/codec-case.ts";
import { Conversation } from "../codec/conversation.ts";
import { Loop } from "../codec/loop.ts";
import { StepByStep } from "../codec/steps.ts";
import { parseOptions } from "../commands/options.ts";
import { rowOfModule } from "../suites/codec.ts";

const example = join(import.meta.dirname, "../../docs/examples/measured-codec.ts");
const names = Object.keys(builtin) as BuiltinName[];

describe.each(names)("%s", (name) => {
  const what = builtin[name](300);
  const { length } = new Conversation(what).hear();

  test("gets through each verb, sweep after sweep", () => {
    const steps = new StepByStep(what, length);
    let ticks = 0;
    for (let i = 0; i < 3; i++) {
      const { input, decode, encode } = steps.sweep(() => ticks++);
      // Each step looks at its gauge once before and once behind; the more frames a message has, the more often.
      expect(Math.min(input, decode, encode)).toBeGreaterThan(0);
    }
  });

  test.each(["whole", "chopped"] as const)("gets through the loop, frames %s", (arrival) => {
    const loop = new Loop(what, length, arrival);
    let ticks = 0;
    for (let i = 0; i < 3; i++) expect(loop.run(() => ticks++)).toBeGreaterThan(0);
  });
});

describe("a client", () => {
  const echo: CodecFactory<Uint8Array> = () => ({
    input: (buffer) => (buffer.length < 4 ? 0 : 4),
    decode: (frame) => frame,
    encode: (message) => message,
  });
  const what = {
    codec: echo,
    messages: [Buffer.from("pong")],
    ask: Buffer.from("ping"),
  } as unknown as CodecCase;

  test("asks, and hears the peer's message", () => {
    const conversation = new Conversation(what);
    expect(conversation.hear().toString()).toBe("pong");
    conversation.framed.send(Buffer.from("ping"));
    expect(conversation.hear().toString()).toBe("pong");
  });

  test("is measured as well", () => {
    let ticks = 0;
    expect(new StepByStep(what, 4).sweep(() => ticks++).encode).toBeGreaterThan(0);
    expect(new Loop(what, 4, "whole").run(() => ticks++)).toBeGreaterThan(0);
  });
});

describe("a module of the user's", () => {
  test("needs a codec and messages", () => {
    expect(() => checkCase({}, "mine.ts")).toThrow("mine.ts exports no `codec`");
    expect(() => checkCase({ codec: (() => {}) as never }, "mine.ts")).toThrow(
      "mine.ts exports no `messages`",
    );
    expect(() => checkCase({ codec: (() => {}) as never, messages: [] }, "mine.ts")).toThrow("at least one");
  });

  test("is measured: the example", async () => {
    const { run } = parseOptions(["--quick", "--rounds", "1"]);
    const results = await rowOfModule(example).measure({ ...run, compile: 10, duration: 20 });
    expect(results.map(({ metric }) => metric)).toEqual([
      "input",
      "input, allocated",
      "decode",
      "decode, allocated",
      "encode",
      "encode, allocated",
      "loop",
      "loop, allocated",
      "loop, chopped",
      "loop, chopped, allocated",
    ]);
    for (const { row, contestants, unit } of results) {
      expect(row).toBe("measured-codec");
      if (unit === "ns") expect(contestants[0]!.rounds[0]).toBeGreaterThan(0);
    }
  });
});
