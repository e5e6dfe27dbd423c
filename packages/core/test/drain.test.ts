import { once } from "node:events";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import { connect as secure } from "node:tls";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { type Connection, connect, createEventLoop, listen, raw } from "../src/index.ts";
import { Farewells } from "../src/server/farewells.ts";
import { pem } from "./support/certificates.ts";
import { greeting, lines, parting, streamed } from "./support/codecs.ts";
import { overFake } from "./support/fake-transport.ts";
import { listening } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

describe("a connection that drains, without a goodbye in its protocol", () => {
  test("ends right behind its next answer", async () => {
    const { connection, transport } = overFake({ codec: lines(), onMessage: (c, line) => c.send(line) });
    connection.drain();
    await settled();
    expect(transport.hasEnded).toBe(false);
    transport.receive("one\n");
    expect(transport.hasEnded).toBe(false);
    await settled();
    expect(transport.written).toBe("one\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("answers all that has come, and then ends", async () => {
    const { connection, transport } = overFake({ codec: lines(), onMessage: (c, line) => c.send(line) });
    connection.drain();
    transport.receive("one\ntwo\nthree\n");
    await settled();
    expect(transport.written).toBe("one\ntwo\nthree\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("does not end while a message is being handled", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { connection, transport } = overFake({
      codec: lines(),
      async onMessage(c, line) {
        await promise;
        c.send(line);
      },
    });
    connection.drain();
    transport.receive("one\ntwo\n");
    connection.send("news");
    await settled();
    expect(transport.hasEnded).toBe(false);
    resolve();
    await settled();
    expect(transport.written).toBe("news\none\ntwo\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("does not end in the middle of a message that comes", async () => {
    const { connection, transport } = overFake({ codec: lines(), onMessage: (c, line) => c.send(line) });
    connection.drain();
    transport.receive("one\ntw");
    await settled();
    expect(transport.hasEnded).toBe(false);
    transport.receive("o\n");
    await settled();
    expect(transport.written).toBe("one\ntwo\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("waits for the answer to what came late, also where the handler's promise does not", async () => {
    const asked: string[] = [];
    const { connection, transport } = overFake({
      codec: lines(),
      onMessage(c, line) {
        if (line === "at once") c.send("first");
        else asked.push(line);
      },
    });
    connection.drain();
    transport.receive("at once\nla");
    await settled();
    transport.receive("ter\n");
    await settled();
    expect(transport.hasEnded).toBe(false);
    connection.send(asked.join());
    await settled();
    expect(transport.written).toBe("first\nlater\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("sends a stream to its end", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { connection, transport } = overFake({ codec: streamed() });
    connection.drain();
    connection.send(
      (async function* () {
        yield "first ";
        await promise;
        yield "last\n";
      })(),
    );
    await settled();
    expect(transport.hasEnded).toBe(false);
    resolve();
    await settled();
    expect(transport.written).toBe("first last\n");
    expect(transport.hasEnded).toBe(true);
  });

  test("goes on while others send through it: a chunk that passes is no answer", async () => {
    const source = overFake({ codec: raw() });
    const { connection, transport } = overFake({ codec: raw() });
    source.connection.pipe(connection);
    connection.drain();
    source.transport.receive("passes");
    await settled();
    expect(transport.written).toBe("passes");
    expect(transport.hasEnded).toBe(false);
  });

  test("drains from the end of its handshake on, when that was under way", async () => {
    for (const why of ["drain", "stop"] as const) {
      const { connection, transport } = overFake({ codec: greeting(parting()) });
      connection.drain(why);
      transport.receive("hello\n");
      await settled();
      expect(transport.written).toBe(`hello\nbye ${why}\n`);
    }
  });
});

describe("a connection that drains, whose protocol has a goodbye that ends it", () => {
  /** A message is being handled until `answer` is called. */
  function handlingOne() {
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    const { connection, transport } = overFake({
      codec: parting(),
      async onMessage(c, line) {
        await promise;
        c.send(line);
      },
    });
    transport.receive("one\n");
    return { connection, transport, answer };
  }

  test("is told at once when nothing is being handled", async () => {
    const { connection, transport } = overFake({ codec: parting() });
    connection.drain();
    await settled();
    expect(transport.written).toBe("bye drain\n");
  });

  test("is told behind the answer to what is being handled", async () => {
    const { connection, transport, answer } = handlingOne();
    connection.drain();
    await settled();
    expect(transport.written).toBe("");
    answer();
    await settled();
    expect(transport.written).toBe("one\nbye drain\n");
  });

  test("is told that nobody takes over, where nobody does: behind the answer, too", async () => {
    const { connection, transport, answer } = handlingOne();
    connection.drain("stop");
    answer();
    await settled();
    expect(transport.written).toBe("one\nbye stop\n");
  });

  test("is told that the server stops while its handler goes on", async () => {
    const { connection, transport } = overFake({
      codec: parting(),
      onMessage: () => new Promise(() => {}),
    });
    transport.receive("one\n");
    connection.drain();
    connection.stop();
    await settled();
    expect(transport.written).toBe("bye stop\n");
  });
});

describe("farewells", () => {
  function peers(count: number, leavesWhenDrained: boolean, told: string[]) {
    return Array.from({ length: count }, (_, i) => ({
      leavesWhenDrained,
      drain: (why: string) => told.push(`${leavesWhenDrained ? "leaves" : "stays"} ${i}: ${why}`),
    }));
  }

  test("are said at the pace given to those who come back at once, and at once to the others", () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const farewells = new Farewells(createEventLoop(clock));
    farewells.begin([...peers(100, true, told), ...peers(50, false, told)], 200);
    expect(told.length).toBe(50 + 10);
    clock.advance(50);
    expect(told.length).toBe(50 + 20);
    clock.advance(10_000);
    expect(told.length).toBe(150);
    expect(clock.pending).toBe(0);
  });

  test("stop when all are closed anyway", () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const farewells = new Farewells(createEventLoop(clock));
    farewells.begin(peers(100, true, told), 20);
    farewells.stop();
    clock.advance(10_000);
    expect(told.length).toBe(1);
    expect(clock.pending).toBe(0);
  });

  test("say to those who are still to be told what has become true meanwhile", () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const farewells = new Farewells(createEventLoop(clock));
    farewells.begin(peers(2, true, told), 20);
    farewells.why = "stop";
    clock.advance(50);
    expect(told).toEqual(["leaves 0: drain", "leaves 1: stop"]);
  });
});

