import { chmodSync, existsSync, statSync } from "node:fs";
import { connect, createEventLoop, type EventLoop, listen } from "@sock/core";
import { text } from "@sock/protocol-text";
import { ManualClock } from "@sock/timer/manual";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answer, type AskOptions, askMaster } from "../../src/control/ask-master.ts";
import { type ControlRequest, unsealRequest, unsealResponse } from "../../src/control/protocol.ts";
import { ClusterError } from "../../src/errors.ts";
import { FakeMaster, freshFiles, serve } from "../support/controlled.ts";
import { connectionReport } from "../support/reports.ts";
import { until } from "../support/until.ts";

async function ask(path: string, request: ControlRequest, options?: AskOptions): Promise<Answer[]> {
  const answers: Answer[] = [];
  for await (const answer of askMaster(path, request, options)) answers.push(answer);
  return answers;
}

/** What comes back for bytes that no command of this version would send. */
async function say(path: string, bytes: string): Promise<string[]> {
  const client = await connect(`unix:${path}`, { codec: text() });
  client.sendRaw(bytes);
  const lines: string[] = [];
  for await (const line of client) lines.push(line);
  return lines;
}

describe("a master that is asked", () => {
  test("for its status answers with it", async () => {
    const master = new FakeMaster();
    const { files } = await serve(master);
    expect(await ask(files.control, { do: "status" })).toEqual([
      { is: "status", status: { ...(await new FakeMaster().status()), uptime: 1_000 } },
    ]);
  });

  test("for connections answers in lines of 500", async () => {
    const master = new FakeMaster();
    const connections = Array.from({ length: 1_001 }, (_, id) => connectionReport({ id }));
    master.report = { connections, left: 7, busy: [12] };
    const { files } = await serve(master);
    const answers = await ask(files.control, { do: "connections", most: 2_000 });
    expect(
      answers.map((answer) => (answer.is === "connections" ? answer.connections.length : answer)),
    ).toEqual([500, 500, 1, { is: "connectionsEnd", left: 7, busy: [12] }]);
    expect(answers.flatMap((answer) => (answer.is === "connections" ? answer.connections : []))).toEqual(
      connections,
    );
    expect(master.asked).toEqual(["connections 2000"]);
  });

  test("to stop or reload does so, and says when it is done", async () => {
    const master = new FakeMaster();
    const { files } = await serve(master);
    await ask(files.control, { do: "reload", isGraceful: false });
    await ask(files.control, { do: "stop", isGraceful: true });
    expect(master.asked).toEqual(["reload", "stop -g"]);
  });

  test("for what does not work tells the error, with its code", async () => {
    const master = new FakeMaster();
    master.reloads = () => Promise.reject(new ClusterError("NOT_RELOADED", "chat#0 did not come up"));
    master.stops = () => Promise.reject(new Error("no"));
    const { files } = await serve(master);
    await expect(ask(files.control, { do: "reload", isGraceful: false })).rejects.toMatchObject({
      name: "ClusterError",
      code: "NOT_RELOADED",
      message: "chat#0 did not come up",
    });
    await expect(ask(files.control, { do: "stop", isGraceful: false })).rejects.toMatchObject({
      code: "FAILED",
    });
  });

  test("again and again goes on until nobody listens", async () => {
    const master = new FakeMaster();
    const { files } = await serve(master);
    const uptimes: number[] = [];
    for await (const answer of askMaster(files.control, { do: "status", every: 100 })) {
      if (answer.is === "status") uptimes.push(answer.status.uptime);
      if (uptimes.length === 3) break;
    }
    expect(uptimes).toEqual([1_000, 2_000, 3_000]);
  });

  test("again and again ends when it closes", async () => {
    const { files, close } = await serve(new FakeMaster());
    const watching = askMaster(files.control, { do: "status", every: 3_600_000 });
    expect((await watching.next()).done).toBe(false);
    await close();
    expect((await watching.next()).done).toBe(true);
  });

  test("that closes answers first", async () => {
    const master = new FakeMaster();
    let stopped = () => {};
    master.stops = () =>
      new Promise((resolve) => {
        stopped = resolve;
      });
    const { files, close } = await serve(master);
    const asked = ask(files.control, { do: "stop", isGraceful: false });
    await until(() => master.asked.length === 1);
    const closed = close();
    stopped();
    expect(await asked).toEqual([]);
    await closed;
    expect(existsSync(files.control)).toBe(false);
  });
});

test("a command that was suspended does not keep the master from its end", async () => {
  const clock = new ManualClock();
  const master = new FakeMaster();
  const connections = Array.from({ length: 20_000 }, (_, id) => connectionReport({ id }));
  master.report = { connections, left: 0, busy: [] };
  const { files, close } = await serve(master, freshFiles(), createEventLoop(clock));
  const suspended = await connect(`unix:${files.control}`, { codec: text() });
  suspended.pauseRecv();
  suspended.send('{"v":1,"do":"connections","most":20000}');
  await until(() => master.asked.length === 1);
  let isOver = false;
  void close().then(() => {
    isOver = true;
  });
  await until(() => {
    clock.advance(500);
    return isOver;
  });
  suspended.destroy();
});

