import { randomInt } from "node:crypto";

export function freshSeeds(count: number): number[] {
  return Array.from({ length: count }, () => randomInt(2 ** 31));
}
