import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test, vi } from "vitest";
import { type Connection, connect, createEventLoop, listen, type Server } from "../src/index.ts";
import { greeting, lines, parting } from "./support/codecs.ts";
import { dial, readAll } from "./support/dial.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress, connecting, listening } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

describe.each(["tcp", "tls", "unix"] as const)("over %s", (wire) => {
  test("an echo", async () => {
    const diary = new Diary();
    await using server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: lines(),
        onMessage: (connection, line) => connection.send(line),
        ...listening(wire),
      }),
    );
    const client = await connect(server.address, { codec: lines(), ...connecting(wire) });
    client.send("hello");
    client.closeWrite("and goodbye");
    const heard: string[] = [];
    for await (const line of client) heard.push(line);
    expect(heard).toEqual(["hello", "and goodbye"]);
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "message hello", "message and goodbye", "close"]);
  });

  test("many at once, each with its own answers; every open has one close", async () => {
    const opened = new Set<number>();
    const closed: number[] = [];
    const server = await listen(anyAddress(wire), {
      codec: lines(),
      onConnect: (connection) => opened.add(connection.id),
      onMessage: (connection, line) => connection.close(`you said ${line}`),
      onClose: (connection) => closed.push(connection.id),
      ...listening(wire),
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const client = await connect(server.address, { codec: lines(), ...connecting(wire) });
        client.send(String(i));
        for await (const line of client) return line;
        return "";
      }),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, i) => `you said ${i}`));
    await server.close();
    expect(opened.size).toBe(200);
    expect(closed.sort()).toEqual([...opened].sort());
    expect(server.stats()).toMatchObject({
      connections: 0,
      opened: 200,
      messagesReceived: 200,
      messagesSent: 200,
    });
  });
});

describe("connections", () => {
  test("hold a connection also during its onClose, and not after", async () => {
    const seen: [number, boolean][] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const server: Server<string> = await listen(anyAddress("tcp"), {
      codec: lines(),
      onConnect: (connection) => seen.push([server.connections.size, server.connections.has(connection)]),
      onClose(connection) {
        seen.push([server.connections.size, server.connections.has(connection)]);
        resolve();
      },
    });
    const client = await connect(server.address, { codec: lines() });
    client.close();
    await promise;
    await settled();
    expect(seen).toEqual([
      [1, true],
      [1, true],
    ]);
    expect(server.connections.size).toBe(0);
    await server.close();
  });

  test("have ids counted from 1 in this process, clients and servers alike", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), diary.keep({ codec: lines() }));
    const first = await connect(server.address, { codec: lines() });
    const second = await connect(server.address, { codec: lines() });
    await diary.until("connect", 2);
    const ids = [first, second, ...server.connections].map((connection) => connection.id);
    expect(new Set(ids).size).toBe(4);
    expect(second.id).toBeGreaterThan(first.id);
  });

  test("have a context of their own", async () => {
    const diary = new Diary();
    let made = 0;
    await using server = await listen(anyAddress("unix"), {
      codec: lines(),
      context: () => {
        made += 1;
        return { name: `guest ${made}` };
      },
      onConnect: ({ context }) => diary.write(context.name),
    });
    await connect(server.address, { codec: lines() });
    await connect(server.address, { codec: lines() });
    await diary.until("guest 2");
    expect(diary.lines).toEqual(["guest 1", "guest 2"]);
  });
});

describe("addresses of a connection", () => {
  test("over IPv4", async () => {
    const { promise, resolve } = Promise.withResolvers<Connection<string, string, never, never>>();
    await using server = await listen("tcp://127.0.0.1:0", { codec: lines(), onConnect: resolve as never });
    const client = await connect(server.address, { codec: lines() });
    const connection = await promise;
    expect(server.address).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
    expect(`tcp://${connection.getLocalAddress()}`).toBe(server.address);
    expect(connection.getRemoteAddress()).toBe(client.getLocalAddress());
    expect(connection.getRemoteIp()).toBe("127.0.0.1");
    expect(connection.getRemotePort()).toBe(client.localPort);
    expect([connection.isIpV4(), connection.isIpV6(), connection.transport]).toEqual([true, false, "tcp"]);
  });

  test("over IPv6", async ({ skip }) => {
    const { promise, resolve } = Promise.withResolvers<Connection<string, string, never, never>>();
    const server = await listen("tcp://[::1]:0", { codec: lines(), onConnect: resolve as never }).catch(() =>
      skip("this machine has no ::1"),
    );
    await using _ = server;
    const client = await connect(server.address, { codec: lines() });
    const connection = await promise;
    expect(server.address).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
    expect(connection.remoteAddress).toBe("::1");
    expect(connection.getRemoteAddress()).toBe(`[::1]:${client.localPort}`);
    expect([connection.isIpV4(), connection.isIpV6()]).toEqual([false, true]);
  });

  test("over a unix socket: there are none", async () => {
    const { promise, resolve } = Promise.withResolvers<Connection<string, string, never, never>>();
    const address = anyAddress("unix");
    await using server = await listen(address, { codec: lines(), onConnect: resolve as never });
    await connect(server.address, { codec: lines() });
    const connection = await promise;
    expect(server.address).toBe(address);
    expect(connection.getRemoteAddress()).toBe("");
    expect([connection.getRemoteIp(), connection.getRemotePort()]).toEqual(["", 0]);
    expect([connection.isIpV4(), connection.isIpV6(), connection.transport]).toEqual([false, false, "unix"]);
  });
});

