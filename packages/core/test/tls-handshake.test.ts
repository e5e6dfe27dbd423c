import { once } from "node:events";
import { createServer } from "node:net";
import { connect as connectBare, createSecureContext } from "node:tls";
import { format } from "node:util";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  connect,
  createEventLoop,
  type HandshakeError,
  listen,
  type Server,
  type SniAnswer,
  type TlsServerOptions,
} from "../src/index.ts";
import { certificate, pem } from "./support/certificates.ts";
import { lines } from "./support/codecs.ts";
import { dialCarrier, readAll } from "./support/dial.ts";
import { settled } from "./support/settled.ts";

const ca = pem("ca");

async function echo(tls: Partial<TlsServerOptions> = {}, clock?: ManualClock) {
  const errors: HandshakeError[] = [];
  let told = () => {};
  const server = await listen("tls://127.0.0.1:0", {
    codec: lines(),
    ...(clock && { loop: createEventLoop(clock) }),
    tls: {
      ...certificate("localhost"),
      onHandshakeError(error) {
        errors.push(error);
        told();
      },
      ...tls,
    },
    onMessage: (connection, line) => void connection.close(line),
  });
  onTestFinished(() => server.close());
  const failed = async (times: number) => {
    while (errors.length < times) {
      await new Promise<void>((resolve) => {
        told = resolve;
      });
    }
  };
  return { server, errors, failed };
}

async function serves(server: Server<string>, servername = "localhost"): Promise<void> {
  const client = await connect(server.address, {
    codec: lines(),
    tls: { ca, servername, rejectUnauthorized: false },
  });
  client.send("anybody there?");
  for await (const line of client) expect(line).toBe("anybody there?");
}

describe("a peer without TLS", () => {
  test.each([
    ["asks as HTTP does", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["asks as a proxy's client does", "CONNECT localhost:443 HTTP/1.1\r\n\r\n"],
    ["says a line", "hello\n"],
    ["says a line that looks like nothing", `${"x".repeat(2000)}\n`],
    ["says who it is, as SSH does", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["sends a frame", "\0\0\0\x0bmessage"],
    ["sends bytes", "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"],
  ])("that %s is closed, and told of", async (_, text) => {
    const { server, errors, failed } = await echo();
    const socket = await dialCarrier(server.address);
    socket.write(text, "latin1");
    await readAll(socket).catch(() => {});
    await failed(1);
    expect(errors[0]).toMatchObject({ name: "HandshakeError", isPlainText: true });
    expect(errors[0]!.remote.port).toBeGreaterThan(0);
    expect(server.stats()).toMatchObject({ handshakesFailed: 1, handshaking: 0, opened: 0, errors: 0 });
    await serves(server);
  });

  test("is printed by default, with its address, and once a minute at most", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const clock = new ManualClock();
    const { server } = await echo({ onHandshakeError: undefined } as object, clock);
    const failing = async (times: number) => {
      const socket = await dialCarrier(server.address);
      const from = socket.localPort;
      socket.write("hello\n");
      while (server.stats().handshakesFailed < times) await settled();
      return from;
    };
    const port = await failing(1);
    await failing(2);
    expect(printed).toHaveBeenCalledTimes(1);
    expect(format(...printed.mock.lastCall!)).toContain(
      `server ${server.address}: [HandshakeError: 127.0.0.1:${port} speaks no TLS]`,
    );
    clock.advance(60_000);
    await failing(3);
    expect(printed).toHaveBeenCalledTimes(2);
  });
});

describe("a peer that is of no use is counted, and told to nobody who does not ask:", () => {
  test.each<[string, (server: Server<string>) => Promise<unknown>]>([
    [
      "it goes at once, as a balancer's check does",
      async (server) => (await dialCarrier(server.address)).end(),
    ],
    ["it resets", async (server) => (await dialCarrier(server.address)).resetAndDestroy()],
    [
      "it goes in the middle of its hello",
      async (server) => (await dialCarrier(server.address)).end(Buffer.of(22, 3, 1, 2, 0, 1, 0, 1, 252)),
    ],
    [
      "it does not trust us",
      (server) =>
        connect(server.address, { codec: lines() }).catch((error) => expect(error.code).toBeDefined()),
    ],
    [
      "its hello claims to be of a megabyte",
      async (server) => {
        const hello = Buffer.alloc(5 + 16_384);
        hello.set([22, 3, 1, 0x40, 0, 1, 0x10, 0, 0]);
        (await dialCarrier(server.address)).write(hello);
      },
    ],
  ])("%s", async (_, peer) => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const { server } = await echo({ onHandshakeError: undefined } as object);
    await peer(server);
    while (server.stats().handshakesFailed < 1) await settled();
    expect(server.stats()).toMatchObject({ handshakesFailed: 1, handshaking: 0, opened: 0, errors: 0 });
    await serves(server);
    expect(printed).not.toHaveBeenCalled();
  });
});

