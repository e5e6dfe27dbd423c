import { once } from "node:events";
import { connect as dialTo, type Socket } from "node:net";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { connect, createEventLoop, listen, proxyHeader, proxyTlv, type ServerOptions } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { dial, readAll } from "./support/dial.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress } from "./support/net-pair.ts";

type Options = Partial<ServerOptions<string, string, never, Record<string, unknown>>>;

const proxyProtocol = { from: ["127.0.0.0/8"] };

/** Echoes each line with what it knows of its peer in front. */
async function serve(options: Options = {}, wire: "tcp" | "unix" = "tcp") {
  const diary = new Diary();
  const server = await listen(anyAddress(wire), {
    codec: lines(),
    proxyProtocol,
    ...options,
    onConnect: (connection) => diary.write(`connect ${connection.getRemoteAddress()}`),
    onMessage: (connection, line) => connection.send(`${connection.getRemoteAddress()} ${line}`),
    onClose: () => diary.write("close"),
  });
  onTestFinished(() => server.close());
  return { server, diary };
}

/** Sends these pieces, each in a packet of its own as far as that can be had, and the end; answers with all that comes. */
async function converse(address: string, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const socket = await dial(address);
  socket.setNoDelay();
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise(setImmediate);
  }
  socket.end();
  return hear(socket);
}

/** All that comes; where it ends with a reset, nothing of a server that turns peers away. */
async function hear(socket: Socket): Promise<string> {
  const heard = await readAll(socket).catch((error: NodeJS.ErrnoException) => {
    expect(error.code).toMatch(/^ECONNRESET|EPIPE$/);
    return "";
  });
  return String(heard);
}

const ALICE = "PROXY TCP4 192.0.2.1 198.51.100.9 1111 80\r\n";
const BOB = "PROXY TCP6 2001:db8::b 2001:db8::9 2222 80\r\n";

/** What a misconfigured proxy makes the server print. */
function silence() {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  return printed;
}

describe("a trusted proxy", () => {
  test("says for whom it speaks, and the connection is theirs", async () => {
    const { server, diary } = await serve();
    expect(await converse(server.address, ALICE, "hello\n")).toBe("192.0.2.1:1111 hello\n");
    expect(await converse(server.address, BOB, "hello\n")).toBe("[2001:db8::b]:2222 hello\n");
    await diary.until("close", 2);
    expect(diary.lines).toContain("connect 192.0.2.1:1111");
  });

  test("may send the header and data in one segment", async () => {
    const { server } = await serve();
    expect(await converse(server.address, `${ALICE}one\ntwo\n`)).toBe(
      "192.0.2.1:1111 one\n192.0.2.1:1111 two\n",
    );
  });

  test("may cut the header at each byte", async () => {
    const { server } = await serve();
    const cuts = Array.from(
      ALICE,
      (_, at) => [ALICE.slice(0, at + 1), `${ALICE.slice(at + 1)}hello\n`] as const,
    );
    const heard = await Promise.all(cuts.map(([head, rest]) => converse(server.address, head, rest)));
    expect(new Set(heard)).toEqual(new Set(["192.0.2.1:1111 hello\n"]));
  });

  test("may drip header and data byte by byte", async () => {
    const { server } = await serve();
    expect(await converse(server.address, ...`${ALICE}hello\n`)).toBe("192.0.2.1:1111 hello\n");
  });

  test("may send much behind the header before anybody reads", async () => {
    const { server } = await serve({ maxSendBufferSize: 2 ** 24 });
    const line = `${"x".repeat(99_999)}\n`;
    const answer = await converse(server.address, ALICE + line + line + line);
    expect(answer).toBe(`192.0.2.1:1111 ${line}`.repeat(3));
  });

  test("may say more, in version 2", async () => {
    const seen = Promise.withResolvers<unknown>();
    await using server = await listen(anyAddress("tcp"), {
      proxyProtocol,
      onConnect: ({ proxy }) => seen.resolve(proxy),
    });
    const source = { address: "192.0.2.1", port: 1111 };
    const destination = { address: "198.51.100.9", port: 80 };
    const tlvs = [{ type: proxyTlv.authority, value: Buffer.from("chat.example") }];
    const socket = await dial(server.address);
    socket.write(proxyHeader({ source, destination, tlvs }));
    expect(await seen.promise).toMatchObject({ version: 2, transport: "tcp", source, destination, tlvs });
  });

  test.each([
    ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n")],
    ["LOCAL", proxyHeader({ local: true })],
  ])("speaks for itself with %s", async (_, header) => {
    const { server } = await serve({ maxConnectionsPerAddress: 1, deny: ["127.0.0.1"] });
    const socket = dialTo({ port: Number(new URL(server.address).port), host: "127.0.0.1" });
    await once(socket, "connect");
    socket.write(header);
    socket.end("check\n");
    const answer = String(await readAll(socket));
    expect(answer).toMatch(/^127\.0\.0\.1:\d+ check\n$/);
  });

  test("at a unix path is whoever reaches it", async () => {
    const { server } = await serve({}, "unix");
    expect(await converse(server.address, ALICE, "hello\n")).toBe("192.0.2.1:1111 hello\n");
  });

  test("is our own, when it says so", async () => {
    const { server } = await serve();
    const upstream = await connect(server.address);
    const source = { address: "192.0.2.7", port: 7 };
    upstream.sendRaw(proxyHeader({ source, destination: { address: "192.0.2.8", port: 8 } }));
    upstream.closeWrite("relayed\n");
    for await (const chunk of upstream) expect(String(chunk)).toBe("192.0.2.7:7 relayed\n");
  });
});