describe("pauseAccept", () => {
  test("lets new connections wait, with what they say, until resumeAccept", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), diary.keep({ codec: lines() }));
    const before = await connect(server.address, { codec: lines() });
    await diary.until("connect");
    server.pauseAccept();
    const during = await connect(server.address, { codec: lines() });
    during.send("early");
    before.send("still here");
    await diary.until("message still here");
    for (let i = 0; i < 5; i++) await settled();
    expect(diary.lines).toEqual(["connect", "message still here"]);
    server.resumeAccept();
    await diary.until("message early");
    expect(diary.lines.slice(2)).toEqual(["connect", "message early"]);
  });

  test("twice is once, and so is resumeAccept", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("unix"), diary.keep({ codec: lines() }));
    server.pauseAccept();
    server.pauseAccept();
    const client = await connect(server.address, { codec: lines() });
    client.close("one");
    server.resumeAccept();
    server.resumeAccept();
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "message one", "close"]);
  });

  test("knows a peer that went while it waited: it opens, and closes", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), diary.keep({ codec: lines() }));
    server.pauseAccept();
    const peer = await dial(server.address);
    for (let i = 0; i < 5; i++) await settled();
    peer.resetAndDestroy();
    for (let i = 0; i < 5; i++) await settled();
    server.resumeAccept();
    await diary.until("close");
    expect(diary.count("connect")).toBe(1);
  });

  test("no more than backlog of them wait; those beyond are refused", async () => {
    await using server = await listen(anyAddress("tcp"), { codec: lines(), backlog: 2 });
    server.pauseAccept();
    const peers = await Promise.all([1, 2, 3].map(() => dial(server.address)));
    await Promise.race(peers.map((peer) => readAll(peer)));
    expect(server.stats().refused).toBe(1);
  });

  test("a server that closes meanwhile cuts those that wait", async () => {
    const server = await listen(anyAddress("tcp"), { codec: lines() });
    server.pauseAccept();
    const peer = await dial(server.address);
    for (let i = 0; i < 5; i++) await settled();
    await server.close();
    expect(await readAll(peer)).toHaveLength(0);
    server.resumeAccept();
    expect(server.stats().opened).toBe(0);
  });

  test("taken back after the close accepts nobody who still waits", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const server = await listen(
      anyAddress("tcp"),
      diary.keep({ codec: lines(), loop: createEventLoop(clock) }),
    );
    await connect(server.address, { codec: lines() });
    await diary.until("connect");
    server.pauseAccept();
    const peer = await dial(server.address);
    for (let i = 0; i < 5; i++) await settled();
    const closing = server.close();
    server.resumeAccept();
    expect(await readAll(peer)).toHaveLength(0);
    await closing;
    expect(diary.lines).toEqual(["connect", "close"]);
  });
});

describe("maxConnections", () => {
  test("turns those beyond away, counted, and takes others when there is room again", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("tcp"), {
      ...diary.keep({ codec: lines() }),
      maxConnections: 1,
    });
    const first = await connect(server.address, { codec: lines() });
    await diary.until("connect");
    const second = await dial(server.address);
    expect(await readAll(second)).toHaveLength(0);
    expect(server.stats()).toMatchObject({ connections: 1, opened: 1, refused: 1 });
    first.close();
    await diary.until("close");
    await settled();
    const third = await connect(server.address, { codec: lines() });
    third.send("in");
    await diary.until("message in");
  });

  test("can be changed at any time", async () => {
    const diary = new Diary();
    await using server = await listen(anyAddress("unix"), {
      ...diary.keep({ codec: lines() }),
      maxConnections: 0,
    });
    expect(await readAll(await dial(server.address))).toHaveLength(0);
    server.maxConnections = 1;
    await connect(server.address, { codec: lines() });
    await diary.until("connect");
    expect(server.stats().refused).toBe(1);
  });
});

