import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseOptions } from "../commands/options.ts";
import { contestantOf } from "../load/counted.ts";
import { type Server, throughput, underLoad } from "../load/measure.ts";
import { protocols } from "../load/protocols.ts";
import type { Round } from "../load/round.ts";
import { parseCores } from "../method/cores.ts";
import { inTurns } from "../method/turns.ts";
import { doubtsOf } from "../result.ts";
import { program } from "../servers.ts";
import { measureScaling } from "../suites/cluster.ts";

/** A round at `perSecond` with a server that had work for `busy` of the time, all of it on its core. */
function round(perSecond: number, busy = 1): Round {
  const share = { used: busy, ran: busy, waited: 0 };
  return { perSecond, cpu: { server: share, load: { used: 0.5, ran: 0.5, waited: 0 } } };
}

describe("what was counted", () => {
  test("is summed up by CPU time as well", () => {
    expect(contestantOf("sock", [round(50, 0.5), round(100)])).toMatchObject({
      rounds: [50, 100],
      perCpu: [100, 100],
      cpu: { server: 0.75, load: 0.5, idle: 0.25, disturbed: 0 },
    });
  });

  test("is client-bound when a server was idle", () => {
    expect(doubtsOf([contestantOf("sock", [round(100, 0.85)])])).toEqual(["client-bound"]);
    expect(doubtsOf([contestantOf("sock", [round(100, 0.95)])])).toEqual([]);
  });

  test("is disturbed when others were on the core", () => {
    const waiting = { used: 0.5, ran: 0.5, waited: 0.5 };
    const disturbed = { perSecond: 1, cpu: { server: waiting, load: waiting } };
    expect(doubtsOf([contestantOf("sock", [disturbed])])).toEqual(["disturbed"]);
  });

  test("has no CPU time where the system does not tell it", () => {
    expect(contestantOf("sock", [{ perSecond: 1, cpu: undefined }])).toEqual({ name: "sock", rounds: [1] });
  });
});

test("turns alternate, and nobody is always the first", async () => {
  const turns: string[] = [];
  await inTurns(["a", "b", "c"], 3, async (name, round) => void turns.push(`${name}${round}`));
  expect(turns.join(" ")).toBe("a0 b0 c0 c1 b1 a1 a2 b2 c2");
});

test("the kernel's list of cores is read", () => {
  expect(parseCores("0-2,5")).toEqual([0, 1, 2, 5]);
  expect(parseCores("3")).toEqual([3]);
});

// RFC 6455 5.7
test("a WebSocket request is masked, and its response is not", () => {
  const hello = Buffer.from("Hello");
  const { request, measure, isRight } = protocols.websocketText();
  expect(request(hello).toString("hex")).toBe("818537fa213d7f9f4d5158");
  const response = Buffer.from("810548656c6c6f", "hex");
  expect(measure(Buffer.concat([response, response]))).toBe(7);
  expect(measure(response.subarray(0, 6))).toBe(0);
  expect(isRight(response, hello)).toBe(true);
  expect(isRight(response, Buffer.from("Hallo"))).toBe(false);
});

test("more processes are measured beside one", async () => {
  const run = { ...parseOptions([]).run, starts: 1, rounds: 2, duration: 50, warmUp: 10, compile: 0 };
  const { metric, contestants } = await measureScaling(2, run);
  expect(metric).toBe("2 processes");
  expect(contestants.map(({ name, rounds }) => [name, rounds.length])).toEqual([
    ["2 processes", 2],
    ["1 process", 2],
  ]);
});

describe("servers under load", () => {
  const run = {
    ...parseOptions([]).run,
    cores: { shared: "a test" },
    starts: 1,
    rounds: 2,
    duration: 60,
    warmUp: 10,
    compile: 0,
  };
  const net = { name: "net", ...program("peers/net-echo.ts") };
  const work = { payload: 64, connections: 4, inFlight: 3 };

  test.each([
    ["raw", "net-echo"],
    ["text", "net-echo"],
    ["frame", "net-echo"],
    ["websocketText", "ws-echo"],
    ["websocketBinary", "ws-echo"],
    ["socketIo", "socket-io"],
    ["httpGet", "node-http"],
    ["httpPost", "node-http"],
    ["httpGet", "fastify"],
    ["httpPost", "fastify"],
  ] as const)("%s is answered by %s and counted", async (protocol, file) => {
    const server = { name: file, ...program(`peers/${file}.ts`) };
    const { rounds } = await throughput("", [server], { protocol, ...work }, run);
    expect(rounds.get(file)).toHaveLength(2);
    // On a busy machine a server may get no time in one of them.
    const most = Math.max(...rounds.get(file)!.map(({ perSecond }) => perSecond));
    expect(most).toBeGreaterThan(0);
  });

  test("one that cannot come is named, and the others are measured", async () => {
    const missing: Server = { name: "bun", ...program("peers/bun.ts"), runtime: ["/nowhere/bun"] };
    const { rounds, absent } = await throughput("", [net, missing], { protocol: "raw", ...work }, run);
    expect([...rounds.keys()]).toEqual(["net"]);
    expect(absent).toEqual([{ name: "bun", because: expect.stringContaining("/nowhere/bun") }]);
  });

  test("one that is not ours to mend and answers wrongly is named, and the others are measured", async () => {
    const faulty: Server = {
      name: "odd",
      file: join(import.meta.dirname, "faulty-echo.ts"),
      args: ["changes a byte"],
      runtime: [process.execPath],
    };
    const { rounds, absent } = await throughput("", [net, faulty], { protocol: "text", ...work }, run);
    expect([...rounds].map(([name, rounds]) => [name, rounds.length])).toEqual([["net", 2]]);
    expect(absent).toEqual([{ name: "odd", because: expect.stringContaining("a wrong response") }]);
  });

  test("without our own there is no row", async () => {
    const ours = { name: "sock", isOurs: true, ...program("ours/echo.ts", "quic") };
    await expect(throughput("", [ours, net], { protocol: "raw", ...work }, run)).rejects.toThrow(
      "schemes: raw",
    );
  });

  test("at a fixed pace every message is timed", async () => {
    const pace = { perSecond: 1000, warmUp: 20, duration: 100 };
    const { values } = await underLoad(
      "",
      [net],
      { protocol: "raw", payload: 64, connections: 4, inFlight: 1 },
      run,
      ({ server, load }) => load.pace(server, pace),
    );
    const [paced] = values.get("net")!;
    expect(paced?.count).toBe(100);
    expect(paced!.p50).toBeLessThanOrEqual(paced!.p99);
    expect(paced!.p99).toBeLessThanOrEqual(paced!.max);
  });

  test.each([
    ["changes a byte", "a wrong response"],
    ["swaps two messages", "a wrong response"],
    ["sends one twice", "not asked for"],
    ["hangs up", "the server closed a connection"],
  ])("a server that %s is noticed", async (fault, sentence) => {
    const faulty = { name: "sock", file: join(import.meta.dirname, "faulty-echo.ts"), args: [fault] };
    await expect(throughput("", [faulty], { protocol: "text", ...work }, run)).rejects.toThrow(sentence);
  });
});
