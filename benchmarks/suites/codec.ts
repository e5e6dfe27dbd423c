import { basename, join } from "node:path";
import { type BuiltinName, builtin } from "../codec/builtin.ts";
import type { CodecRound, Costs, Which } from "../codec/codec-process.ts";
import { Child } from "../method/child.ts";
import { ALLOCATED, CALIBRATION } from "../report/line.ts";
import type { Result } from "../result.ts";
import type { Row, Run, Suite } from "../suite.ts";

const KIB = 1024;
const SIZES = [16, 256, 4 * KIB, 64 * KIB, 1024 * KIB];

/** Of a round, for each of three: it is the number of rounds that tells. */
const SHARE_OF_DURATION = 1 / 8;
/** Milliseconds for V8 to compile, for each of three. */
const SHARE_OF_COMPILE = 1 / 5;

const METRICS: Record<keyof Costs, string> = {
  input: "input",
  decode: "decode",
  encode: "encode",
  whole: "loop",
  chopped: "loop, chopped",
};

export const codec: Suite = {
  name: "codec",
  about: "nanoseconds and allocated bytes a message for each verb, and for the loop around them",
  rows: (Object.keys(builtin) as BuiltinName[]).flatMap((name) =>
    sizesOf(name).map((size) => ({
      name: `${name}, ${describeSize(size)}`,
      isQuick: size === 256,
      measure: (run: Run) => measure(`${name}, ${describeSize(size)}`, "sock", { name, size }, run),
    })),
  ),
};

/** A path does not grow for ever. */
function sizesOf(name: BuiltinName): number[] {
  return name === "http server, GET" ? SIZES.slice(0, 2) : SIZES;
}

/** A codec of the user's: a module as `CodecCase` describes. */
export function rowOfModule(file: string): Row {
  const name = basename(file).replace(/\.\w+$/, "");
  return { name, isQuick: true, measure: (run) => measure(name, name, { file }, run) };
}

async function measure(row: string, name: string, which: Which, run: Run): Promise<Result[]> {
  const rounds: CodecRound[] = [];
  let frameLength = 0;
  for (let start = 0; start < run.starts; start++) {
    const file = join(import.meta.dirname, "../codec/codec-process.ts");
    await using child = new Child({ file }, { core: run.cores.server, flags: ["--expose-gc"] });
    frameLength = await child.ask<number>("open", which);
    await child.ask("round", run.compile * SHARE_OF_COMPILE);
    while (rounds.length < ((start + 1) * run.rounds) / run.starts) {
      run.progress(`round ${rounds.length + 1}`);
      rounds.push(await child.ask<CodecRound>("round", run.duration * SHARE_OF_DURATION));
    }
  }
  const common = {
    suite: codec.name,
    row,
    better: "less" as const,
    notes: [`a frame of ${frameLength} bytes`],
  };
  return (Object.keys(METRICS) as (keyof Costs)[]).flatMap((cost): Result[] => [
    {
      ...common,
      metric: METRICS[cost],
      unit: "ns",
      contestants: [
        { name, rounds: rounds.map(({ time }) => time[cost]) },
        // Beside it for `compare`: how fast the machine was.
        { name: CALIBRATION, rounds: rounds.map(({ calibration }) => calibration) },
      ],
    },
    {
      ...common,
      metric: METRICS[cost] + ALLOCATED,
      unit: "B",
      contestants: [{ name, rounds: rounds.map(({ allocated }) => allocated[cost]) }],
    },
  ]);
}

function describeSize(bytes: number): string {
  if (bytes < KIB) return `${bytes} B`;
  return bytes < KIB * KIB ? `${bytes / KIB} KiB` : `${bytes / KIB / KIB} MiB`;
}