describe("the deadline", () => {
  test.each([
    ["says nothing", ""],
    ["says the start of a hello", "\x16\x03\x01\x02\x00\x01"],
  ])("of 10 s ends a peer that %s, and no other", async (_, start) => {
    const clock = new ManualClock();
    const { server, errors, failed } = await echo({}, clock);
    const socket = await dialCarrier(server.address);
    if (start !== "") socket.write(start, "latin1");
    while (server.stats().handshaking === 0) await settled();
    await serves(server);
    clock.advance(9_999);
    expect(errors).toEqual([]);
    clock.advance(502);
    await failed(1);
    expect(errors).toMatchObject([{ code: "HANDSHAKE_TIMEOUT", remote: { port: socket.localPort } }]);
    expect(errors[0]!.message).toContain("within 10000 ms");
    await readAll(socket);
    expect(server.stats()).toMatchObject({ handshaking: 0, handshakesFailed: 1 });
    await serves(server);
  });

  test("ends two hundred that say nothing, while others are served", async () => {
    const clock = new ManualClock();
    const { server, failed } = await echo({}, clock);
    await Promise.all(Array.from({ length: 200 }, () => dialCarrier(server.address)));
    while (server.stats().handshaking < 200) await settled();
    await serves(server);
    clock.advance(10_502);
    await failed(200);
    expect(server.stats()).toMatchObject({ handshaking: 0, handshakesFailed: 200 });
    await serves(server);
  });

  test("is gone when the handshake is done", async () => {
    const clock = new ManualClock();
    const { server, errors } = await echo({ handshakeTimeout: 1000 }, clock);
    const client = await connect(server.address, { codec: lines(), tls: { ca } });
    while (server.connections.size === 0) await settled();
    clock.advance(100_000);
    client.send("still here");
    for await (const line of client) expect(line).toBe("still here");
    expect(errors).toEqual([]);
  });
});