describe("close", () => {
  test("says goodbye to every connection with what was sent to it, and resolves when all are gone", async () => {
    const server = await listen(anyAddress("tcp"), { codec: parting() });
    const clients = await Promise.all(
      [1, 2, 3].map(async () => {
        const client = await connect(server.address, { codec: lines() });
        const heard: string[] = [];
        client.onMessage = (client, line) => {
          heard.push(line);
          if (line.startsWith("bye")) client.close("bye");
        };
        return heard;
      }),
    );
    while (server.connections.size < 3) await settled();
    for (const connection of server.connections) connection.send("last news");
    await server.close();
    expect(server.connections.size).toBe(0);
    expect(clients).toEqual([1, 2, 3].map(() => ["last news", "bye stop"]));
  });

  test("accepts no more, and frees the address at once", async () => {
    const server = await listen(anyAddress("tcp"), { codec: lines() });
    const { address } = server;
    const closing = server.close();
    await expect(connect(address, { codec: lines() })).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await closing;
    await using again = await listen(address, { codec: lines() });
    expect(again.address).toBe(address);
  });

  test("twice is once", async () => {
    const server = await listen(anyAddress("tcp"), { codec: lines() });
    expect(server.close()).toBe(server.close());
    await server[Symbol.asyncDispose]();
  });

  test("does not wait for peers that never began their handshake", async () => {
    const server = await listen(anyAddress("tcp"), { codec: greeting() });
    const peer = await dial(server.address);
    while (server.connections.size === 0) await settled();
    const closing = server.close();
    expect(String(await readAll(peer))).toBe("hello\n");
    peer.end();
    await closing;
    expect(server.stats().errors).toBe(0);
  });

  test("does not wait for ever for a peer that does not end", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const server = await listen(
      anyAddress("tcp"),
      diary.keep({ codec: lines(), lingerTimeout: 2000, loop: createEventLoop(clock) }),
    );
    await dial(server.address);
    await diary.until("connect");
    let isClosed = false;
    const closing = server.close().then(() => {
      isClosed = true;
    });
    for (let i = 0; i < 5; i++) await settled();
    expect(isClosed).toBe(false);
    clock.advance(2502);
    await closing;
    expect(diary.lines).toEqual(["connect", "close"]);
  });
});

describe("close with drain", () => {
  test("lets peers finish by themselves", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const server = await listen(
      anyAddress("tcp"),
      diary.keep({
        codec: lines(),
        loop: createEventLoop(clock),
        onMessage: (connection, line) => connection.send(line),
      }),
    );
    const client = await connect(server.address, { codec: lines() });
    await diary.until("connect");
    const closing = server.close({ drain: 60_000 });
    client.send("one more");
    for await (const line of client) {
      expect(line).toBe("one more");
      client.close();
    }
    await closing;
    expect(diary.lines).toEqual(["connect", "message one more", "close"]);
    // Nothing is left that would keep the process alive.
    expect(clock.isRef).toBe(false);
  });

  test("tells those whose protocol has a goodbye for it", async () => {
    const server = await listen(anyAddress("tcp"), { codec: parting() });
    const client = await connect(server.address, { codec: lines() });
    while (server.connections.size === 0) await settled();
    const closing = server.close({ drain: 60_000 });
    const heard: string[] = [];
    for await (const line of client) {
      heard.push(line);
      client.close("bye");
    }
    await closing;
    expect(heard).toEqual(["bye drain"]);
  });

  test("closes those who are left when the time is over", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const server = await listen(
      anyAddress("tcp"),
      diary.keep({ codec: lines(), loop: createEventLoop(clock) }),
    );
    const client = await connect(server.address, { codec: lines() });
    await diary.until("connect");
    const closing = server.close({ drain: 1000 });
    clock.advance(999);
    await settled();
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1);
    await closing;
    expect(diary.lines).toEqual(["connect", "close"]);
    expect(client.state).not.toBe("opening");
    expect(clock.pending).toBeLessThanOrEqual(1);
  });
});

