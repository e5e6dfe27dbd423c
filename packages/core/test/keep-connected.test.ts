import { getEventListeners } from "node:events";
import { ProtocolError } from "@sock/codec";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test, vi } from "vitest";
import { type ClientOptions, createEventLoop, keepConnected, listen, Prepared } from "../src/index.ts";
import { greeting, lines } from "./support/codecs.ts";
import { Diary, nameOf } from "./support/diary.ts";
import { anyAddress } from "./support/net-pair.ts";
import { Network } from "./support/network.ts";
import { settled } from "./support/settled.ts";

type Options = ClientOptions<string, string, never, Record<string, unknown>>;

/** A client on a network of its own, whose delays are half of their bounds, and its diary. */
function away(options: Partial<Options> = {}) {
  const network = new Network();
  const diary = new Diary();
  const told: Partial<Options> = {
    onReconnecting: (client, next) => {
      diary.write(`attempt ${next.attempt} in ${next.delay} after ${next.error && nameOf(next.error)}`);
      return options.onReconnecting?.(client, next);
    },
    onGiveUp: (client, error) => {
      diary.write(`give up after ${nameOf(error)}`);
      return options.onGiveUp?.(client, error);
    },
  };
  const given = { codec: lines(), lingerTimeout: 100, random: () => 0.5, ...options, ...told };
  const client = network.client<string, string, never>(diary.keep(given));
  return { network, client, diary, clock: network.clock };
}

/** The same, connected. */
async function present(options: Partial<Options> = {}) {
  const all = away(options);
  const peer = await all.network.accept();
  all.diary.news();
  return { ...all, peer };
}

/** Over, in order: the other side ends, and ours answers. */
async function ended({ clock }: { clock: ManualClock }): Promise<void> {
  await clock.advanceAsync(600);
}

test("a client connects, is told, and comes back when its connection is lost", async () => {
  const { network, client, diary, clock } = away();
  expect(client.state).toBe("connecting");
  const peer = await network.accept();
  expect(client.state).toBe("connected");
  peer.send("hello");
  await settled();
  peer.destroy();
  await settled();
  expect(client.state).toBe("waiting");
  expect(diary.news()).toEqual([
    "connect",
    "message hello",
    "error ECONNRESET in transport",
    "close",
    "attempt 2 in 500 after ECONNRESET",
  ]);
  await clock.advanceAsync(499);
  expect(network.isCalled).toBe(false);
  await clock.advanceAsync(1);
  expect(client.state).toBe("connecting");
  await network.accept();
  expect(diary.news()).toEqual(["connect"]);
});

test("it comes back after an end in order too, when our side has ended", async () => {
  const { peer, client, diary, clock } = await present();
  peer.close();
  await ended({ clock });
  expect(diary.news()).toEqual(["close", "attempt 2 in 500 after undefined"]);
  expect(client.state).toBe("connecting");
});

describe("the back-off", () => {
  test("grows with each failure, and begins anew after a healthy connection", async () => {
    const { network, diary, clock } = away({ healthyAfter: 60_000 });
    for (const delay of [500, 1000, 2000]) {
      await network.refuse();
      await clock.advanceAsync(delay);
      expect(network.isCalled).toBe(true);
    }
    await network.accept();
    await clock.advanceAsync(60_000);
    network.peers[0]!.destroy();
    await settled();
    expect(diary.lines.filter((line) => line.startsWith("attempt"))).toEqual([
      "attempt 2 in 500 after ECONNREFUSED",
      "attempt 3 in 1000 after ECONNREFUSED",
      "attempt 4 in 2000 after ECONNREFUSED",
      "attempt 1 in 500 after ECONNRESET",
    ]);
  });

  test("grows on while connections are lost before they are healthy", async () => {
    const { network, diary, clock } = away({ healthyAfter: 60_000 });
    for (const delay of [500, 1000, 2000]) {
      const peer = await network.accept();
      await clock.advanceAsync(59_999);
      peer.destroy();
      await settled();
      expect(diary.lines.at(-1)).toContain(`in ${delay} `);
      await clock.advanceAsync(delay);
    }
  });
});

