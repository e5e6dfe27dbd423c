import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, test } from "vitest";
import { AddressError, connect, listen } from "../src/index.ts";
import { lines } from "./support/codecs.ts";
import { freshPath } from "./support/net-pair.ts";

const options = { codec: lines() };

/** A socket whose process was killed, so that nobody could remove it. */
function staleSocket(): string {
  const path = freshPath();
  const program = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  try {
    execFileSync(process.execPath, ["-e", program], { stdio: "ignore" });
  } catch {
    // It was killed, as it was told.
  }
  expect(existsSync(path)).toBe(true);
  return path;
}

/** Runs `work` as a user who may not write to `folder`. */
async function withoutPermission<T>(folder: string, work: () => Promise<T>): Promise<T> {
  chmodSync(folder, 0o555);
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
}

describe("an address that cannot be listened at is an AddressError with Node's code:", () => {
  test("in use", async () => {
    await using server = await listen("tcp://127.0.0.1:0", options);
    const error: unknown = await listen(server.address, options).catch((error) => error);
    expect(error).toBeInstanceOf(AddressError);
    expect(error).toMatchObject({ code: "EADDRINUSE", address: server.address });
    expect(String(error)).toContain(`${server.address}: the address is in use`);
    expect((error as AddressError).cause).toMatchObject({ code: "EADDRINUSE" });
  });

  test("not of this machine", async () => {
    // RFC 5737: an address for documentation, which nobody has.
    await expect(listen("tcp://192.0.2.1:0", options)).rejects.toMatchObject({
      name: "AddressError",
      code: "EADDRNOTAVAIL",
    });
  });

  test("no permission", async () => {
    const path = freshPath();
    await withoutPermission(dirname(path), async () => {
      await expect(listen(`unix:${path}`, options)).rejects.toMatchObject({
        name: "AddressError",
        code: "EACCES",
      });
    });
  });

  test("no such folder", async () => {
    const listening = listen(`unix:${freshPath()}/in/no/folder`, options);
    // As libuv gives it.
    await expect(listening).rejects.toMatchObject({ name: "AddressError", code: "EACCES" });
    await expect(listening).rejects.toThrow(/folder/);
  });

  test("a port below 1024, for those who may not", async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip("only root can give up its rights");
    const floor = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
    if (floor <= 1) skip("here everybody may");
    await withoutPermission(dirname(freshPath()), async () => {
      await expect(listen("tcp://127.0.0.1:1", options)).rejects.toMatchObject({ code: "EACCES" });
    });
  });
});

test("what is no address is a TypeError", async () => {
  await expect(listen("127.0.0.1:80", options)).rejects.toThrow(TypeError);
});

describe("a unix path", () => {
  test("is a socket while the server listens, and removed at its end", async () => {
    const path = freshPath();
    const server = await listen(`unix:${path}`, options);
    expect(statSync(path).isSocket()).toBe(true);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  test("that a dead process has left is replaced", async () => {
    const path = staleSocket();
    await using server = await listen(`unix:${path}`, { ...options, onMessage: (c, line) => c.close(line) });
    const client = await connect(server.address, options);
    client.send("alive");
    for await (const line of client) expect(line).toBe("alive");
  });

  test("in use is not replaced, and its server not disturbed", async () => {
    const address = `unix:${freshPath()}`;
    await using server = await listen(address, { ...options, onMessage: (c, line) => c.close(line) });
    await expect(listen(address, options)).rejects.toMatchObject({
      name: "AddressError",
      code: "EADDRINUSE",
    });
    const client = await connect(server.address, options);
    client.send("still here");
    for await (const line of client) expect(line).toBe("still here");
  });

  test.each<[string, (path: string) => void]>([
    ["a file", (path) => writeFileSync(path, "precious")],
    ["a folder", (path) => mkdirSync(path)],
  ])("that is %s is left alone", async (_, make) => {
    const path = freshPath();
    make(path);
    await expect(listen(`unix:${path}`, options)).rejects.toMatchObject({ code: "EADDRINUSE" });
    expect(statSync(path).isSocket()).toBe(false);
    if (statSync(path).isFile()) expect(readFileSync(path, "utf8")).toBe("precious");
  });

  test("that is stale and cannot be removed is an AddressError too", async () => {
    const path = staleSocket();
    chmodSync(path, 0o777);
    await withoutPermission(dirname(path), async () => {
      const error: unknown = await listen(`unix:${path}`, options).catch((error) => error);
      expect(error).toBeInstanceOf(AddressError);
      expect(error).toMatchObject({ address: `unix:${path}` });
    });
    expect(existsSync(path)).toBe(true);
  });

  test("is free again at once for the next server", async () => {
    const address = `unix:${freshPath()}`;
    for (let i = 0; i < 3; i++) {
      await using server = await listen(address, options);
      expect(server.address).toBe(address);
    }
  });
});
