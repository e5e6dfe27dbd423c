import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Machine } from "./method/machine.ts";
import type { Absent, Result } from "./result.ts";
import type { Run } from "./suite.ts";

/** How a run was made, so that others can make it again. */
export type Method = Pick<Run, "cores" | "starts" | "rounds" | "duration" | "warmUp" | "compile" | "scale">;

/** What is kept of a run. */
export interface Results {
  version: 1;
  machine: Machine;
  method: Method;
  /** When it began and when it ended, as ISO 8601. Without an end it was broken off, and can be gone on with. */
  began: string;
  ended?: string;
  results: Result[];
  /** Rows that could not be measured here, as `suite: row`. */
  absent: Absent[];
  /** Rows that went wrong. */
  failed: Absent[];
}

export function begin(machine: Machine, method: Method): Results {
  return {
    version: 1,
    machine,
    method,
    began: new Date().toISOString(),
    results: [],
    absent: [],
    failed: [],
  };
}

/** @throws TypeError when it is not one of these files */
export function readResults(file: string): Results {
  const results = JSON.parse(readFileSync(file, "utf8")) as Partial<Results>;
  if (results.version !== 1 || results.results === undefined)
    throw new TypeError(`${file} holds no results of version 1`);
  return results as Results;
}

/** At once or not at all: whoever is interrupted finds what was there before. */
export function writeResults(file: string, results: Results): void {
  mkdirSync(dirname(file), { recursive: true });
  const scratch = `${file}.${process.pid}.tmp`;
  writeFileSync(scratch, `${JSON.stringify(results, rounded, 1)}\n`);
  renameSync(scratch, file);
}

/** What there is of a run of the same on the same, that was broken off; or a new one. What failed is tried again. */
export function resume(file: string, machine: Machine, method: Method): Results {
  if (!existsSync(file)) return begin(machine, method);
  const found = readResults(file);
  const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
  if (found.ended !== undefined || !isSame(found.machine, machine) || !isSame(found.method, method))
    return begin(machine, method);
  return { ...found, failed: [] };
}

/** Six digits are more than any of it is worth. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
}