describe("sends before and between connections", () => {
  test("are queued, and go to the next connection in order, after what onConnect sends", async () => {
    const { network, client, clock } = away({ onConnect: (connection) => connection.send("login") });
    expect(["one", "two"].map((line) => client.send(line))).toEqual(["buffered", "buffered"]);
    client.send(new Prepared("three"));
    expect(client.sendBufferSize).toBe(11);
    const peer = await network.accept();
    expect(network.received).toEqual(["login", "one", "two", "three"]);
    expect(client.sendBufferSize).toBe(0);
    expect(client.send("four")).toBe("sent");
    await settled();
    peer.destroy();
    await settled();
    client.send("five");
    await clock.advanceAsync(500);
    await network.accept();
    expect(network.received.slice(4)).toEqual(["four", "login", "five"]);
  });

  test("within onConnect stay behind what waits", async () => {
    const { network, client } = away({ onConnect: () => void client.send("two") });
    client.send("one");
    await network.accept();
    expect(network.received).toEqual(["one", "two"]);
  });

  test("are refused, when that is wanted", async () => {
    const { network, client } = away({ whileAway: "refuse" });
    expect(client.send("one")).toBe("closed");
    await network.accept();
    expect(client.send("two")).toBe("sent");
    await settled();
    expect(network.received).toEqual(["two"]);
  });

  test("are bounded; what is beyond is dropped, whole, and what was accepted is not", async () => {
    const { network, client } = away({ maxSendBufferSize: 10 });
    const answers = ["12345", "1234", "12", "1", "2"].map((line) => client.send(line));
    expect(answers).toEqual(["buffered", "buffered", "buffered", "dropped", "dropped"]);
    expect(client.dropped).toBe(2);
    await network.accept();
    expect(network.received).toEqual(["12345", "1234", "12"]);
  });

  test("are not dropped by a connection that they fill, however many bytes they turn out to be", async () => {
    const { network, client } = away({ maxSendBufferSize: 100_000 });
    const line = "é".repeat(49_000);
    const answers = [line, line, line, line].map((line) => client.send(line));
    expect(answers).toEqual(["buffered", "buffered", "buffered", "dropped"]);
    await network.accept();
    await settled();
    expect(network.received).toEqual([line, line, line]);
  });

  test("that cannot be told are reported when their turn comes, and those behind them go out", async () => {
    const { network, client, diary } = away();
    for (const line of ["one", "no\nline", "three"]) client.send(line);
    await network.accept();
    expect(network.received).toEqual(["one", "three"]);
    expect(diary.lines).toEqual(["connect", "error a message is one line in encode"]);
  });

  test("wait for the connection after one that its own onConnect closes", async () => {
    let isFirst = true;
    const { network, client, clock } = away({
      onConnect(connection) {
        if (isFirst) connection.close();
        isFirst = false;
      },
    });
    client.send("one");
    await network.accept();
    await clock.advanceAsync(1000);
    expect(network.received).toEqual([]);
    await network.accept();
    expect(network.received).toEqual(["one"]);
  });

  test("are given to no connection that is on its way out", async () => {
    const { network, client, peer, clock } = await present();
    client.connection!.close();
    expect(client.send("one")).toBe("buffered");
    await ended({ clock });
    await network.accept();
    expect(peer.bytesRead).toBe(0);
    expect(network.received).toEqual(["one"]);
  });
});

test("what a lost connection had accepted is not sent again", async () => {
  const { network, client, peer, clock } = await present();
  peer.pauseRecv();
  client.send("x".repeat(500_000));
  expect(client.send("behind it")).toBe("buffered");
  peer.destroy();
  await settled();
  client.send("next");
  await clock.advanceAsync(500);
  await network.accept();
  expect(network.received).toEqual(["next"]);
});

describe("giving up", () => {
  test("after so many attempts in a row", async () => {
    const { network, client, diary, clock } = away({ maxAttempts: 2 });
    client.send("one");
    await network.refuse();
    await clock.advanceAsync(500);
    await network.refuse();
    expect(client.state).toBe("closed");
    expect(diary.lines).toEqual(["attempt 2 in 500 after ECONNREFUSED", "give up after ECONNREFUSED"]);
    expect(client.send("two")).toBe("closed");
    expect(client.sendBufferSize).toBe(0);
    await expect(client.connected()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(clock.pending).toBe(0);
  });

  test("after an end in order has an error too", async () => {
    const { peer, diary, clock } = await present({ maxAttempts: 1 });
    peer.close();
    await ended({ clock });
    expect(diary.news()).toEqual(["close", "give up after CONNECTION_CLOSED"]);
  });

  test("after an error that is not worth another attempt, of a handshake", async () => {
    const shouldRetry = (error: unknown) => !(ProtocolError.is(error) && error.code === "RUDE");
    const { network, client, diary, clock } = away({ codec: greeting(), shouldRetry });
    await network.refuse();
    await clock.advanceAsync(500);
    const peer = await network.accept();
    peer.send("go away");
    await clock.advanceAsync(200);
    expect(diary.lines.at(-1)).toBe("give up after RUDE");
    expect(client.state).toBe("closed");
    expect(network.alive).toBe(0);
  });

  test("or of an open connection", async () => {
    const { peer, diary } = await present({ shouldRetry: () => false });
    peer.destroy();
    await settled();
    expect(diary.news().at(-1)).toBe("give up after ECONNRESET");
  });

  test("when what was given is wrong, as another attempt would not mend it", async () => {
    const { network, diary } = away();
    await network.refuse(new RangeError("port 70000"));
    expect(diary.lines).toEqual(["give up after port 70000"]);
  });

  test("unheard is printed", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const network = new Network();
    network.client({ codec: lines(), maxAttempts: 1 });
    await network.refuse();
    expect(printed).toHaveBeenCalledWith(
      "client memory, gives up:",
      expect.objectContaining({ code: "ECONNREFUSED" }),
    );
    printed.mockRestore();
  });

  test("is not what a bug in onMessage makes it do", async () => {
    const { peer, client, diary, clock } = await present({
      onMessage() {
        throw new TypeError("a bug");
      },
    });
    peer.send("hello");
    await clock.advanceAsync(100);
    expect(diary.news().at(-1)).toBe("attempt 2 in 500 after a bug");
    expect(client.state).toBe("waiting");
  });
});

