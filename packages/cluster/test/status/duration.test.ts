import { expect, test } from "vitest";
import { formatDuration } from "../../src/status/duration.ts";

const minute = 60_000;
const hour = 60 * minute;

test.each([
  [0, "0 seconds"],
  [1_999, "1 second"],
  [minute, "1 minute 0 seconds"],
  [hour + 2 * minute + 59_000, "1 hour 2 minutes"],
  [24 * hour - 1, "23 hours 59 minutes"],
  [49 * hour, "2 days 1 hour"],
])("%d ms are %s", (ms, words) => {
  expect(formatDuration(ms)).toBe(words);
});
