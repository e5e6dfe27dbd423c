import { getEventListeners } from "node:events";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { AddressError, connect, createEventLoop, listen, SockError } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress, freshPath } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

const options = { codec: lines() };

/** An address where nobody listens any more. */
async function freed(): Promise<string> {
  const server = await listen("tcp://127.0.0.1:0", options);
  await server.close();
  return server.address;
}

test("resolves with an open connection, after its onConnect", async () => {
  await using server = await listen(anyAddress("tcp"), options);
  const diary = new Diary();
  const connection = await connect(server.address, diary.keep(options));
  expect(connection.state).toBe("open");
  expect(diary.lines).toEqual(["connect"]);
  expect(`tcp://${connection.getRemoteAddress()}`).toBe(server.address);
});

test("a name is looked up", async () => {
  await using server = await listen(anyAddress("tcp"), options);
  const connection = await connect(server.address.replace("127.0.0.1", "localhost"), options);
  expect(connection.state).toBe("open");
});

test("what came before anybody took it is there", async () => {
  await using server = await listen(anyAddress("tcp"), { ...options, onConnect: (c) => c.close("welcome") });
  const connection = await connect(server.address, options);
  for (let i = 0; i < 5; i++) await settled();
  for await (const line of connection) expect(line).toBe("welcome");
});

describe("rejects with an AddressError", () => {
  test("when it is refused", async () => {
    const address = await freed();
    const error: unknown = await connect(address, options).catch((error) => error);
    expect(error).toBeInstanceOf(AddressError);
    expect(error).toMatchObject({ code: "ECONNREFUSED", address });
    expect(String(error)).toContain("nobody listens there");
  });

  test("when a name leads to nobody who listens", async () => {
    const address = (await freed()).replace("127.0.0.1", "localhost");
    await expect(connect(address, options)).rejects.toMatchObject({
      name: "AddressError",
      code: "ECONNREFUSED",
    });
  });

  test("when there is no such path", async () => {
    await expect(connect(`unix:${freshPath()}`, options)).rejects.toMatchObject({
      name: "AddressError",
      code: "ENOENT",
    });
  });
});

test("rejects with a TypeError when it is no address", async () => {
  await expect(connect("127.0.0.1:80", options)).rejects.toThrow(TypeError);
});

describe("a timeout", () => {
  test("rejects, with the time and the address", async () => {
    const clock = new ManualClock();
    await using server = await listen(anyAddress("tcp"), options);
    const connecting = connect(server.address, { ...options, timeout: 3000, loop: createEventLoop(clock) });
    clock.advance(3000);
    const error: unknown = await connecting.catch((error) => error);
    expect(error).toBeInstanceOf(SockError);
    expect(error).toMatchObject({ code: "CONNECT_TIMEOUT" });
    expect(String(error)).toContain(`${server.address}: no connection within 3000 ms`);
  });

  test("is 10 s unless told otherwise, and gone when the connection is open", async () => {
    const clock = new ManualClock();
    await using server = await listen(anyAddress("tcp"), options);
    const connecting = connect(server.address, { ...options, loop: createEventLoop(clock) });
    clock.advance(9999);
    const connection = await connecting;
    expect(clock.pending).toBe(0);
    clock.advance(1);
    expect(connection.state).toBe("open");
  });
});

describe("a signal", () => {
  const reason = new Error("changed my mind");

  test("that was aborted before rejects with its reason, and nobody is called", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), diary.keep(options));
    const connecting = connect(server.address, { ...options, signal: AbortSignal.abort(reason) });
    await expect(connecting).rejects.toBe(reason);
    for (let i = 0; i < 5; i++) await settled();
    expect(diary.lines).toEqual([]);
  });

  test("aborted meanwhile rejects with its reason", async () => {
    await using server = await listen(anyAddress("tcp"), options);
    const control = new AbortController();
    const connecting = connect(server.address, { ...options, signal: control.signal });
    control.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    expect(getEventListeners(control.signal, "abort")).toEqual([]);
  });

  test("aborted later does nothing", async () => {
    await using server = await listen(anyAddress("tcp"), options);
    const control = new AbortController();
    const connection = await connect(server.address, { ...options, signal: control.signal });
    expect(getEventListeners(control.signal, "abort")).toEqual([]);
    control.abort(reason);
    await settled();
    expect(connection.state).toBe("open");
  });
});

test("a codec factory that throws rejects, and leaves no socket behind", async () => {
  const diary = new Diary();
  await using server = await listen(anyAddress("tcp"), diary.keep(options));
  const connecting = connect(server.address, {
    codec: () => {
      throw new Error("not today");
    },
  });
  await expect(connecting).rejects.toThrow("not today");
  await diary.until("close");
});

test("a connection that its own onConnect closes is closed as ever", async () => {
  await using server = await listen(anyAddress("tcp"), options);
  const diary = new Diary();
  const connection = await connect(server.address, diary.keep({ ...options, onConnect: (c) => c.close() }));
  await diary.until("close");
  expect(connection.state).toBe("closed");
  expect(diary.lines).toEqual(["connect", "close"]);
});