describe("an attempt", () => {
  test("ends after its timeout, its handshake included, and is made good for", async () => {
    const { network, diary, clock } = away({ codec: greeting(), timeout: 3000 });
    await clock.advanceAsync(1000);
    await network.accept();
    await clock.advanceAsync(2000);
    expect(diary.lines).toEqual(["attempt 2 in 500 after CONNECT_TIMEOUT"]);
    expect(network.alive).toBe(0);
  });

  test("begins when nothing is left of the one before: not while it says goodbye", async () => {
    const { network, clock } = away({ codec: greeting(), random: () => 0 });
    const peer = await network.accept();
    peer.pauseRecv();
    peer.send("go away");
    await clock.advanceAsync(99);
    expect(network.calls).toBe(1);
    await clock.advanceAsync(1000);
    expect(network.calls).toBe(2);
    expect(network.mostAlive).toBe(1);
  });
});

describe("reconnect", () => {
  test("makes the attempt that waits sooner, or later, and counts anew", async () => {
    const { network, client, diary, clock } = away();
    await network.refuse();
    client.reconnect(5000);
    await clock.advanceAsync(4999);
    expect(network.isCalled).toBe(false);
    client.reconnect();
    await clock.advanceAsync(0);
    expect(network.isCalled).toBe(true);
    await network.refuse();
    expect(diary.lines.at(-1)).toBe("attempt 2 in 500 after ECONNREFUSED");
  });

  test("closes the connection in order, and then comes back", async () => {
    const { network, client, peer, diary, clock } = await present();
    client.send("last");
    client.reconnect(50);
    await clock.advanceAsync(10);
    expect(network.received).toEqual(["last"]);
    expect(peer.state).toBe("closed");
    expect(diary.news()).toEqual(["close", "attempt 1 in 50 after undefined"]);
    await clock.advanceAsync(50);
    expect(network.isCalled).toBe(true);
  });

  test("in onClose chooses the delay, as the ancestor's users do", async () => {
    const all = await present({ onClose: () => all.client.reconnect(1234) });
    const { network, peer, diary, clock } = all;
    peer.destroy();
    await settled();
    expect(diary.news().at(-1)).toBe("attempt 1 in 1234 after ECONNRESET");
    await clock.advanceAsync(1234);
    expect(network.isCalled).toBe(true);
  });

  test("leaves an attempt that is under way alone", async () => {
    const { network, client } = away();
    client.reconnect();
    await settled();
    expect(network.calls).toBe(1);
    await network.accept();
    expect(client.state).toBe("connected");
  });

  test("refuses a delay that is none", () => {
    const { client } = away();
    expect(() => client.reconnect(-1)).toThrow(RangeError);
    expect(() => client.reconnect(NaN)).toThrow(RangeError);
  });
});

