import type { Bytes } from "@sock/codec";
import type { Connection, Present } from "@sock/core";
import { expectTypeOf, test } from "vitest";
import { createApp, Worker } from "../src/index.ts";
import { lines } from "./support/lines.ts";

test("messages have the types of the codec", () => {
  const worker = new Worker("tcp://127.0.0.1:0", {
    codec: lines(),
    onMessage(connection, line) {
      expectTypeOf(line).toEqualTypeOf<string>();
      expectTypeOf(connection.send).parameter(0).toExtend<unknown>();
    },
    onWorkerStart(worker) {
      expectTypeOf(worker.id).toEqualTypeOf<number>();
    },
  });
  expectTypeOf(worker).toEqualTypeOf<Worker<string, string, never, Record<string, unknown>>>();
  worker.onMessage = (connection, line) => {
    expectTypeOf(line).toEqualTypeOf<string>();
    connection.send(line);
  };
});

test("without a codec they are chunks", () => {
  const worker = new Worker("tcp://127.0.0.1:0", { count: 2 });
  expectTypeOf(worker).toEqualTypeOf<Worker<Buffer, Bytes, never, Record<string, unknown>>>();
  worker.onMessage = (connection, chunk) => {
    expectTypeOf(connection).toEqualTypeOf<Connection<Buffer, Bytes, never, Record<string, unknown>>>();
    expectTypeOf(chunk).toEqualTypeOf<Buffer>();
  };
});

test("a context is made by whom it is used", () => {
  const worker = new Worker("tcp://127.0.0.1:0", {
    codec: lines(),
    context: () => ({ name: "" }),
    onConnect(connection) {
      expectTypeOf(connection.context).toEqualTypeOf<{ name: string }>();
    },
  });
  expectTypeOf(worker.connections).toExtend<Present<unknown>>();
});

test("an app takes Workers of any types", () => {
  createApp([new Worker("tcp://127.0.0.1:0", { codec: lines() }), new Worker(), new Worker("unix:/tmp/x")]);
  // @ts-expect-error: no Worker
  createApp([{ name: "web" }]);
});
