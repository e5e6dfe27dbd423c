import { expect, test } from "vitest";
import { exitReason, exitStatus } from "../src/process/exit-reason.ts";

test("an exit is counted by its code or its signal", () => {
  expect(exitStatus({ code: 0, signal: null })).toBe("exit code 0");
  expect(exitStatus({ code: null, signal: "SIGSEGV" })).toBe("SIGSEGV");
  expect(exitStatus({ code: null, signal: null })).toBe("not started");
});

test("an exit is told in words, where there are some", () => {
  expect(exitReason({ code: 1, signal: null })).toBe("exit code 1: an uncaught error, or process.exit(1)");
  expect(exitReason({ code: 3, signal: null })).toBe("exit code 3");
  expect(exitReason({ code: null, signal: "SIGABRT" })).toBe("SIGABRT: it aborted: out of memory, mostly");
});

test("what the process has said itself comes first", () => {
  expect(exitReason({ code: 1, signal: null, failure: "an uncaught error: no such table" })).toBe(
    "exit code 1: an uncaught error: no such table",
  );
});
