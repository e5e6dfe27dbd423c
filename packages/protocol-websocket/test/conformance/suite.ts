import { describe, expect, test } from "vitest";
import { bytesOf, type Frame } from "../frames.ts";
import { Observed, type Role, type Terms } from "../observe.ts";

/** One rule: what the peer sends, and all that must come of it, in order. See `Observed` for the lines. */
export interface Case {
  /** The rule, with its section. */
  rule: string;
  peer: readonly (Frame | Uint8Array)[];
  lines: readonly string[];
  terms?: Terms;
  /** The rule concerns one role only. */
  role?: Role;
}

/** Our side ends the connection, if it is the server: RFC 6455 7.1.1 has the client wait for that. */
export const SERVER_ENDS = "ends, as server";

/** Streams up to here are also dripped byte by byte; longer ones in pieces of a prime size. */
const DRIPPED = 200_000;

/** Runs each case in both roles: whole, and byte by byte. */
export function conform(group: string, cases: readonly Case[]): void {
  for (const role of ["server", "client"] as const) {
    describe(`${group}, as ${role}`, () => {
      test.each(cases.filter((one) => (one.role ?? role) === role))("$rule", ({ peer, lines, terms }) => {
        const stream = bytesOf(peer, role === "server");
        const expected = expectedOf(lines, role);
        expect(observe(role, terms, [Buffer.from(stream)]), "whole").toEqual(expected);
        expect(observe(role, terms, cut(stream, stream.length > DRIPPED ? 997 : 1)), "dripped").toEqual(
          expected,
        );
      });
    });
  }
}

export function observe(role: Role, terms: Terms | undefined, chunks: readonly Uint8Array[]): string[] {
  return new Observed(role, terms).receive(...chunks).lines;
}

/** In pieces, each memory of its own: the codec may write in what it is given. */
export function cut(stream: Uint8Array, size: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += size) chunks.push(Buffer.from(stream.subarray(at, at + size)));
  return chunks;
}

function expectedOf(lines: readonly string[], role: Role): string[] {
  const ours = role === "server" ? lines : lines.filter((line) => line !== SERVER_ENDS);
  return ours.map((line) => (line === SERVER_ENDS ? "ends" : line));
}
