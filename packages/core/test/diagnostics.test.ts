import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { ManualClock } from "@sock/timer/manual";
import { afterEach, describe, expect, test } from "vitest";
import { createEventLoop, diagnostics } from "../src/index.ts";
import { greeting, lines } from "./support/codecs.ts";
import { nameOf } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

interface Told {
  connection: { id: number };
  message?: unknown;
  error?: unknown;
  phase?: string;
  deadline?: string;
}

const told: string[] = [];

function tell(told_: unknown, channel: string | symbol): void {
  const { connection, message, error, phase, deadline } = told_ as Told;
  const words = [
    connection.id,
    String(channel).replace("sock:connection:", ""),
    message,
    error && nameOf(error),
    phase,
    deadline,
  ];
  told.push(words.filter((word) => word !== undefined).join(" "));
}

const names = Object.values(diagnostics).map((channel) => channel.name);

afterEach(() => {
  for (const name of names) unsubscribe(name, tell);
  told.length = 0;
});

test("the channels have the names that are promised", () => {
  expect(names).toEqual(
    ["open", "close", "message", "drop", "error", "deadline"].map((name) => `sock:connection:${name}`),
  );
});

test("subscribed, they tell the life of a connection", async () => {
  for (const name of names) subscribe(name, tell);
  const { connection, transport } = overFake({ codec: lines(), maxSendBufferSize: 1 });
  transport.receive("hello\n");
  transport.room = 0;
  connection.send("one");
  connection.send("two");
  transport.receive("unfinished");
  transport.handler.peerEnded();
  transport.handler.gone();
  await settled();
  const { id } = connection;
  expect(told).toEqual([
    `${id} open`,
    `${id} message hello`,
    `${id} drop two`,
    `${id} error UNEXPECTED_END finish`,
    `${id} close`,
  ]);
});

test("a connection opens after its handshake, and closes only if it was open", async () => {
  for (const name of names) subscribe(name, tell);
  const good = overFake({ codec: greeting() });
  expect(told).toEqual([]);
  good.transport.receive("hello\n");
  const bad = overFake({ codec: greeting() });
  bad.connection.destroy();
  await settled();
  expect(told).toEqual([`${good.connection.id} open`]);
});

describe("a deadline that has run out is told by its name", () => {
  function begin(options: object) {
    for (const name of names) subscribe(name, tell);
    const clock = new ManualClock();
    const its = overFake({ codec: lines(), loop: createEventLoop(clock), ...options });
    told.length = 0;
    return { clock, ...its };
  }

  test.each([
    [false, ["error PHASE_TIMEOUT deadline", "greeting"]],
    [true, ["greeting"]],
  ])("a phase's, quiet: %s", (quiet, expected) => {
    const codec = lines((link) => {
      link.phase("greeting", { within: 1000, quiet });
      return {};
    });
    const { clock } = begin({ codec });
    clock.advance(1502);
    expect(told.map((line) => line.replace(/^\d+ (deadline )?/, "")).sort()).toEqual(expected);
  });

  test("that of silence", () => {
    const { clock } = begin({ idleTimeout: 1000 });
    clock.advance(1502);
    expect(told.map((line) => line.replace(/^\d+ /, ""))).toContain("deadline idle");
  });

  test.each(["write", "close"])("that of the %s", async (name) => {
    const { clock, transport, connection } = begin({ [`${name}Timeout`]: 1000 });
    transport.room = 0;
    connection.close("bye");
    await settled();
    clock.advance(1502);
    expect(told.map((line) => line.replace(/^\d+ /, ""))).toContain(`deadline ${name}`);
  });
});

test("unsubscribed, nothing is told", () => {
  const { transport } = overFake({ codec: lines() });
  transport.receive("hello\n");
  expect(told).toEqual([]);
});