describe("cancelReconnect", () => {
  test("makes no attempt that waits, until reconnect; what waits to be sent waits on", async () => {
    const { network, client, clock } = away();
    client.send("one");
    await network.refuse();
    client.cancelReconnect();
    expect(client.state).toBe("idle");
    await clock.advanceAsync(100_000);
    expect(network.calls).toBe(1);
    expect(client.send("two")).toBe("buffered");
    client.reconnect();
    await clock.advanceAsync(0);
    await network.accept();
    expect(network.received).toEqual(["one", "two"]);
  });

  test("breaks off an attempt that is under way", async () => {
    const { network, client, diary, clock } = away({ codec: greeting() });
    await network.accept();
    client.cancelReconnect();
    await settled();
    expect(client.state).toBe("idle");
    expect(network.alive).toBe(0);
    expect(diary.lines).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test("and reconnect right behind it makes a new one, when that is gone", async () => {
    const { network, client, clock } = away();
    client.cancelReconnect();
    client.reconnect();
    await clock.advanceAsync(0);
    await clock.advanceAsync(0);
    expect(network.calls).toBe(2);
    expect(network.mostAlive).toBe(1);
  });

  test("leaves a connection, and does not come back from it", async () => {
    const { client, network, peer, diary } = await present();
    client.cancelReconnect();
    expect(client.send("still here")).toBe("sent");
    await settled();
    expect(network.received).toEqual(["still here"]);
    peer.destroy();
    await settled();
    expect(client.state).toBe("idle");
    expect(diary.news().at(-1)).toBe("close");
  });
});

describe("close", () => {
  test("writes what the connection has accepted, and is over when it is gone", async () => {
    const { network, client, diary, clock } = await present();
    client.send("one");
    client.close("two");
    expect(client.state).toBe("closing");
    expect(client.send("three")).toBe("closed");
    await clock.advanceAsync(1000);
    expect(network.received).toEqual(["one", "two"]);
    expect(client.state).toBe("closed");
    expect(diary.news()).toEqual(["close"]);
    expect(network.calls).toBe(1);
  });

  test("while it waits ends it at once, and nothing comes after", async () => {
    const { network, client, diary, clock } = away();
    client.send("one");
    await network.refuse();
    client.close();
    expect(client.state).toBe("closed");
    expect(client.sendBufferSize).toBe(0);
    client.reconnect();
    client.cancelReconnect();
    client.close();
    expect(client.state).toBe("closed");
    await clock.advanceAsync(100_000);
    expect(network.calls).toBe(1);
    expect(diary.lines).toEqual(["attempt 2 in 500 after ECONNREFUSED"]);
  });

  test("while it connects breaks that off", async () => {
    const { network, client, diary } = away();
    client.close();
    await settled();
    expect(client.state).toBe("closed");
    expect(network.alive).toBe(0);
    expect(diary.lines).toEqual([]);
  });

  test("in onConnect closes that connection, and is all", async () => {
    const all = away({ onConnect: () => all.client.close() });
    await all.network.accept();
    await all.clock.advanceAsync(1000);
    expect(all.diary.lines).toEqual(["connect", "close"]);
    expect(all.client.state).toBe("closed");
  });

  test("in onReconnecting is heard", async () => {
    const { network, client, clock } = away({ onReconnecting: (client) => client.close() });
    await network.refuse();
    expect(client.state).toBe("closed");
    expect(clock.pending).toBe(0);
  });

  test("comes with the signal, now or before", async () => {
    const control = new AbortController();
    const { network, client } = away({ signal: control.signal });
    await network.refuse();
    control.abort();
    expect(client.state).toBe("closed");
    expect(getEventListeners(control.signal, "abort")).toEqual([]);
    const late = away({ signal: control.signal });
    await settled();
    expect(late.client.state).toBe("closed");
    expect(late.diary.lines).toEqual([]);
  });

  test("is what a scope does at its end", async () => {
    const { client, clock } = await present();
    const disposed = client[Symbol.asyncDispose]();
    await clock.advanceAsync(1000);
    await disposed;
    expect(client.state).toBe("closed");
    await client[Symbol.asyncDispose]();
  });
});

describe("connected", () => {
  test("waits for the next connection, and is there at once with this one", async () => {
    const { network, client, clock } = away();
    const connected = client.connected();
    await network.refuse();
    await clock.advanceAsync(500);
    await network.accept();
    expect(await connected).toBe(client.connection);
    expect(await client.connected()).toBe(client.connection);
  });

  test("rejects with the reason of its signal, and when the client is closed", async () => {
    const { client } = away();
    const control = new AbortController();
    const aborted = client.connected(control.signal);
    const closed = client.connected();
    control.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    client.close();
    await expect(closed).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  });
});

test("drained waits for a connection that takes what waits", async () => {
  const { network, client, clock } = away();
  client.send("one");
  let isDrained = false;
  const drained = client.drained().then(() => {
    isDrained = true;
  });
  await network.refuse();
  await clock.advanceAsync(500);
  expect(isDrained).toBe(false);
  await network.accept();
  await drained;
  expect(network.received).toEqual(["one"]);
});

describe("an iteration", () => {
  test("goes on over all connections, and ends when the client is closed", async () => {
    const network = new Network();
    const client = network.client<string, string, never>({ codec: lines(), random: () => 0.5 });
    const got: string[] = [];
    const reading = (async () => {
      for await (const line of client) got.push(line);
    })();
    const first = await network.accept();
    first.send("one");
    await settled();
    first.destroy();
    await network.clock.advanceAsync(500);
    const second = await network.accept();
    second.send("two");
    second.close("three");
    await network.clock.advanceAsync(2000);
    (await network.accept()).send("four");
    await settled();
    expect(got).toEqual(["one", "two", "three", "four"]);
    client.close();
    await network.clock.advanceAsync(1000);
    await reading;
  });

  test("throws what made the client give up", async () => {
    const network = new Network();
    const client = network.client({ codec: lines(), maxAttempts: 1, onGiveUp() {} });
    const next = client[Symbol.asyncIterator]().next();
    const thrown = expect(next).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await network.refuse();
    await thrown;
  });

  test("can be left, and taken up again; two at once cannot be", async () => {
    const network = new Network();
    const client = network.client<string, string, never>({ codec: lines() });
    (await network.accept()).send("one");
    for await (const line of client) {
      expect(line).toBe("one");
      await expect(client[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
      break;
    }
    network.peers[0]!.send("two");
    for await (const line of client) {
      expect(line).toBe("two");
      break;
    }
  });

  test("does not hide that somebody else takes a connection's messages", async () => {
    const network = new Network();
    const client = network.client<string, string, never>({ codec: lines() });
    await network.accept();
    client.connection!.pipe(client.connection!);
    await expect(client[Symbol.asyncIterator]().next()).rejects.toThrow("taken already");
  });
});

test("what onReconnecting throws is printed, and the client comes back", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const { network, clock } = away({
    onReconnecting() {
      throw new Error("oops");
    },
  });
  await network.refuse();
  expect(printed).toHaveBeenCalledWith(
    "client memory, onReconnecting:",
    expect.objectContaining({ message: "oops" }),
  );
  printed.mockRestore();
  await clock.advanceAsync(500);
  expect(network.isCalled).toBe(true);
});

test("a heartbeat is that of each connection", async () => {
  const { diary, clock } = await present({ idleTimeout: 20_000 });
  await clock.advanceAsync(20_600);
  expect(diary.news().slice(0, 2)).toEqual(["error IDLE_TIMEOUT in deadline", "close"]);
});

test("stats are the sum of all connections", async () => {
  const { network, client, peer, clock } = await present();
  client.send("one");
  await settled();
  peer.destroy();
  await clock.advanceAsync(500);
  await network.accept();
  client.send("two");
  await settled();
  expect(client.stats()).toMatchObject({ connections: 1, opened: 2, messagesSent: 2 });
});

describe("over real sockets", () => {
  test("a server that was killed is come back to", async () => {
    const clock = new ManualClock();
    const diary = new Diary();
    const serve = (address: string) =>
      listen(address, { codec: lines(), onMessage: (_, line) => diary.write(`server ${line}`) });
    let server = await serve(anyAddress("tcp"));
    const client = keepConnected(server.address, {
      ...diary.keep({ codec: lines() }),
      onReconnecting: (_, { attempt, error }) =>
        diary.write(`attempt ${attempt} after ${error && nameOf(error)}`),
      random: () => 0.5,
      loop: createEventLoop(clock),
    });
    client.send("one");
    await diary.until("server one");
    const { address } = server;
    for (const connection of server.connections) connection.destroy();
    await server.close();
    await diary.until("close");
    client.send("two");
    clock.advance(500);
    await diary.until("attempt 3 after ECONNREFUSED");
    server = await serve(address);
    clock.advance(1000);
    await diary.until("server two");
    expect(diary.count("connect")).toBe(2);
    expect(diary.count("server one")).toBe(1);
    client.close();
    await diary.until("close", 2);
    await server.close();
  });

  test("without a codec, messages are chunks", async () => {
    await using server = await listen(anyAddress("unix"), {
      onConnect: (connection) => void connection.pipe(connection),
    });
    await using client = keepConnected(server.address);
    client.send("there and back");
    for await (const chunk of client) {
      expect(String(chunk)).toBe("there and back");
      break;
    }
  });

  test("what is no address is a TypeError, at once", () => {
    expect(() => keepConnected("127.0.0.1:80")).toThrow(TypeError);
    expect(() => keepConnected("tcp://127.0.0.1:80", { factor: 0 })).toThrow(RangeError);
  });
});
