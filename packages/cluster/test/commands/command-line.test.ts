import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCommandLine } from "../../src/commands/command-line.ts";
import { usage } from "../../src/commands/usage.ts";

const read = (line: string) => readCommandLine(line.split(" ").filter(Boolean));
const command = (line: string) => {
  const found = read(line);
  return found.is === "command" ? found.command : found;
};

test.each([
  ["start", { do: "start", isDaemon: false, isQuiet: false, isWatching: false }],
  ["start -d", { do: "start", isDaemon: true, isQuiet: false, isWatching: false }],
  ["start -dq", { do: "start", isDaemon: true, isQuiet: true, isWatching: false }],
  ["start --watch", { do: "start", isDaemon: false, isQuiet: false, isWatching: true }],
  ["restart -g -d", { do: "restart", isDaemon: true, isQuiet: false, isWatching: false, isGraceful: true }],
  ["stop", { do: "stop", isGraceful: false }],
  ["-g stop", { do: "stop", isGraceful: true }],
  ["reload -g", { do: "reload", isGraceful: true }],
  ["status", { do: "status", isLive: false, isJson: false }],
  ["status -d --json", { do: "status", isLive: true, isJson: true }],
  ["connections --json", { do: "connections", isJson: true }],
])("%s", (line, expected) => {
  expect(command(line)).toEqual(expected);
});

describe("the program's own arguments", () => {
  test("stand anywhere: the first command counts", () => {
    expect(command("--port 3000 eu-west start -d --name stop")).toMatchObject({
      do: "start",
      isDaemon: true,
    });
  });

  test("stand behind -- whatever they are", () => {
    expect(command("start -- --json stop -d")).toMatchObject({ do: "start", isDaemon: false });
  });
});

test.each([
  ["", "No command"],
  ["--port", "No command"],
  ["sart now", "Unknown command: sart"],
  ["toString", "Unknown command: toString"],
  ["-- start", "No command"],
  ["reload --json", "reload takes no --json"],
  ["connections -d", "connections takes no -d"],
  ["start -g", "start takes no -g"],
  ["start -d --watch", "--watch is for development, and not for a daemon: leave out -d"],
])("%j is wrong: %s", (line, sentence) => {
  expect(read(line)).toEqual({ is: "wrong", sentence });
});

test("help is help, with a command or without", () => {
  expect([read("--help"), read("start -h")]).toEqual([{ is: "help" }, { is: "help" }]);
  expect(usage("node chat.ts")[0]).toBe("Usage: node chat.ts <command> [options]");
});

test("nothing that can be typed makes it throw", () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom("start", "-d", "--json=1", "--no-json", "--", "-", "--=", "-dx"),
  );
  fc.assert(fc.property(fc.array(word), (argv) => void readCommandLine(argv)));
});
