import { createSocket, Socket } from "node:dgram";
import { once } from "node:events";
import { BlockList } from "node:net";
import { type CodecFactory, ProtocolError, toBuffer } from "@sock/codec";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { DatagramEnd } from "../src/datagram/datagram-end.ts";
import { settleDatagrams } from "../src/datagram/settings.ts";
import {
  connect,
  createEventLoop,
  diagnostics,
  type HandlerTrace,
  handlerTracing,
  listen,
  Prepared,
  type UdpServerOptions,
} from "../src/index.ts";
import { greeting, lines, notedLines, sized, streamed } from "./support/codecs.ts";
import { nameOf } from "./support/diary.ts";
import { settled } from "./support/settled.ts";

/** A bare socket of Node, connected to `address`. What comes is in `heard`. */
async function bare(
  address: string,
): Promise<{ socket: Socket; heard: string[]; until(count: number): Promise<void> }> {
  const { hostname, port } = new URL(address);
  const socket = createSocket(hostname.includes("[") ? "udp6" : "udp4");
  const heard: string[] = [];
  socket.on("message", (bytes) => heard.push(bytes.toString()));
  socket.on("error", () => {});
  onTestFinished(() => void socket.close());
  socket.connect(Number(port), hostname.replace(/[[\]]/g, ""));
  await once(socket, "connect");
  const until = async (count: number) => {
    while (heard.length < count) await once(socket, "message");
  };
  return { socket, heard, until };
}

type Options = UdpServerOptions<string, string, never, Record<string, unknown>>;