describe("what is turned away:", () => {
  test.each([
    ["no header", "hello\n"],
    ["a line of version 1 over 107 bytes", `PROXY UNKNOWN ${"x".repeat(93)}\r\nhello\n`],
    ["the wrong family", "PROXY TCP4 ::1 ::1 1 2\r\nhello\n"],
    [
      "a length of version 2 that is too short",
      Buffer.from("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04\x01\x02\x03\x04", "latin1"),
    ],
    ["a length of version 2 over the limit", Buffer.from("\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", "latin1")],
    [
      "a TLV that runs over the end",
      Buffer.from(
        "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\x01\x02\x03\x04\x01\x02\x03\x04\0\x01\0\x02\x01\0\xff",
        "latin1",
      ),
    ],
    ["an end within the header", "PROXY TCP4 1.2.3"],
  ])("%s, of a trusted proxy; no handler hears of it, and the server says it once", async (_, bytes) => {
    const printed = silence();
    const { server, diary } = await serve();
    expect(await converse(server.address, bytes)).toBe("");
    expect(await converse(server.address, bytes)).toBe("");
    expect(server.stats()).toMatchObject({
      opened: 0,
      refused: 2,
      refusedBy: { proxyProtocol: 2 },
      errors: 1,
    });
    expect(printed).toHaveBeenCalledOnce();
    expect(printed.mock.lastCall?.[1]).toMatchObject({ code: "PROXY_HEADER" });
    expect(diary.lines).toEqual([]);
    // And the server goes on.
    expect(await converse(server.address, ALICE, "hello\n")).toBe("192.0.2.1:1111 hello\n");
  });

  test("a header that drips, when its time is over", async () => {
    const printed = silence();
    const clock = new ManualClock();
    const { server } = await serve({
      proxyProtocol: { ...proxyProtocol, timeout: 1000 },
      loop: createEventLoop(clock),
    });
    const socket = await dial(server.address);
    socket.write("PROXY TCP4 1.2.3.4 ");
    await vi.waitFor(() => expect(clock.pending).toBeGreaterThan(0));
    socket.write("5.6");
    clock.advance(1500);
    expect(await hear(socket)).toBe("");
    expect(printed.mock.lastCall?.[1]).toMatchObject({ message: "no PROXY header within 1000 ms" });
    expect(server.stats()).toMatchObject({ refusedBy: { proxyProtocol: 1 } });
  });

  test("a check that says nothing, without a word about it", async () => {
    const printed = silence();
    const { server } = await serve();
    expect(await converse(server.address)).toBe("");
    expect(server.stats()).toMatchObject({ refusedBy: { proxyProtocol: 1 }, errors: 0 });
    expect(printed).not.toHaveBeenCalled();
  });

  test("a peer that is not trusted, where a header is required", async () => {
    const { server } = await serve({ proxyProtocol: { from: ["192.0.2.99"], required: true } });
    const socket = await dial(server.address);
    expect(await hear(socket)).toBe("");
    expect(server.stats()).toMatchObject({ opened: 0, refusedBy: { proxyProtocol: 1 } });
  });
});