describe("whoever asks", () => {
  const done = '{"v":1,"is":"done"}\n';

  /** A master that is none: it says these bytes. */
  async function saying(bytes: string): Promise<string> {
    const { control } = freshFiles();
    const server = await listen(`unix:${control}`, {
      onMessage: (peer) => void peer.sendRaw(bytes),
      onConnect: () => {},
    });
    onTestFinished(() => server.close());
    return control;
  }

  test("is told that nobody listens: no socket, or one that a dead process has left", async () => {
    const { control } = freshFiles();
    await expect(ask(control, { do: "status" })).rejects.toMatchObject({ code: "NOT_RUNNING" });
  });

  test("waits for as long as the master says that it works", async () => {
    const clock = new ManualClock();
    const master = new FakeMaster();
    let reloaded = () => {};
    master.reloads = () =>
      new Promise((resolve) => {
        reloaded = resolve;
      });
    const { files } = await serve(master, freshFiles(), createEventLoop(clock));
    let armed = 0;
    const loop: EventLoop = {
      ...createEventLoop(clock),
      after(delay, call) {
        armed += 1;
        return clock.after(delay, call);
      },
    };
    const asked = ask(files.control, { do: "reload", isGraceful: true }, { loop });
    await until(() => master.asked.length === 1);
    for (let second = 1; second <= 20; second++) {
      clock.advance(1_000);
      await until(() => armed === second + 1);
    }
    reloaded();
    expect(await asked).toEqual([]);
  });

  test("gives up when the master says nothing", async () => {
    const clock = new ManualClock();
    const asked = ask(await saying(""), { do: "status" }, { within: 5_000, loop: createEventLoop(clock) });
    const rejected = expect(asked).rejects.toMatchObject({
      code: "NO_ANSWER",
      message: "the master does not answer within 5 s",
    });
    let isOver = false;
    void rejected.finally(() => {
      isOver = true;
    });
    await until(() => {
      clock.advance(1_000);
      return isOver;
    });
    await rejected;
  });

  test("is told of a master of another version, and of an answer that is none", async () => {
    await expect(ask(await saying('{"v":2,"is":"done"}\n'), { do: "status" })).rejects.toMatchObject({
      code: "OTHER_VERSION",
      message: expect.stringContaining("speaks version 2"),
    });
    for (const bytes of ["HTTP/1.1 400 Bad Request\r\n", "null\n", '{"v":1}\n', '{"is":"done"}\n'])
      await expect(ask(await saying(bytes), { do: "status" })).rejects.toMatchObject({ code: "NO_ANSWER" });
    expect(await ask(await saying(done), { do: "status" })).toEqual([]);
  });

  test("may give up before", async () => {
    const { files } = await serve(new FakeMaster());
    const over = new AbortController();
    const watching = askMaster(files.control, { do: "status", every: 3_600_000 }, { signal: over.signal });
    await watching.next();
    over.abort();
    expect((await watching.next()).done).toBe(true);
  });
});

describe("the control socket", () => {
  test.skipIf(process.platform === "win32")(
    "is for its owner alone, and leaves with its master",
    async () => {
      const { files, close } = await serve(new FakeMaster());
      expect(statSync(files.control).mode & 0o777).toBe(0o600);
      await close();
      expect(existsSync(files.control)).toBe(false);
    },
  );

  test.skipIf(process.platform === "win32")("of another user is no permission", async () => {
    const { files } = await serve(new FakeMaster());
    const isRoot = process.getuid?.() === 0;
    // Nothing is forbidden to root: for a moment, this is nobody.
    if (isRoot) process.seteuid?.(65_534);
    else chmodSync(files.control, 0o000);
    const asked = ask(files.control, { do: "status" }).catch((error: unknown) => error);
    expect(await asked.finally(() => isRoot && process.seteuid?.(0))).toMatchObject({
      code: "NO_PERMISSION",
    });
  });

  test.each([
    ["GET / HTTP/1.1\n", "NOT_SUPPORTED"],
    ['{"v":1}\n', "NOT_SUPPORTED"],
    ['{"v":1,"do":"dance"}\n', "NOT_SUPPORTED"],
    ['{"v":1,"do":"stop"}\n', "NOT_SUPPORTED"],
    ['{"v":1,"do":"status","every":1}\n', "NOT_SUPPORTED"],
    ['{"v":1,"do":"connections","most":-1}\n', "NOT_SUPPORTED"],
    ['{"v":9,"do":"status"}\n', "OTHER_VERSION"],
  ])("answers %j with %s", async (bytes, code) => {
    const { files } = await serve(new FakeMaster());
    const lines = await say(files.control, bytes);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { v: 1, is: "failed", code, sentence: expect.any(String) },
    ]);
  });

  test("takes one question a connection", async () => {
    const master = new FakeMaster();
    const { files } = await serve(master);
    const line = '{"v":1,"do":"reload","isGraceful":false}\n';
    expect(await say(files.control, line + line)).toEqual(['{"v":1,"is":"done"}']);
    expect(master.asked).toEqual(["reload"]);
  });

  test("cuts whoever asks too long a question", async () => {
    const { files } = await serve(new FakeMaster());
    expect(await say(files.control, "x".repeat(4_097))).toEqual([]);
  });

  test("cuts whoever asks nothing for five seconds", async () => {
    const clock = new ManualClock();
    const { files } = await serve(new FakeMaster(), freshFiles(), createEventLoop(clock));
    let isOver = false;
    const said = say(files.control, "").finally(() => {
      isOver = true;
    });
    await until(() => {
      clock.advance(1_000);
      return isOver;
    });
    await expect(said).resolves.toEqual([]);
  });
});

test("nothing that comes in a line makes reading it throw", () => {
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((value) => `{"v":1,"do":${value},"is":${value}}`),
  );
  fc.assert(
    fc.property(line, (line) => {
      unsealRequest(line);
      unsealResponse(line);
    }),
  );
});
