import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compare } from "../pair/comparison.ts";
import { parseCores } from "../pair/cores.ts";
import type { Round } from "../pair/load.ts";
import { measure } from "../pair/measure.ts";
import { protocols } from "../pair/protocols.ts";
import { describeComparison } from "../pair/report.ts";
import type { Row } from "../pair/rows.ts";
import { pairedRatios, spread } from "../pair/statistics.ts";

/** A round at `perSecond` with a server that had work for `busy` of the time, all of it on its core. */
function round(perSecond: number, busy = 1): Round {
  const share = { used: busy, ran: busy, waited: 0 };
  return { perSecond, cpu: { server: share, load: { used: 0.5, ran: 0.5, waited: 0 } } };
}

describe("statistics", () => {
  test("a spread is the median and the quartiles, in proportion between two values", () => {
    expect(spread([5, 1, 4, 2, 3])).toEqual({ median: 3, q1: 2, q3: 4 });
    expect(spread([1, 2, 3, 4])).toEqual({ median: 2.5, q1: 1.75, q3: 3.25 });
    expect(spread([7])).toEqual({ median: 7, q1: 7, q3: 7 });
  });

  test("nothing measured has no median", () => {
    expect(spread([]).median).toBeNaN();
  });

  test("ratios pair rounds of the same number", () => {
    expect(pairedRatios([10, 30], [20, 10])).toEqual([0.5, 3]);
    expect(() => pairedRatios([1], [1, 2])).toThrow(RangeError);
  });
});

describe("comparison", () => {
  test("a machine that slows down for both changes no ratio", () => {
    const { ratio } = compare([round(90), round(45), round(9)], [round(100), round(50), round(10)]);
    expect(ratio).toEqual({ median: 0.9, q1: 0.9, q3: 0.9 });
  });

  test("half the messages for half the CPU time are as good", () => {
    const { ratio, cpuRatio } = compare([round(50, 0.5)], [round(100)]);
    expect(ratio.median).toBe(0.5);
    expect(cpuRatio?.median).toBe(1);
  });

  test("a row is client-bound when a server was idle", () => {
    expect(describeComparison(compare([round(100, 0.85)], [round(100)]), undefined)).toContain(
      "client-bound",
    );
    expect(describeComparison(compare([round(100, 0.95)], [round(100)]), undefined)).not.toContain("bound");
  });

  test("a floor is held at n and missed below", () => {
    expect(describeComparison(compare([round(90)], [round(100)]), 0.9)).toContain("floor 0.9 ok");
    expect(describeComparison(compare([round(89)], [round(100)]), 0.9)).toContain("floor 0.9 MISSED");
  });

  test("what the system does not tell is left out aloud", () => {
    const { cpuRatio, ours } = compare(
      [{ perSecond: 1, cpu: undefined }],
      [{ perSecond: 2, cpu: undefined }],
    );
    expect(cpuRatio).toBeUndefined();
    expect(ours.cpu).toBeUndefined();
    const line = describeComparison(compare(ours.rounds, ours.rounds), undefined);
    expect(line).toContain("CPU time unknown here");
  });
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

describe("servers under load", () => {
  const settings = { cores: {}, starts: 1, rounds: 2, duration: 30, warmUp: 10 };
  const net = { name: "net", file: join(import.meta.dirname, "../peers/net-echo.ts") };
  const ws = { name: "ws", file: join(import.meta.dirname, "../peers/ws-echo.ts") };
  const work = { payload: 64, connections: 4, inFlight: 3 };

  test.each(["raw", "text", "frame"] as const)("%s is echoed and counted", async (protocol) => {
    const { ours, ratio } = await measure({ what: "", ours: net, control: net, protocol, ...work }, settings);
    expect(ours.rounds).toHaveLength(2);
    expect(ours.perSecond.q1).toBeGreaterThan(0);
    expect(ratio.median).toBeGreaterThan(0);
  });

  test.each(["websocketText", "websocketBinary"] as const)("%s is echoed and counted", async (protocol) => {
    const row = { what: "", ours: ws, control: ws, protocol, ...work, payload: 16 * 1024 };
    expect((await measure(row, settings)).ours.perSecond.q1).toBeGreaterThan(0);
  });

  test.each([
    ["changes a byte", "a wrong response"],
    ["swaps two messages", "a wrong response"],
    ["sends one twice", "not asked for"],
    ["hangs up", "the server closed a connection"],
  ])("a server that %s is noticed", async (fault, sentence) => {
    const ours = { file: join(import.meta.dirname, "faulty-echo.ts"), args: [fault] };
    const row: Row = { what: "", ours, control: net, protocol: "text", ...work };
    await expect(measure(row, settings)).rejects.toThrow(sentence);
  });
});
