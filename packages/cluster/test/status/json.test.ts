import fc from "fast-check";
import { expect, test } from "vitest";
import { toJsonLine } from "../../src/status/json.ts";
import { anyConnection, anyStatus } from "../support/reports.ts";

test("any status and any connections come back from one line of JSON, with a version", () => {
  const anyConnections = fc.record({
    connections: fc.array(anyConnection, { maxLength: 3 }),
    left: fc.nat(),
    busy: fc.array(fc.nat()),
  });
  fc.assert(
    fc.property(fc.oneof(anyStatus, anyConnections), (report) => {
      const line = toJsonLine(report);
      expect(line).not.toContain("\n");
      expect(JSON.parse(line)).toEqual({ version: 1, ...withoutMinusZero(report) });
    }),
  );
});

/** JSON has one zero. */
function withoutMinusZero<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
