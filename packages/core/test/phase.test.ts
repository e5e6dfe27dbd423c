import { ManualClock } from "@sock/timer/manual";
import { expect, test } from "vitest";
import { createEventLoop } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

/** Gives a second for each line, which `stop` lifts. */
const hasty = lines((link) => {
  link.phase("first line", { within: 1000 });
  return {
    decode(frame) {
      if (frame.toString() === "stop\n") link.phase("idle");
      else link.phase("next line", { within: 1000 });
      return undefined;
    },
    farewell(why) {
      link.reply(`${why.why} ${"phase" in why ? why.phase : ""}\n`);
      link.end();
    },
  };
});

function begin() {
  const clock = new ManualClock();
  return { clock, ...overFake({ codec: hasty, loop: createEventLoop(clock) }) };
}

test("a peer that is too slow is told, with the phase that it was too slow in, and closed", async () => {
  const { clock, transport, diary } = begin();
  clock.advance(999);
  expect(diary.lines).toEqual(["connect"]);
  clock.advance(502);
  await settled();
  expect(diary.lines).toEqual(["connect", "error PHASE_TIMEOUT in deadline"]);
  expect(String(diary.errors[0])).toContain("first line");
  expect(transport.written).toBe("deadline first line\n");
  expect(transport.hasEnded).toBe(true);
});

test("each new phase puts the deadline off", () => {
  const { clock, transport, diary } = begin();
  for (let i = 0; i < 10; i++) {
    clock.advance(900);
    transport.receive("on\n");
  }
  expect(diary.lines).toEqual(["connect"]);
});

test("a phase without a limit has no deadline", () => {
  const { clock, transport, diary } = begin();
  transport.receive("stop\n");
  clock.advance(1_000_000);
  expect(diary.lines).toEqual(["connect"]);
});

test("after a close no phase counts", async () => {
  const { clock, connection, diary } = begin();
  connection.close();
  clock.advance(1502);
  await settled();
  expect(diary.lines).toEqual(["connect"]);
});
