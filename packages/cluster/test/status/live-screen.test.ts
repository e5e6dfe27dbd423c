import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { drawScreen } from "../../src/status/live-screen.ts";

test("a screen is overwritten line by line, and cut where it ends", () => {
  expect(drawScreen(["one", "twentyone", "three"], { columns: 8, rows: 3 })).toBe(
    "\x1b[Hone\x1b[K\ntwenty..\x1b[K\n\x1b[J",
  );
});

test("however many lines there are, it does not scroll", () => {
  const lines = Array.from({ length: 100 }, (_, at) => `line ${at}`);
  const drawn = stripVTControlCharacters(drawScreen(lines, { columns: 80, rows: 24 }));
  expect(drawn.split("\n")).toHaveLength(24);
});