describe("a second close", () => {
  async function draining(drain: number) {
    const clock = new ManualClock();
    const diary = new Diary();
    const server = await listen(
      anyAddress("tcp"),
      diary.keep({ codec: lines(), loop: createEventLoop(clock) }),
    );
    await connect(server.address, { codec: lines() });
    await diary.until("connect");
    return { clock, diary, server, closing: server.close({ drain }) };
  }

  test("without drain hurries one that drains", async () => {
    const { clock, diary, server, closing } = await draining(60_000);
    await settled();
    expect(diary.lines).toEqual(["connect"]);
    await Promise.all([server.close(), closing]);
    expect(diary.lines).toEqual(["connect", "close"]);
    expect(clock.isRef).toBe(false);
  });

  test("with a shorter drain does so too", async () => {
    const { clock, diary, server, closing } = await draining(60_000);
    const again = server.close({ drain: 1000 });
    clock.advance(999);
    await settled();
    expect(diary.lines).toEqual(["connect"]);
    clock.advance(1);
    await Promise.all([closing, again]);
    expect(clock.isRef).toBe(false);
  });

  test("with a longer one gives nobody more time", async () => {
    const { clock, server, closing } = await draining(1000);
    void server.close({ drain: 60_000 });
    clock.advance(1000);
    await closing;
  });

  test("leaves nothing that would keep the process alive where nobody is connected", async () => {
    const clock = new ManualClock();
    const server = await listen(anyAddress("tcp"), { codec: lines(), loop: createEventLoop(clock) });
    await server.close({ drain: 60_000 });
    await server.close({ drain: 1000 });
    expect(clock.isRef).toBe(false);
  });
});

describe("stats", () => {
  test("count connections, messages and bytes", async () => {
    const diary = new Diary();
    await using server = await listen(
      anyAddress("tcp"),
      diary.keep({ codec: lines(), onMessage: (connection, line) => connection.send(`${line}!`) }),
    );
    expect(server.stats()).toEqual({
      connections: 0,
      opened: 0,
      refused: 0,
      refusedBy: expect.any(Object),
      handshaking: 0,
      handshakesFailed: 0,
      messagesReceived: 0,
      messagesSent: 0,
      bytesRead: 0,
      bytesWritten: 0,
      dropped: 0,
      waited: 0,
      slowConsumers: 0,
      errors: 0,
    });
    const client = await connect(server.address, { codec: lines() });
    client.send("123");
    client.send("4567");
    await diary.until("message 4567");
    await settled();
    expect(server.stats()).toMatchObject({
      connections: 1,
      opened: 1,
      messagesReceived: 2,
      messagesSent: 2,
      bytesRead: 9,
      bytesWritten: 11,
    });
    client.close();
    await diary.until("close");
    await settled();
    expect(server.stats()).toMatchObject({ connections: 0, opened: 1 });
  });

  test("are a copy: what was given out does not change", async () => {
    await using server = await listen(anyAddress("unix"), { codec: lines(), maxConnections: 0 });
    const before = server.stats();
    await readAll(await dial(server.address));
    expect(before.refused).toBe(0);
    expect(server.stats().refused).toBe(1);
  });
});

test("a codec factory that throws costs its connection alone, and is printed", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  let made = 0;
  await using server = await listen(anyAddress("tcp"), {
    codec: (link) => {
      made += 1;
      if (made === 1) throw new Error("not today");
      return lines()(link);
    },
    onMessage: (connection, line) => connection.send(line),
  });
  expect(await readAll(await dial(server.address))).toHaveLength(0);
  expect(printed).toHaveBeenCalledWith(
    `server ${server.address}:`,
    expect.objectContaining({ message: "not today" }),
  );
  printed.mockRestore();
  expect(server.stats()).toMatchObject({ connections: 0, errors: 1 });

  const client = await connect(server.address, { codec: lines() });
  client.closeWrite("hi");
  for await (const line of client) expect(line).toBe("hi");
});

test("handlers may be methods of an object of a class, and find their `this`", async () => {
  class Chat {
    readonly codec = lines();
    readonly diary = new Diary();
    onConnect() {
      this.diary.write("connect");
    }
    onMessage(_: unknown, line: string) {
      this.diary.write(line);
    }
  }
  const chat = new Chat();
  await using server = await listen(anyAddress("unix"), chat);
  const client = await connect(server.address, { codec: lines() });
  client.send("hi");
  await chat.diary.until("hi");
  expect(chat.diary.lines).toEqual(["connect", "hi"]);
});

test("without a codec, messages are chunks", async () => {
  await using server = await listen(anyAddress("tcp"), {
    onMessage: (connection, chunk) => connection.send(chunk),
  });
  const client = await connect(server.address);
  client.send(["he", Buffer.from("llo")]);
  for await (const chunk of client) {
    expect(Buffer.isBuffer(chunk)).toBe(true);
    expect(String(chunk)).toBe("hello");
    break;
  }
  client.close();
});
