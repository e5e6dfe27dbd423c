import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, expect, test } from "vitest";
import { diagnostics } from "../src/index.ts";
import { greeting, lines } from "./support/codecs.ts";
import { nameOf } from "./support/diary.ts";
import { overFake } from "./support/fake-transport.ts";
import { settled } from "./support/settled.ts";

interface Told {
  connection: { id: number };
  message?: unknown;
  error?: unknown;
  phase?: string;
}

const told: string[] = [];

function tell(told_: unknown, channel: string | symbol): void {
  const { connection, message, error, phase } = told_ as Told;
  const words = [
    connection.id,
    String(channel).replace("sock:connection:", ""),
    message,
    error && nameOf(error),
    phase,
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
    ["open", "close", "message", "drop", "error"].map((name) => `sock:connection:${name}`),
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

test("unsubscribed, nothing is told", () => {
  const { transport } = overFake({ codec: lines() });
  transport.receive("hello\n");
  expect(told).toEqual([]);
});