/** Says back each line, and writes down what happens. */
async function serve(options: Partial<Options> = {}, address: `udp://${string}` = "udp://127.0.0.1:0") {
  const told: string[] = [];
  let wake = () => {};
  const tell = (line: string) => {
    told.push(line);
    wake();
  };
  const server = await listen(address, {
    codec: lines(),
    onMessage(connection, line) {
      tell(`message ${line}`);
      connection.send(`${line}!`);
    },
    onError: (_, error, phase) => tell(`error ${nameOf(error)} in ${phase}`),
    ...options,
  });
  onTestFinished(() => server.close());
  const until = async (line: string, times = 1) => {
    while (told.filter((other) => other === line).length < times) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { server, told, tell, until };
}

/** What nobody hears must have gone somewhere. */
async function sync(address: string): Promise<void> {
  const peer = await bare(address);
  peer.socket.send("sync\n");
  await peer.until(1);
}

describe("a server", () => {
  test("answers each datagram where it came from", async () => {
    const { server } = await serve();
    expect(server.address).toMatch(/^udp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const [one, two] = [await bare(server.address), await bare(server.address)];
    one.socket.send("one\n");
    two.socket.send("two\n");
    await one.until(1);
    await two.until(1);
    expect([one.heard, two.heard]).toEqual([["one!\n"], ["two!\n"]]);
  });

  test("over IPv6, and at a name", async () => {
    for (const address of ["udp://[::1]:0", "udp://localhost:0"] as const) {
      const { server } = await serve({}, address);
      const peer = await bare(server.address);
      peer.socket.send("hi\n");
      await peer.until(1);
      expect(peer.heard).toEqual(["hi!\n"]);
    }
  });

  test("gives who sent it, under our names and the ancestor's", async () => {
    const seen = Promise.withResolvers<unknown>();
    const { server } = await serve({
      onMessage: (c) =>
        seen.resolve([
          c.transport,
          c.remoteAddress,
          c.remotePort,
          c.getRemoteAddress(),
          c.getLocalAddress(),
          c.isIpV4(),
        ]),
    });
    const { socket } = await bare(server.address);
    socket.send("who\n");
    const { port } = socket.address();
    const local = server.address.slice("udp://".length);
    expect(await seen.promise).toEqual(["udp", "127.0.0.1", port, `127.0.0.1:${port}`, local, true]);
  });

  test("without a codec, messages are datagrams", async () => {
    const server = await listen("udp://127.0.0.1:0", {
      onMessage: (connection, bytes) => void connection.send(bytes),
    });
    onTestFinished(() => server.close());
    const peer = await bare(server.address);
    peer.socket.send("any\0bytes");
    await peer.until(1);
    expect(peer.heard).toEqual(["any\0bytes"]);
  });

  test("several messages of one datagram come in order, each behind the handler of the one before", async () => {
    const gates: (() => void)[] = [];
    const { server, told, tell, until } = await serve({
      async onMessage(_, line) {
        tell(`message ${line}`);
        await new Promise<void>((resolve) => gates.push(resolve));
      },
    });
    const peer = await bare(server.address);
    peer.socket.send("a\nb\n");
    await until("message a");
    peer.socket.send("c\n");
    // Another datagram does not wait for it.
    await until("message c");
    expect(told).toEqual(["message a", "message c"]);
    gates[0]?.();
    await until("message b");
    expect(told).toEqual(["message a", "message c", "message b"]);
  });

  test("keeps a datagram's connection for later answers, and for more than one", async () => {
    const kept = Promise.withResolvers<{ send(line: string): string; close(line?: string): void }>();
    const { server } = await serve({ onMessage: (connection) => kept.resolve(connection) });
    const peer = await bare(server.address);
    peer.socket.send("later\n");
    const connection = await kept.promise;
    await settled();
    expect(connection.send("one")).toBe("sent");
    expect(connection.send("two")).toBe("sent");
    connection.close("three");
    connection.close();
    await peer.until(3);
    expect(peer.heard.sort()).toEqual(["one\n", "three\n", "two\n"]);
  });

  test("gives each datagram a context of its own", async () => {
    const contexts: unknown[] = [];
    const { server } = await serve({
      context: () => ({ visits: 0 }),
      onMessage(connection, line) {
        contexts.push(connection.context);
        connection.send(line);
      },
    });
    const peer = await bare(server.address);
    peer.socket.send("a\nb\n");
    peer.socket.send("c\n");
    await peer.until(3);
    expect(contexts[0]).toBe(contexts[1]);
    expect(contexts[2]).not.toBe(contexts[0]);
  });

  test("sends to anybody", async () => {
    const { server } = await serve();
    const peer = await bare(server.address);
    const { address, port } = peer.socket.address();
    expect(server.send("news", { address, port })).toBe("sent");
    expect(server.send(new Prepared("more news"), { address, port })).toBe("sent");
    await peer.until(2);
    expect(peer.heard).toEqual(["news\n", "more news\n"]);
    expect(() => server.send("news", { address: "localhost", port })).toThrow(TypeError);
    expect(() => server.send("news", { address, port: 0 })).toThrow(RangeError);
  });

  test("takes from whom it may", async () => {
    const deny = new BlockList();
    const { server, told } = await serve({ deny });
    await sync(server.address);
    deny.addAddress("127.0.0.1");
    const peer = await bare(server.address);
    peer.socket.send("no\n");
    await vi.waitFor(() => expect(server.stats().refused).toBe(1));
    expect(told).toEqual(["message sync"]);
    const none = await serve({ allow: ["192.0.2.1"] });
    (await bare(none.server.address)).socket.send("no\n");
    await vi.waitFor(() => expect(none.server.stats().refused).toBe(1));
  });

  test("in use is an AddressError, and so is what this machine has not", async () => {
    const { server } = await serve();
    const address = server.address as `udp://${string}`;
    await expect(listen(address, {})).rejects.toMatchObject({
      name: "AddressError",
      code: "EADDRINUSE",
      address,
    });
    await expect(listen("udp://192.0.2.1:0", {})).rejects.toMatchObject({ code: "EADDRNOTAVAIL" });
    await expect(listen("udp://no.such.host.invalid:0", {})).rejects.toMatchObject({ name: "AddressError" });
  });

  test("with reuseAddr, an address may have several", async () => {
    const first = await serve({ reuseAddr: true });
    const second = await listen(first.server.address as `udp://${string}`, { reuseAddr: true });
    expect(second.address).toBe(first.server.address);
    await second.close();
  });
});

describe("an error concerns its datagram alone:", () => {
  test.each<[string, Buffer | string, string, CodecFactory<string>?]>([
    ["what is left over is one", "no end", "error UNEXPECTED_END in finish"],
    ["what is left over behind messages", "a\nno end", "error UNEXPECTED_END in finish"],
    [
      "a frame that promises more than the datagram",
      "\0\0\0\x09abc",
      "error UNEXPECTED_END in finish",
      asText(sized()),
    ],
    ["a frame over maxPackageSize", `${"x".repeat(200)}\n`, "error FRAME_TOO_LARGE in input"],
    ["a codec that throws", "bad\n", "error broken in decode", throwing(new Error("broken"))],
    [
      "a codec that refuses",
      "bad\n",
      "error RUDE in decode",
      throwing(new ProtocolError("RUDE", "no", { farewell: "bye\n" })),
    ],
    [
      "a codec that holds",
      "bad\n",
      "error a datagram cannot be held: nothing comes after it in decode",
      lines((link) => ({
        decode: (frame) => (frame.length === 4 ? link.hold() : undefined) as undefined,
      })),
    ],
    [
      "a codec that upgrades",
      "bad\n",
      "error a datagram has no next codec: nothing comes after it in decode",
      lines((link) => ({
        decode: (frame) => (frame.length === 4 ? link.upgrade(lines()) : undefined) as undefined,
      })),
    ],
  ])("%s", async (_, bytes, error, codec = lines()) => {
    const { server, told, until } = await serve({ codec, maxPackageSize: 100 });
    const peer = await bare(server.address);
    peer.socket.send(bytes);
    await until(error);
    expect(told.filter((line) => line.startsWith("error"))).toEqual([error]);
    // Not a byte of a farewell.
    peer.socket.send("\0\0\0\x03ok\n");
    await settled();
    expect(peer.heard.filter((line) => line === "bye\n")).toEqual([]);
    expect(server.stats().errors).toBe(told.filter((line) => line.startsWith("error")).length);
  });

  test("a handler that throws, or rejects", async () => {
    const { server, told, until } = await serve({
      onMessage(connection, line) {
        if (line === "throw") throw new Error("thrown");
        if (line === "reject") return Promise.reject(new Error("rejected"));
        connection.send(line);
        return undefined;
      },
    });
    const peer = await bare(server.address);
    for (const line of ["throw\nmore\n", "reject\nmore\n", "fine\n"]) peer.socket.send(line);
    await until("error rejected in onMessage");
    await peer.until(1);
    expect(told.sort()).toEqual(["error rejected in onMessage", "error thrown in onMessage"]);
    expect(peer.heard).toEqual(["fine\n"]);
  });

  test("a factory that throws", async () => {
    let made = 0;
    const codec: CodecFactory<string> = (link) => {
      made += 1;
      if (made === 2) throw new Error("not today");
      return lines()(link);
    };
    const { server, until } = await serve({ codec });
    const peer = await bare(server.address);
    peer.socket.send("one\n");
    await until("error not today in factory");
    peer.socket.send("two\n");
    await peer.until(1);
    expect(peer.heard).toEqual(["two!\n"]);
  });

  test("an onError that throws is printed", async () => {
    const printed = vi.fn();
    const { server } = await serve({
      logger: { error: printed } as never,
      onError() {
        throw new Error("again");
      },
    });
    (await bare(server.address)).socket.send("no end");
    await vi.waitFor(() => expect(printed).toHaveBeenCalledOnce());
    expect(printed.mock.lastCall?.[1]).toBe(`server ${server.address}, onError`);
  });
});

describe("a codec", () => {
  test("of its own for each datagram: nothing is left of the one before", async () => {
    const { server, until } = await serve();
    const peer = await bare(server.address);
    peer.socket.send("half");
    await until("error UNEXPECTED_END in finish");
    peer.socket.send(" and half\n");
    await peer.until(1);
    expect(peer.heard).toEqual([" and half!\n"]);
  });

  test("is told when its datagram is over", async () => {
    let closed = 0;
    const { server } = await serve({
      codec: lines(() => ({
        closed() {
          closed += 1;
        },
      })),
      onMessage() {},
    });
    const before = closed;
    const { socket } = await bare(server.address);
    socket.send("a\nb\n");
    socket.send("no end");
    await vi.waitFor(() => expect(closed - before).toBe(2));
  });

  test("may finish with what is left", async () => {
    const { server, until } = await serve({
      codec: lines((link) => ({
        finish(rest) {
          link.end();
          return rest.length > 0 ? `rest ${toBuffer(rest)}` : undefined;
        },
      })),
    });
    (await bare(server.address)).socket.send("a\nb");
    await until("message rest b");
  });

  test("may reply and note", async () => {
    const notes: string[] = [];
    const server = await listen("udp://127.0.0.1:0", {
      codec: notedLines<string>((link) => ({
        decode(frame) {
          link.reply("pong\n");
          link.note(`${frame.length} bytes`);
          return undefined;
        },
      })),
      onNote: (connection, note) => notes.push(`${note} of ${connection.remoteAddress}`),
    });
    onTestFinished(() => server.close());
    const peer = await bare(server.address);
    peer.socket.send("ping\n");
    await peer.until(1);
    expect(peer.heard).toEqual(["pong\n"]);
    expect(notes).toEqual(["5 bytes of 127.0.0.1"]);
  });

  test("that writes in pieces writes one datagram", async () => {
    const server = await listen("udp://127.0.0.1:0", {
      codec: sized(),
      onMessage: (connection, bytes) => connection.send(bytes),
    });
    onTestFinished(() => server.close());
    const peer = await bare(server.address);
    peer.socket.send("\0\0\0\x02hi");
    await peer.until(1);
    expect(peer.heard).toEqual(["\0\0\0\x02hi"]);
  });

  test("that streams its pieces writes one datagram, when the last is there", async () => {
    const errors: string[] = [];
    const server = await listen("udp://127.0.0.1:0", {
      codec: streamed(),
      onMessage(connection, line) {
        expect(connection.send(pieces(line, line === "much" ? 70_000 : 1))).toBe("buffered");
      },
      onError: (_, error, phase) => errors.push(`${(error as Error).name} in ${phase}`),
    });
    onTestFinished(() => server.close());
    const peer = await bare(server.address);
    peer.socket.send("hi\n");
    await peer.until(1);
    expect(peer.heard).toEqual(["hi.there"]);
    peer.socket.send("much\n");
    await vi.waitFor(() => expect(errors).toEqual(["RangeError in stream"]));
  });

  test("that shakes hands is refused before anybody listens", async () => {
    await expect(listen("udp://127.0.0.1:0", { codec: greeting() })).rejects.toThrow(/needs a connection/);
    await expect(connect("udp://127.0.0.1:9", { codec: greeting() })).rejects.toThrow(TypeError);
  });

  test("that says what is alike is made once for all that is sent", async () => {
    let made = 0;
    const codec = lines(() => {
      made += 1;
      return { alike: "lines" };
    });
    const client = await connect("udp://127.0.0.1:9", { codec, onError() {} });
    const before = made;
    for (let i = 0; i < 5; i++) client.send("hi");
    expect(made - before).toBe(1);
    client.close();
  });
});

describe("sizes", () => {
  test("a datagram holds 65,507 bytes, and one more is a RangeError before the socket sees it", async () => {
    const server = await listen("udp://127.0.0.1:0", {});
    onTestFinished(() => server.close());
    const received = Promise.withResolvers<number>();
    const target = await listen("udp://127.0.0.1:0", {
      onMessage: (_, bytes) => received.resolve(bytes.length),
    });
    onTestFinished(() => target.close());
    const client = await connect(target.address as `udp://${string}`);
    onTestFinished(() => client.close());
    for (const send of [
      (bytes: Buffer) => client.send(bytes),
      (bytes: Buffer) => client.sendRaw(bytes),
      (bytes: Buffer) => server.send(bytes, { address: "127.0.0.1", port: client.remotePort }),
    ]) {
      expect(() => send(Buffer.alloc(65_508))).toThrow(
        new RangeError("a datagram holds 65507 bytes, not 65508"),
      );
    }
    expect(client.stats().datagramsSent).toBe(0);
    expect(client.send(Buffer.alloc(65_507))).toBe("sent");
    expect(await received.promise).toBe(65_507);
  });

  test("a message that the codec cannot tell is a TypeError, and nothing is sent", async () => {
    const client = await connect("udp://127.0.0.1:9", { codec: lines() });
    expect(() => client.send("two\nlines")).toThrow(TypeError);
    expect(client.stats()).toMatchObject({ datagramsSent: 0, errors: 0 });
    client.close();
  });
});

describe("under way", () => {
  test("10,000 datagrams find maxPending handlers at work, and no more; the others are dropped and counted", async () => {
    let working = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    const { server } = await serve({
      maxPending: 50,
      recvBufferSize: 4 * 1024 * 1024,
      async onMessage() {
        working += 1;
        most = Math.max(most, working);
        await new Promise<void>((resolve) => gates.push(resolve));
        working -= 1;
      },
    });
    const { socket } = await bare(server.address);
    for (let sent = 0; sent < 10_000; sent += 100) {
      for (let i = 0; i < 100; i++) socket.send("storm\n");
      await new Promise(setImmediate);
    }
    await vi.waitFor(() => expect(server.stats().overflowed).toBeGreaterThan(1000));
    expect(most).toBe(50);
    const { datagramsReceived, overflowed, messagesReceived } = server.stats();
    expect(datagramsReceived).toBe(overflowed + messagesReceived);
    for (const open of gates.splice(0)) open();
    await settled();
    // And there is room again.
    socket.send("after\n");
    await vi.waitFor(() => expect(server.stats().messagesReceived).toBeGreaterThan(50));
    expect(most).toBe(50);
    for (const open of gates) open();
  });

  test("synchronous handlers leave nothing under way", async () => {
    const { server } = await serve({ maxPending: 1, onMessage() {}, recvBufferSize: 1024 * 1024 });
    const { socket } = await bare(server.address);
    for (let i = 0; i < 100; i++) socket.send("quick\n");
    await vi.waitFor(() => expect(server.stats().messagesReceived).toBe(100));
    expect(server.stats().overflowed).toBe(0);
  });

  test("a send queue at its limit drops, tells and counts", () => {
    const errors: string[] = [];
    const settings = settleDatagrams({
      codec: lines(),
      maxSendBufferSize: 1000,
      onError: (_: string, error: unknown, phase: string) => errors.push(`${nameOf(error)} in ${phase}`),
    });
    const end = new DatagramEnd(
      settings,
      () => "a test",
      () => undefined,
    );
    const sent: string[] = [];
    // This machine's kernel takes at once what goes to itself.
    const socket = { waiting: 1000, send: (bytes: Buffer) => sent.push(String(bytes)) };
    end.socket = socket as never;
    expect(end.send("me", "one too many")).toBe("dropped");
    expect(end.sendRaw("me", "and another")).toBe("dropped");
    socket.waiting = 999;
    expect(end.send("me", "accepted")).toBe("buffered");
    socket.waiting = 0;
    expect(end.send("me", "sent")).toBe("sent");
    expect(sent).toEqual(["accepted\n", "sent\n"]);
    expect(errors).toEqual(["SEND_BUFFER_FULL in send", "SEND_BUFFER_FULL in send"]);
    expect(end.stats).toMatchObject({ dropped: 2, datagramsSent: 2, errors: 0 });
  });
});

test("who sends from port 0 wants no answers, and gets none", () => {
  const settings = settleDatagrams({ codec: lines() });
  const end = new DatagramEnd(
    settings,
    () => "a test",
    () => ({ address: "192.0.2.1", port: 0 }),
  );
  end.socket = { waiting: 0, send: () => expect.fail("nothing can be sent there") } as never;
  expect([end.send("them", "answer"), end.sendRaw("them", "answer")]).toEqual(["closed", "closed"]);
});

describe("a client", () => {
  async function dialled(options: Partial<Parameters<typeof connect<string>>[1]> = {}) {
    const { server } = await serve();
    const client = await connect(server.address as `udp://${string}`, {
      codec: lines(),
      ...(options as object),
    });
    onTestFinished(() => client.close());
    return { server, client };
  }

  test("sends and hears, with a codec for each datagram", async () => {
    const { server, client } = await dialled();
    const heard = Promise.withResolvers<string>();
    client.onMessage = (connection, line) => {
      expect(connection).toBe(client);
      heard.resolve(line);
    };
    expect(client.send("hi")).toBe("sent");
    expect(await heard.promise).toBe("hi!");
    expect(`udp://${client.getRemoteAddress()}`).toBe(server.address);
    expect([client.transport, client.remoteAddress]).toEqual(["udp", "127.0.0.1"]);
    expect(client.stats()).toEqual({
      datagramsReceived: 1,
      datagramsSent: 1,
      messagesReceived: 1,
      bytesRead: 4,
      bytesWritten: 3,
      dropped: 0,
      overflowed: 0,
      refused: 0,
      errors: 0,
    });
  });

  test("may be iterated, and ends with its close", async () => {
    const { client } = await dialled();
    const heard: string[] = [];
    client.send("one");
    client.send("two");
    for await (const line of client) {
      heard.push(line);
      if (heard.length === 2) client.close("bye");
    }
    expect(heard.slice(0, 2)).toEqual(["one!", "two!"]);
    expect(client.send("more")).toBe("closed");
    expect(client.sendRaw("more")).toBe("closed");
  });

  test("may be iterated once at a time", async () => {
    const { client } = await dialled();
    client.send("one");
    for await (const line of client) {
      expect(line).toBe("one!");
      expect(() => client[Symbol.asyncIterator]()).toThrow(TypeError);
      break;
    }
    client.send("two");
    for await (const line of client) {
      expect(line).toBe("two!");
      break;
    }
  });

  test("takes datagrams of nobody but its peer", async () => {
    const { client } = await dialled();
    const stranger = createSocket("udp4");
    onTestFinished(() => void stranger.close());
    stranger.send("strange\n", client.localPort, "127.0.0.1");
    client.send("known");
    for await (const line of client) {
      expect(line).toBe("known!");
      break;
    }
    expect(client.stats().datagramsReceived).toBe(1);
  });

  test("hears that nobody is there, and goes on", async () => {
    const { server } = await serve();
    await server.close();
    const refused = Promise.withResolvers<unknown[]>();
    const client = await connect(server.address as `udp://${string}`, {
      codec: lines(),
      onError: (_, error, phase) => refused.resolve([(error as NodeJS.ErrnoException).code, phase]),
    });
    client.send("anybody?");
    expect(await refused.promise).toEqual(["ECONNREFUSED", "transport"]);
    expect(client.send("still here")).toMatch(/sent|buffered/);
    client.close();
  });

  test("is closed once, and told", async () => {
    const told: string[] = [];
    const { client } = await dialled({ onClose: () => told.push("close") } as object);
    client.close();
    client.close();
    await client[Symbol.asyncDispose]();
    expect(told).toEqual(["close"]);
  });

  test("sends from where it is told to", async () => {
    const { server } = await serve({ onMessage: (c) => c.send(c.remoteAddress) });
    const client = await connect(server.address as `udp://${string}`, {
      codec: lines(),
      localAddress: "127.0.0.5",
    });
    client.send("who?");
    for await (const line of client) {
      expect(line).toBe("127.0.0.5");
      break;
    }
    client.close();
  });

  test("from what is no address, or no port, it does not", async () => {
    await expect(connect("udp://127.0.0.1:9", { localAddress: "here" })).rejects.toThrow(TypeError);
    await expect(connect("udp://127.0.0.1:9", { localPort: 65_536 })).rejects.toThrow(RangeError);
  });

  test("gives up when its signal says so", async () => {
    const reason = new Error("never mind");
    await expect(connect("udp://127.0.0.1:9", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("needs a name that there is", async () => {
    await expect(connect("udp://no.such.host.invalid:9")).rejects.toMatchObject({ name: "AddressError" });
  });

  test("may broadcast when it says so, and not else", async () => {
    const address = "udp://255.255.255.255:9";
    await expect(connect(address)).rejects.toMatchObject({ name: "AddressError", code: "EACCES" });
    const client = await connect(address, { broadcast: true, localAddress: "127.0.0.1" }).catch(
      (error: { code: string }) => error,
    );
    // A machine without a route for it says so.
    if ("code" in client) expect(client.code).toBe("ENETUNREACH");
    else client.close();
  });

  test("methods of an object of a class find their `this`", async () => {
    class Listener {
      readonly codec = lines();
      readonly heard = Promise.withResolvers<string>();
      onMessage(_: unknown, line: string) {
        this.heard.resolve(line);
      }
    }
    const { server } = await serve();
    const listener = new Listener();
    const client = await connect(server.address as `udp://${string}`, listener);
    client.send("hi");
    expect(await listener.heard.promise).toBe("hi!");
    client.close();
  });
});

describe("a multicast group", () => {
  const group = "239.255.19.84";
  const onLoopback = { multicastInterface: "127.0.0.1", reuseAddr: true };

  test("is joined and left", async () => {
    const { server, until } = await serve({ ...onLoopback, groups: [group] }, "udp://0.0.0.0:0");
    const sender = await serve(onLoopback);
    const to = { address: group, port: Number(new URL(server.address).port) };
    sender.server.send("one", to);
    await until("message one");
    server.leave(group, { interface: "127.0.0.1" });
    sender.server.send("unheard", to);
    server.join(group, { interface: "127.0.0.1", source: "127.0.0.1" });
    sender.server.send("two", to);
    await until("message two");
    expect(server.stats().messagesReceived).toBe(2);
    server.leave(group, { interface: "127.0.0.1", source: "127.0.0.1" });
  });

  test("that is none is an error with Node's code", async () => {
    const { server } = await serve();
    expect(() => server.join("192.0.2.1")).toThrow(expect.objectContaining({ code: "EINVAL" }));
    await expect(listen("udp://127.0.0.1:0", { groups: ["192.0.2.1"] })).rejects.toMatchObject({
      name: "AddressError",
      code: "EINVAL",
    });
  });
});

test("options of the socket reach it", async () => {
  const names = [
    "setBroadcast",
    "setTTL",
    "setMulticastTTL",
    "setMulticastInterface",
    "setMulticastLoopback",
  ] as const;
  const spies = names.map((name) => vi.spyOn(Socket.prototype, name));
  const server = await listen("udp://127.0.0.1:0", {
    broadcast: true,
    ttl: 7,
    multicastTtl: 2,
    multicastInterface: "127.0.0.1",
    multicastLoopback: false,
    recvBufferSize: 8192,
    sendBufferSize: 8192,
  });
  expect(spies.map((spy) => spy.mock.calls)).toEqual([[[true]], [[7]], [[2]], [["127.0.0.1"]], [[false]]]);
  for (const spy of spies) spy.mockRestore();
  await server.close();
  await expect(listen("udp://127.0.0.1:0", { ttl: 0 })).rejects.toMatchObject({ name: "AddressError" });
});

test("with ipv6Only, the same port is free for IPv4", async () => {
  const server = await listen("udp://[::]:0", { ipv6Only: true });
  const other = await listen(`udp://0.0.0.0:${new URL(server.address).port}`, {});
  await other.close();
  await server.close();
});

describe("closing a server", () => {
  test("answers of handlers that are under way go out, for as long as drain says", async () => {
    const clock = new ManualClock();
    const gates = new Map<string, () => void>();
    const { server, tell, until } = await serve({
      loop: createEventLoop(clock),
      async onMessage(connection, line) {
        tell(`message ${line}`);
        await new Promise<void>((resolve) => gates.set(line, resolve));
        connection.send(line);
      },
    });
    const peer = await bare(server.address);
    peer.socket.send("quick\n");
    peer.socket.send("slow\n");
    await until("message quick");
    await until("message slow");
    const closing = server.close({ drain: 1000 });
    gates.get("quick")?.();
    await peer.until(1);
    expect(peer.heard).toEqual(["quick\n"]);
    clock.advance(1000);
    await closing;
    expect(server.send("closed", { address: "127.0.0.1", port: 9 })).toBe("closed");
    gates.get("slow")?.();
  });

  test("takes nothing more, and is done once", async () => {
    const { server } = await serve();
    const closing = server.close();
    expect(server.close()).toBe(closing);
    await closing;
    const again = await listen(server.address as `udp://${string}`, {});
    await again.close();
  });
});

test("messages, errors and drops are on the channels of diagnostics", async () => {
  const seen: string[] = [];
  const message = ({ message }: { message?: unknown }) => seen.push(`message ${message}`);
  const error = ({ phase }: { phase?: unknown }) => seen.push(`error ${phase}`);
  diagnostics.message.subscribe(message as never);
  diagnostics.error.subscribe(error as never);
  onTestFinished(() => {
    diagnostics.message.unsubscribe(message as never);
    diagnostics.error.unsubscribe(error as never);
  });
  const { server, until } = await serve();
  (await bare(server.address)).socket.send("a\nrest");
  await until("error UNEXPECTED_END in finish");
  expect(seen).toEqual(["message a", "error finish"]);
});

test.each([["no handler may be under way", { maxPending: 0 }, RangeError]])(
  "%s is refused before anybody listens",
  async (_, options, error) => {
    await expect(listen("udp://127.0.0.1:0", options)).rejects.toThrow(error);
  },
);

test("calls of handlers are traced, and a bug that nobody hears of goes to the logger", async () => {
  const traced: string[] = [];
  const subscribers = {
    start: (trace: unknown) => traced.push(`start ${(trace as HandlerTrace).handler}`),
    end: () => traced.push("end"),
    asyncStart() {},
    asyncEnd() {},
    error: () => traced.push("error"),
  };
  handlerTracing.subscribe(subscribers as never);
  onTestFinished(() => void handlerTracing.unsubscribe(subscribers as never));
  const logged = Promise.withResolvers<string>();
  const server = await listen("udp://127.0.0.1:0", {
    codec: lines(),
    logger: { error: (_, sentence) => logged.resolve(sentence) },
    onMessage() {
      throw new Error("a bug");
    },
  });
  onTestFinished(() => server.close());
  (await bare(server.address)).socket.send("hi\n");
  expect(await logged.promise).toBe(`server ${server.address}, onMessage`);
  expect(traced).toEqual(["start onMessage", "error", "end"]);
});

async function* pieces(line: string, size: number): AsyncGenerator<string> {
  yield `${line}.`;
  yield size > 1 ? "x".repeat(size) : "there";
}

/** Lines that fail at the first. */
function throwing(error: Error): CodecFactory<string> {
  return lines(() => ({
    decode() {
      throw error;
    },
  }));
}

function asText(codec: CodecFactory<Buffer, Uint8Array>): CodecFactory<string> {
  return (link) => {
    const inner = codec(link as never);
    return {
      input: (bytes) => inner.input(bytes),
      decode: (frame) => String(inner.decode(frame)),
      encode: (message) => inner.encode(Buffer.from(message)),
    };
  };
}
