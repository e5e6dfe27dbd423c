import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, linkSync, openSync, renameSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import { activatedAs, takeActivation } from "../src/activation.ts";
import { connect, listen } from "../src/index.ts";
import { parseListenAddress } from "../src/listen-address.ts";
import { freshPath } from "./support/net-pair.ts";

const program = join(import.meta.dirname, "support/inheritor.ts");

/** A listening socket that is not ours to accept from. */
async function bound(where: { path: string } | { host: string; port: number }): Promise<Server> {
  const server = createServer().listen(where);
  await once(server, "listening");
  return server;
}

/** Closes the parent's own: the child's stays. Node removes the path of a unix socket then, which a service manager does not. */
function letGo(socket: Server): void {
  const address = socket.address();
  if (typeof address === "string") linkSync(address, `${address}~`);
  socket.close();
  if (typeof address === "string") renameSync(`${address}~`, address);
}

interface Told {
  servers: string[];
  activated: { fd: number; name: string; address: string }[];
  left: string[];
}

/** A process that is given these sockets as descriptors 3 and on, as systemd would, and listens at `addresses`. */
async function inheritor(sockets: Server[], addresses: string[], names?: string): Promise<Told> {
  const handles = sockets.map((socket) => (socket as unknown as { _handle: never })._handle);
  // The shell's own pid is that of what it turns into.
  const activation =
    names === undefined ? "" : `LISTEN_PID=$$ LISTEN_FDS=${sockets.length} LISTEN_FDNAMES=${names} `;
  const command = `${activation}exec "$0" --conditions=@sock/source "$@"`;
  const child = spawn("sh", ["-c", command, process.execPath, program, ...addresses], {
    stdio: ["pipe", "pipe", "inherit", ...handles],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  for (const socket of sockets) letGo(socket);
  const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
  return JSON.parse(line);
}

async function ask(address: string): Promise<string> {
  const client = await connect(address);
  client.send("hello");
  for await (const chunk of client) return String(chunk);
  return "";
}

const loopback = { host: "127.0.0.1", port: 0 };

describe.skipIf(process.platform === "win32")("a socket that was inherited", () => {
  test("is listened at as fd://3, over TCP and at a unix path", async () => {
    const path = freshPath();
    const tcp = await bound(loopback);
    const { port } = tcp.address() as AddressInfo;
    const { servers, activated } = await inheritor([tcp, await bound({ path })], ["fd://3", "fd://4"]);
    expect(servers).toEqual([
      `tcp://127.0.0.1:${port}`,
      existsSync("/proc/net/unix") ? `unix:${path}` : "fd://4",
    ]);
    expect(activated).toEqual([]);
    expect(await ask(`tcp://127.0.0.1:${port}`)).toBe("fd://3: hello");
    expect(await ask(`unix:${path}`)).toBe("fd://4: hello");
  });

  test("by systemd, is listened at by its name; nothing is left in the environment", async () => {
    const sockets = [await bound(loopback), await bound(loopback)];
    const [admin, chat] = sockets.map(
      (socket) => `tcp://127.0.0.1:${(socket.address() as AddressInfo).port}`,
    );
    const told = await inheritor(sockets, ["systemd:chat.socket", "systemd:admin"], "admin:chat.socket");
    expect(told).toEqual({
      servers: [chat, admin],
      activated: [
        { fd: 3, name: "admin", address: "fd://3" },
        { fd: 4, name: "chat.socket", address: "fd://4" },
      ],
      left: [],
    });
    expect(await ask(chat!)).toBe("systemd:chat.socket: hello");
    expect(await ask(admin!)).toBe("systemd:admin: hello");
  });

  test("that is none is an AddressError", async () => {
    const file = openSync(import.meta.filename, "r");
    await expect(listen({ fd: file }, {})).rejects.toMatchObject({
      name: "AddressError",
      address: `fd://${file}`,
    });
    await expect(listen("fd://999999", {})).rejects.toMatchObject({ name: "AddressError" });
  });
});

describe("the environment of a service manager", () => {
  const env = (changes: NodeJS.ProcessEnv = {}) => ({ LISTEN_PID: "7", LISTEN_FDS: "2", ...changes });

  test("says how many sockets there are, from 3 on, and their names", () => {
    expect(takeActivation(env({ LISTEN_FDNAMES: "a:b" }), 7)).toEqual([
      { fd: 3, name: "a", address: "fd://3" },
      { fd: 4, name: "b", address: "fd://4" },
    ]);
    expect(takeActivation(env(), 7).map(({ name }) => name)).toEqual(["unknown", "unknown"]);
    expect(takeActivation(env({ LISTEN_FDNAMES: ":" }), 7).map(({ name }) => name)).toEqual(["", ""]);
  });

  test("is taken away", () => {
    const taken: NodeJS.ProcessEnv = env({ LISTEN_FDNAMES: "a:b", HOME: "/" });
    takeActivation(taken, 7);
    expect(taken).toEqual({ HOME: "/" });
  });

  test.each([
    ["of another process", env({ LISTEN_PID: "8" })],
    ["without a process", { LISTEN_FDS: "2" }],
    ["without a count", { LISTEN_PID: "7" }],
    ["of none", env({ LISTEN_FDS: "0", LISTEN_FDNAMES: undefined })],
    ["that is empty", {}],
  ])("%s gives no sockets, and is taken away as well", (_, env) => {
    const taken: NodeJS.ProcessEnv = { ...env };
    expect(takeActivation(taken, 7)).toEqual([]);
    expect(taken).toEqual({});
  });

  test.each([
    ["a count that is none", env({ LISTEN_FDS: "two" }), /LISTEN_FDS is "two"/],
    ["fewer than none", env({ LISTEN_FDS: "-1" }), /LISTEN_FDS is "-1"/],
    ["a million", env({ LISTEN_FDS: "1000000" }), /1000000 sockets, and 4096 at most/],
    ["a process that is none", env({ LISTEN_PID: "0x7" }), /LISTEN_PID is "0x7"/],
    ["fewer names than sockets", env({ LISTEN_FDNAMES: "a" }), /1 names, and LISTEN_FDS says 2/],
    ["more names than sockets", env({ LISTEN_FDNAMES: "a:b:c" }), /3 names, and LISTEN_FDS says 2/],
  ])("%s is a TypeError that says so", (_, env, sentence) => {
    const takes = () => takeActivation({ ...env }, 7);
    expect(takes).toThrow(TypeError);
    expect(takes).toThrow(sentence);
  });

  test("a name that nothing or too much has is a TypeError that says so", () => {
    const sockets = takeActivation(env({ LISTEN_FDS: "3", LISTEN_FDNAMES: "a:b:b" }), 7);
    expect(activatedAs("a", sockets)).toBe(3);
    expect(() => activatedAs("b", sockets)).toThrow(/more than one/);
    expect(() => activatedAs("c", sockets)).toThrow(
      'no activated socket is named "c"; there are: "a", "b", "b"',
    );
    expect(() => parseListenAddress("systemd:chat")).toThrow("there are: none");
  });
});

test.each(["fd:3", "fd://", "fd://-1", "fd://three", "fd://3/4", "fd://1234567890"])(
  "%s is no address",
  (text) => {
    expect(() => parseListenAddress(text)).toThrow(TypeError);
  },
);

test.each([-1, 1.5, Number.NaN])("{ fd: %d } is no address", (fd) => {
  expect(() => parseListenAddress({ fd })).toThrow(TypeError);
});
