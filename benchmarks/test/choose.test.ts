import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { choose } from "../commands/choose.ts";
import { parseOptions } from "../commands/options.ts";
import { peers } from "../servers.ts";
import { suites } from "../suites.ts";

const names = (words: string[], only: string[] = [], quick = false) =>
  choose({ words, only, quick }).map(({ suite, row }) => `${suite}: ${row.name}`);

describe("rows", () => {
  test("are all of them without a word", () => {
    expect(names([])).toHaveLength(suites.flatMap(({ rows }) => rows).length);
  });

  test("have names of their own", () => {
    expect(new Set(names([])).size).toBe(names([]).length);
  });

  test("are chosen by suites, and by words that must all occur", () => {
    expect(names(["churn"])).toEqual(["churn: connect, 64 B there and back, close"]);
    expect(names(["engine"], ["frame 64 B", "× 16"])).toEqual(["engine: frame 64 B × 16"]);
  });

  test("of a quick run are those that are marked, or asked for by name", () => {
    expect(names([], [], true).length).toBeLessThan(30);
    expect(names(["latency"], ["http"], true)).toHaveLength(1);
  });

  test("that nobody has are an error with the names that there are", () => {
    expect(() => names(["motor"])).toThrow('no suite "motor"; there are: codec, engine');
    expect(() => names([], ["frame", "quic"])).toThrow("no row has all of: frame, quic");
  });

  test("are of a module when a path is given, and then of that alone", () => {
    const file = join(import.meta.dirname, "../../docs/examples/measured-codec.ts");
    expect(names(["codec", file])).toEqual(["codec: measured-codec"]);
    expect(() => names(["codec", "./not-there.ts"])).toThrow(/there is no .*not-there\.ts/);
  });
});

describe("options", () => {
  test("have rounds from 1 on, and no more starts than rounds", () => {
    expect(parseOptions(["--rounds", "1"]).run).toMatchObject({ rounds: 1, starts: 1 });
    expect(() => parseOptions(["--rounds", "0"])).toThrow("a whole number from 1 on");
    expect(() => parseOptions(["--rounds", "many"])).toThrow(RangeError);
  });

  test("tell where peers are", () => {
    expect(parseOptions(["--peer", "bun=/x/bun", "--peer", "uws=/y=z"]).run.peers).toEqual({
      bun: "/x/bun",
      uws: "/y=z",
    });
    expect(() => parseOptions(["--peer", "bun"])).toThrow("<name>=<path>");
  });
});

test("a peer that is not here is absent, and says why", () => {
  const { servers, absent } = peers(["net", "uws", "workerman"], "websocket", { workerman: "/nowhere" });
  expect(servers.map(({ name }) => name)).toEqual(["net"]);
  expect(absent).toEqual([
    { name: "uws", because: expect.stringContaining("--peer uws=") },
    { name: "workerman", because: "there is no /nowhere/autoload.php" },
  ]);
});
