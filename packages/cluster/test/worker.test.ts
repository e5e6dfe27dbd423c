import { connect } from "@sock/core";
import { canBindShared } from "@sock/core/sockets";
import { describe, expect, test } from "vitest";
import { Worker } from "../src/index.ts";
import { ask } from "./support/ask.ts";
import { lines } from "./support/lines.ts";

describe("a Worker", () => {
  test("has the ancestor's defaults", () => {
    const { id, count, name, user, group, reloadable, reusePort, transport, connections, stopping } =
      new Worker("tcp://127.0.0.1:2347");
    expect({ id, count, name, user, group, reloadable, reusePort, transport, stopping }).toEqual({
      id: 0,
      count: 1,
      name: "none",
      user: "",
      group: "",
      reloadable: true,
      reusePort: false,
      transport: "tcp",
      stopping: false,
    });
    expect(connections.size).toBe(0);
    expect(new Worker("unix:/run/chat.sock").transport).toBe("unix");
    expect(new Worker().transport).toBe("none");
  });

  test("without a process is one: a count below 1 counts as 1", () => {
    expect(new Worker("tcp://127.0.0.1:0", { count: 0 }).count).toBe(1);
  });

  test("refuses what is no option", () => {
    expect(() => new Worker("localhost")).toThrow(TypeError);
    expect(() => new Worker("constructor:x")).toThrow("no address: tcp://host:port");
    expect(() => new Worker("tcp://127.0.0.1:0", { count: 1.5 })).toThrow(RangeError);
    expect(() => new Worker("tcp://127.0.0.1:0", { accept: "any" as never })).toThrow(TypeError);
    expect(() => new Worker("tcp://127.0.0.1:0", { maxMemory: 0 })).toThrow(RangeError);
  });

  test.each([
    ["udp://127.0.0.1:5353", "datagrams"],
    ["fd://3", "inherited sockets"],
    ["systemd:chat.socket", "inherited sockets"],
  ])("refuses %s in a sentence that says who takes it", (address, what) => {
    expect(() => new Worker(address)).toThrow(
      new TypeError(
        `"${address}" is no address of a Worker: ${what} cannot be shared out among processes. listen() of @sock/core takes them, within onWorkerStart`,
      ),
    );
  });

  test("listens in this process when it is asked to, with callbacks that may be set later", async () => {
    const worker = new Worker("tcp://127.0.0.1:0", { codec: lines() });
    const server = await worker.listen();
    worker.onMessage = function (connection, line) {
      connection.send(`${this === worker} ${line} ${worker.connections.size}`);
    };
    expect(await ask(server.address)).toBe("true who 1");
    await worker.close();
    await worker.drained();
    expect(worker.stopping).toBe(true);
    await expect(connect(server.address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test.runIf(canBindShared)("with reusePort listens where another does", async () => {
    const worker = new Worker("tcp://127.0.0.1:0", { codec: lines(), reusePort: true });
    const server = await worker.listen();
    const other = new Worker(server.address, { codec: lines(), reusePort: true });
    expect((await other.listen()).address).toBe(server.address);
    const third = new Worker(server.address, { codec: lines() });
    await expect(third.listen()).rejects.toMatchObject({ code: "EADDRINUSE" });
    await Promise.all([worker.close(), other.close()]);
  });
});