describe("a server that drains", () => {
  test("lets those in who are shaking hands with TLS, answers them, and ends", async () => {
    const server = await listen("tls://127.0.0.1:0", {
      ...listening("tls"),
      codec: lines(),
      onMessage: (connection, line) => connection.send(line),
    });
    const plain = createConnection(Number(new URL(server.address).port), "127.0.0.1");
    while (server.stats().handshaking === 0) await settled();
    const closing = server.close({ drain: 60_000 });
    const socket = secure({ socket: plain, ca: pem("ca"), servername: "localhost" });
    socket.write("hello\n");
    expect(await text(socket)).toBe("hello\n");
    await closing;
    expect(server.stats()).toMatchObject({ opened: 1, connections: 0, handshaking: 0 });
  });

  test("cuts those who have not shaken hands when the time is over", async () => {
    const clock = new ManualClock();
    const loop = createEventLoop(clock);
    const server = await listen("tls://127.0.0.1:0", { ...listening("tls"), codec: lines(), loop });
    const plain = createConnection(Number(new URL(server.address).port), "127.0.0.1").on("error", () => {});
    while (server.stats().handshaking === 0) await settled();
    const closing = server.close({ drain: 1_000 });
    clock.advance(1_000);
    await closing;
    await once(plain.resume(), "close");
    expect(clock.isRef).toBe(false);
  });

  test("waits for those whose PROXY header is not whole yet", async () => {
    const server = await listen("tcp://127.0.0.1:0", {
      codec: lines(),
      proxyProtocol: { from: ["127.0.0.1"] },
      logger: { error() {} },
      onMessage: (connection, line) => connection.send(`${connection.remoteAddress} ${line}`),
    });
    const socket = createConnection({ port: Number(new URL(server.address).port), host: "127.0.0.1" });
    await once(socket, "connect");
    // It has been accepted by the time that one who came later was turned away.
    const later = await connect(server.address);
    later.send(Buffer.from("nonsense\r\n"));
    while (server.stats().refusedBy.proxyProtocol === 0) await settled();
    const closing = server.close({ drain: 60_000 });
    socket.write("PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\r\nhello\n");
    expect(await text(socket)).toBe("192.0.2.1 hello\n");
    await closing;
  });
});

test("who drains says whether another takes over, and may find out later that none does", async () => {
  const server = await listen("tcp://127.0.0.1:0", { codec: parting() });
  const said: string[] = [];
  const onMessage = (connection: Connection<string>, line: string) => {
    said.push(line);
    connection.send("bye");
  };
  for (let i = 0; i < 2; i++) await connect(server.address, { codec: lines(), onMessage });
  while (server.connections.size < 2) await settled();
  const closing = server.close({ drain: 60_000, drainRate: 20 });
  void server.close({ drain: 60_000, why: "stop" });
  await closing;
  expect(said).toEqual(["bye drain", "bye stop"]);
});

test("a pace is a positive number", async () => {
  await using server = await listen("tcp://127.0.0.1:0", {});
  for (const drainRate of [0, -1, Number.NaN])
    expect(() => server.close({ drain: 1, drainRate })).toThrow(RangeError);
});