test("what a peer that is not trusted claims to be is not looked at: it is data", async () => {
  const { server } = await serve({ proxyProtocol: { from: ["192.0.2.99"] } });
  const answer = await converse(server.address, ALICE);
  expect(answer).toMatch(/^127\.0\.0\.1:\d+ PROXY TCP4 192\.0\.2\.1 198\.51\.100\.9 1111 80\r\n$/);
});

describe("the real address counts:", () => {
  test("connections of one peer, whatever proxy they come through", async () => {
    const { server, diary } = await serve({ maxConnectionsPerAddress: 2 });
    const held = [await dial(server.address), await dial(server.address)];
    for (const socket of held) socket.write(ALICE);
    await diary.until("connect 192.0.2.1:1111", 2);
    expect(await converse(server.address, ALICE, "three\n")).toBe("");
    expect(server.stats()).toMatchObject({ refused: 1, refusedBy: { maxConnectionsPerAddress: 1 } });
    expect(await converse(server.address, BOB, "one\n")).toBe("[2001:db8::b]:2222 one\n");
    held[0]?.destroy();
    await diary.until("close", 2);
    expect(await converse(server.address, ALICE, "two\n")).toBe("192.0.2.1:1111 two\n");
  });

  test("who is allowed and who is not, the proxy being exempt", async () => {
    const { server } = await serve({ deny: ["192.0.2.0/24", "127.0.0.1"] });
    expect(await converse(server.address, ALICE, "hello\n")).toBe("");
    expect(await converse(server.address, BOB, "hello\n")).toBe("[2001:db8::b]:2222 hello\n");
    expect(server.stats()).toMatchObject({ refused: 1, refusedBy: { denied: 1 } });
  });

  test("those whose header is awaited count as connections, and no longer when they are turned away", async () => {
    silence();
    const { server } = await serve({ maxConnections: 1 });
    const waiting = await dial(server.address);
    expect(await converse(server.address, ALICE, "hello\n")).toBe("");
    waiting.end("no header\n");
    await hear(waiting);
    expect(server.stats()).toMatchObject({ refusedBy: { maxConnections: 1, proxyProtocol: 1 } });
    expect(await converse(server.address, ALICE, "hello\n")).toBe("192.0.2.1:1111 hello\n");
  });
});

test("closing the server gives up those whose header is awaited", async () => {
  const { server } = await serve();
  const waiting = await dial(server.address);
  waiting.write("PROXY ");
  // So that it has been accepted.
  expect(await converse(server.address, ALICE, "hello\n")).toBe("192.0.2.1:1111 hello\n");
  await server.close();
  expect(await readAll(waiting)).toHaveLength(0);
});

test.each([
  ["no time", { from: [], timeout: 0 }, RangeError],
  ["a limit below the least header", { from: [], maxHeaderSize: 51 }, RangeError],
  ["a proxy that is no address", { from: ["proxy.example"] }, TypeError],
])("%s is refused before anybody listens", async (_, proxyProtocol, error) => {
  await expect(listen(anyAddress("tcp"), { codec: lines(), proxyProtocol })).rejects.toThrow(error);
});
