import { existsSync, readFileSync } from "node:fs";
import type { LookupFunction } from "node:net";
import { ManualClock } from "@sock/timer/manual";
import { describe, expect, test } from "vitest";
import { AddressError, connect, createEventLoop, listen, type SocketOptions } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { anyAddress } from "./support/net-pair.ts";
import { settled } from "./support/settled.ts";

const codec = lines();

interface Found {
  address: string;
  family: number;
}

/** Finds the same for every name, and notes what it was asked. */
function finds(...found: Found[]) {
  const asked: { name: string; family: unknown }[] = [];
  const lookup: LookupFunction = (name, options, callback) => {
    asked.push({ name, family: options.family });
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
  return { asked, lookup };
}

function fails(code: string): LookupFunction {
  return (name, _, callback) => {
    callback(Object.assign(new Error(`getaddrinfo ${code} ${name}`), { code }), []);
  };
}

const LIVE = { address: "127.0.0.1", family: 4 };

async function serve() {
  const server = await listen(anyAddress("tcp"), { codec });
  const { port } = new URL(server.address.replace("tcp:", "http:"));
  return { server, port, [Symbol.asyncDispose]: () => server.close() };
}

describe("a lookup of one's own", () => {
  test("says where a name leads", async () => {
    await using here = await serve();
    const { asked, lookup } = finds(LIVE);
    await using connection = await connect(`tcp://somewhere.test:${here.port}`, { codec, lookup });
    expect(asked.map(({ name }) => name)).toEqual(["somewhere.test"]);
    expect(connection.remoteAddress).toBe("127.0.0.1");
  });

  test.each([
    ["ENOTFOUND", "no such host"],
    ["EAI_AGAIN", "the name could not be looked up for now"],
    ["EAI_FAIL", "the name could not be looked up"],
  ])("that fails with %s is an AddressError: %s", async (code, sentence) => {
    const address = "tcp://nowhere.test:80";
    const error: unknown = await connect(address, { codec, lookup: fails(code) }).catch((error) => error);
    expect(error).toBeInstanceOf(AddressError);
    expect(error).toMatchObject({ code, address, message: `${address}: ${sentence}` });
    expect((error as AddressError).cause).toMatchObject({ code });
  });

  test("that never answers ends with the timeout, and an answer after that does nothing", async () => {
    await using here = await serve();
    const clock = new ManualClock();
    let answer!: () => void;
    const lookup: LookupFunction = (_, options, callback) => {
      answer = () => (options.all ? callback(null, [LIVE]) : callback(null, LIVE.address, 4));
    };
    const loop = createEventLoop(clock);
    const connecting = connect(`tcp://slow.test:${here.port}`, { codec, lookup, loop, timeout: 1000 });
    const rejected = expect(connecting).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    await settled();
    clock.advance(1000);
    await rejected;
    answer();
    for (let i = 0; i < 5; i++) await settled();
    expect(here.server.stats().opened).toBe(0);
  });

  test("that throws rejects with what it threw", async () => {
    const lookup = () => {
      throw new Error("a bug");
    };
    await expect(connect("tcp://x.test:80", { codec, lookup })).rejects.toThrow("a bug");
  });
});

describe("happy eyeballs", () => {
  // Where a machine has no IPv6 at all, it is dead as well.
  test("a dead IPv6 address does not keep us from a live IPv4 one", async () => {
    await using here = await serve();
    const { lookup } = finds({ address: "::1", family: 6 }, LIVE);
    await using connection = await connect(`tcp://both.test:${here.port}`, { codec, lookup });
    expect(connection.remoteAddress).toBe("127.0.0.1");
  });

  // RFC 6666: what goes to 100::/64 is discarded. Some machines say at once that no way leads there.
  test("nor does one that never answers", async () => {
    await using here = await serve();
    const { lookup } = finds({ address: "100::1", family: 6 }, LIVE);
    const options = { codec, lookup, addressTimeout: 10 };
    await using connection = await connect(`tcp://both.test:${here.port}`, options);
    expect(connection.remoteAddress).toBe("127.0.0.1");
  });

  test("when none of them answers, the error has what befell each", async () => {
    const here = await serve();
    await here.server.close();
    const { lookup } = finds({ address: "127.0.0.2", family: 4 }, LIVE);
    const error: unknown = await connect(`tcp://both.test:${here.port}`, { codec, lookup }).catch(
      (error) => error,
    );
    expect(error).toMatchObject({ name: "AddressError", code: "ECONNREFUSED" });
    expect((error as AddressError).cause).toMatchObject({
      errors: [{ address: "127.0.0.2" }, { address: "127.0.0.1" }],
    });
  });
});

describe("going out", () => {
  test("from an address of our choice", async () => {
    await using here = await serve();
    const options = { codec, localAddress: "127.0.0.2" };
    await using connection = await connect(here.server.address, options);
    expect(connection.localAddress).toBe("127.0.0.2");
    const [peer] = here.server.connections;
    expect(peer!.remoteAddress).toBe("127.0.0.2");
  });

  test("a name is asked for addresses of the same family", async () => {
    await using here = await serve();
    const { asked, lookup } = finds(LIVE);
    const options = { codec, lookup, localAddress: "127.0.0.1" };
    await using connection = await connect(`tcp://both.test:${here.port}`, options);
    expect(asked).toEqual([{ name: "both.test", family: 4 }]);
    expect(connection.state).toBe("open");
  });

  test("from a port of our choice", async () => {
    // One that is free: another server had it until just now.
    const { port, server } = await serve();
    await server.close();
    await using here = await serve();
    await using connection = await connect(here.server.address, { codec, localPort: Number(port) });
    expect(connection.localPort).toBe(Number(port));
  });

  test("from an address that this machine does not have is an AddressError", async () => {
    await using here = await serve();
    const connecting = connect(here.server.address, { codec, localAddress: "192.0.2.1" });
    await expect(connecting).rejects.toMatchObject({ name: "AddressError", code: "EADDRNOTAVAIL" });
  });

  test.each<[SocketOptions, ErrorConstructor]>([
    [{ localAddress: "localhost" }, TypeError],
    [{ localPort: 70_000 }, RangeError],
    [{ localPort: 1.5 }, RangeError],
    [{ addressTimeout: 0 }, RangeError],
    [{ keepAlive: 999 }, RangeError],
  ])("%o is refused", async (options, error) => {
    await expect(connect("tcp://127.0.0.1:80", { codec, ...options })).rejects.toThrow(error);
  });

  // The kernel's own word: a timer of kind 02, and hundredths of a second until it rings.
  test.runIf(existsSync("/proc/net/tcp")).each([
    [60_000, /^02:/, 6000],
    [false, /^00:/, 0],
  ] as const)("with keep-alive: %s", async (keepAlive, timer, atMost) => {
    await using here = await serve();
    await using connection = await connect(here.server.address, { codec, keepAlive });
    const port = connection.localPort.toString(16).toUpperCase().padStart(4, "0");
    const row = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find((fields) => fields[1]?.endsWith(`:${port}`) && fields[3] === "01");
    expect(row?.[5]).toMatch(timer);
    expect(Number.parseInt(row![5]!.slice(3), 16)).toBeLessThanOrEqual(atMost);
  });
});