describe("a sni callback", () => {
  const odd: [string, () => unknown][] = [
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    [
      "throws nothing",
      () => {
        throw undefined;
      },
    ],
    ["rejects", () => Promise.reject(new Error("no"))],
    ["answers null", () => null],
    ["answers a word", () => "certificate"],
    ["answers a number, late", () => new Promise((resolve) => setImmediate(resolve, 5))],
    ["answers an object of something else", () => ({ contexts: 1 })],
    ["answers what looks like a context", () => ({ context: {} })],
    ["answers a context of nothing", () => ({ context: null })],
    ["answers a certificate without a key", () => ({ cert: pem("one") })],
    [
      "answers a certificate with another key",
      () => ({ cert: pem("one"), key: certificate("localhost").key }),
    ],
    ["answers a file that is not there", () => ({ certFile: "/nowhere", keyFile: "/nowhere" })],
    ["answers a function", () => () => {}],
    [
      "answers itself, when it is asked for its fields",
      () =>
        new Proxy(
          {},
          {
            get: () => {
              throw new Error("no");
            },
          },
        ),
    ],
  ];

  test.each(odd)("that %s ends that handshake, and no other", async (_, sni) => {
    const { server, errors, failed } = await echo({
      sni: (name) => (name === "odd.example" ? (sni() as SniAnswer) : undefined),
    });
    const tls = { ca, servername: "odd.example", rejectUnauthorized: false };
    await expect(connect(server.address, { codec: lines(), tls })).rejects.toMatchObject({
      name: "AddressError",
    });
    await failed(1);
    expect(errors).toMatchObject([{ code: "SNI_FAILED" }]);
    expect(server.stats()).toMatchObject({ handshakesFailed: 1, handshaking: 0 });
    await serves(server, "good.example");
  });

  test("may answer a context of Node's own", async () => {
    const context = createSecureContext(certificate("one"));
    const { server } = await echo({ sni: () => context });
    const client = await connect(server.address, { codec: lines(), tls: { ca, servername: "one.example" } });
    expect(client.tls!.peerCertificate!.subject).toBe("CN=one.example");
  });

  test("that fails is printed, when nobody asks to hear of it", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const sni = () => Promise.reject(new Error("the database is away"));
    const { server } = await echo({ sni, onHandshakeError: undefined } as object);
    await connect(server.address, { codec: lines(), tls: { ca, servername: "a.example" } }).catch(() => {});
    while (server.stats().handshakesFailed < 1) await settled();
    expect(printed.mock.lastCall!.join(" ")).toContain("the database is away");
    expect(server.stats().errors).toBe(1);
  });

  test("that hangs is ended by the deadline; what it answers then is nobody's", async () => {
    const clock = new ManualClock();
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<SniAnswer>();
    const sni = (name: string) => {
      if (name !== "slow.example") return undefined;
      asked.resolve();
      return answer.promise;
    };
    const { server, errors, failed } = await echo({ sni }, clock);
    const connecting = connect(server.address, {
      codec: lines(),
      tls: { ca, servername: "slow.example", rejectUnauthorized: false },
    });
    const rejected = expect(connecting).rejects.toMatchObject({ name: "AddressError", code: "ECONNRESET" });
    await asked.promise;
    await serves(server, "quick.example");
    clock.advance(10_502);
    await failed(1);
    await rejected;
    answer.resolve(certificate("one"));
    for (let i = 0; i < 5; i++) await settled();
    expect(errors).toMatchObject([{ code: "HANDSHAKE_TIMEOUT" }]);
    await serves(server);
  });

  test("whose peer goes meanwhile is answered to nobody", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<SniAnswer>();
    const clock = new ManualClock();
    const { server, errors } = await echo({ sni: () => ask(asked, answer) }, clock);
    const carrier = await dialCarrier(server.address);
    const socket = connectBare({ socket: carrier, servername: "slow.example" }).on("error", () => {});
    await asked.promise;
    socket.destroy();
    carrier.resetAndDestroy();
    await once(carrier, "close");
    answer.resolve(certificate("one"));
    while (server.stats().handshakesFailed < 1) {
      await settled();
      clock.advance(1000);
    }
    expect(errors).toHaveLength(1);
    expect(server.stats()).toMatchObject({ handshaking: 0, opened: 0 });
  });

  test("lets what a peer floods it with meanwhile wait in the kernel", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<SniAnswer>();
    const { server } = await echo({ sni: () => ask(asked, answer) });
    const carrier = await dialCarrier(server.address);
    const socket = connectBare({ socket: carrier, servername: "slow.example" }).on("error", () => {});
    await asked.promise;
    const flood = Buffer.alloc(64 * 1024 * 1024);
    const { arrayBuffers, external } = process.memoryUsage();
    carrier.write(flood);
    for (let i = 0; i < 50; i++) await settled();
    // As much as the two kernels keep, of 64 MiB.
    expect(carrier.writableLength).toBe(flood.length);
    const after = process.memoryUsage();
    expect(after.external + after.arrayBuffers - external - arrayBuffers).toBeLessThan(16 * 1024 * 1024);
    carrier.destroy();
    socket.destroy();
    answer.resolve(undefined);
  });
});

test("what onHandshakeError throws is printed, and ends nothing", async () => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  const { server } = await echo({
    onHandshakeError() {
      throw new Error("the logger is away");
    },
  });
  (await dialCarrier(server.address)).write("hello\n");
  while (server.stats().handshakesFailed < 1) await settled();
  expect(printed.mock.lastCall!.join(" ")).toContain("the logger is away");
  await serves(server);
});

test("a name with a NUL in a client's hello is refused, and ends nothing", async () => {
  const { server, failed } = await echo({ hosts: { "aaa.example": certificate("one") } });
  const hello = await helloFor("aaaxexample.example");
  const at = hello.indexOf("aaaxexample.example");
  hello[at + 3] = 0;
  const socket = await dialCarrier(server.address);
  socket.write(hello);
  const answer = await readAll(socket).catch(() => Buffer.alloc(0));
  await failed(1);
  // An alert, if anything: no certificate was shown.
  expect(answer.length).toBeLessThan(16);
  await serves(server);
});

/** Says that it was asked, and answers later. */
function ask(asked: PromiseWithResolvers<void>, answer: PromiseWithResolvers<SniAnswer>): Promise<SniAnswer> {
  asked.resolve();
  return answer.promise;
}

/** What a client of Node says first. */
async function helloFor(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connectBare({ port, host: "127.0.0.1", servername }).on("error", () => {});
  const [socket] = await once(server, "connection");
  const [hello] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}
