import { isDeepStrictEqual } from "node:util";
import { asBuffer, toBuffer } from "@sock/codec";
import type { Happening } from "./happening.ts";
import { asRead, mapped, type OnReading, plain } from "./read.ts";

/**
 * All that came of a stream and may be compared: what happened in its order, replies without a break between them as
 * one, errors by their codes.
 */
export function observe(happenings: readonly Happening[], onReading: OnReading = asRead): unknown[] {
  const observed: Record<string, unknown>[] = [];
  for (const happening of happenings) {
    const last = observed.at(-1);
    const next = observeOne(happening, onReading);
    if (next.what === "reply" && last?.what === "reply") {
      last.bytes = Buffer.concat([last.bytes as Buffer, next.bytes as Buffer]);
    } else {
      observed.push(next);
    }
  }
  return observed;
}

function observeOne(happening: Happening, onReading: OnReading): Record<string, unknown> {
  switch (happening.what) {
    case "message":
      return { what: "message", message: mapped(happening.message, onReading) };
    case "note":
      return { what: "note", note: plain(happening.note, () => "a stream") };
    case "reply":
    case "farewell":
      return { what: happening.what, bytes: toBuffer(happening.bytes) };
    case "failed":
      return { what: "failed", code: happening.code ?? String(happening.error) };
    default:
      return { ...happening };
  }
}

/** Where two observations part: the first that differs of each. Nothing, when they do not. */
export function difference(
  one: readonly unknown[],
  other: readonly unknown[],
): { at: number; one: unknown; other: unknown } | undefined {
  const length = Math.max(one.length, other.length);
  for (let at = 0; at < length; at++) {
    if (!isDeepStrictEqual(one[at], other[at])) return { at, one: one[at], other: other[at] };
  }
  return undefined;
}

/** Whether two messages say the same: as deep equality has it, bytes by what they are and not by their class. */
export function saysTheSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(mapped(one, asRead, asBuffer), mapped(other, asRead, asBuffer));
}
