import { describe, expect, test } from "vitest";
import type { StreamAddress } from "../src/address.ts";
import { connect, listen, parseAddress } from "../src/index.ts";
import { bindSocket, canBind, canBindShared, passConnections, serveSockets } from "../src/sockets.ts";
import { lines } from "./support/codecs.ts";
import { anyAddress } from "./support/net-pair.ts";

const loopback = { transport: "tcp" as const, host: "127.0.0.1", port: 0 };

function echoAt(address: string) {
  return serveSockets(address, { codec: lines(), onMessage: (connection, line) => connection.send(line) });
}

async function ask(address: string, question: string): Promise<string> {
  const client = await connect(address, { codec: lines() });
  client.closeWrite(question);
  for await (const line of client) return line;
  return "nothing";
}

function addressOf(text: string) {
  const { hostname: host, port } = new URL(text);
  return { transport: "tcp" as const, host, port: Number(port) };
}

describe.skipIf(!canBind)("a socket that is bound", () => {
  test("accepts nobody until somebody listens with it", async () => {
    const socket = await bindSocket(loopback);
    await expect(connect(socket.address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await using server = await echoAt(socket.address);
    await server.listenWith(socket.handle);
    expect(server.address).toBe(socket.address);
    expect(await ask(socket.address, "hello")).toBe("hello");
  });

  test("is told of an address in use, as listening is", async () => {
    await using server = await listen("tcp://127.0.0.1:0", {});
    await expect(bindSocket(addressOf(server.address))).rejects.toMatchObject({
      code: "EADDRINUSE",
      address: server.address,
    });
  });

  test("is told of no such host, and of no such address", async () => {
    await expect(bindSocket({ transport: "tcp", host: "nowhere.invalid", port: 0 })).rejects.toMatchObject({
      name: "AddressError",
    });
    await expect(bindSocket({ transport: "tcp", host: "192.0.2.1", port: 0 })).rejects.toMatchObject({
      code: "EADDRNOTAVAIL",
    });
  });

  test("is listened with no longer when that is taken back: connections live on", async () => {
    const socket = await bindSocket(loopback);
    await using server = await echoAt(socket.address);
    const leave = await server.listenWith(socket.handle);
    const client = await connect(socket.address, { codec: lines() });
    client.send("first");
    const messages = client[Symbol.asyncIterator]();
    expect((await messages.next()).value).toBe("first");
    leave();
    await expect(connect(socket.address)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    client.send("second");
    expect((await messages.next()).value).toBe("second");
    client.close();
  });
});

describe.skipIf(!canBindShared)("an address that is shared", () => {
  test("has many sockets, and each gets connections", async () => {
    const first = await bindSocket(loopback, { isShared: true });
    const second = await bindSocket(addressOf(first.address), { isShared: true });
    expect(second.address).toBe(first.address);
    await using one = await echoAt(first.address);
    await using other = await echoAt(first.address);
    await one.listenWith(first.handle);
    await other.listenWith(second.handle);
    // The kernel goes by a hash of ports: that all of 64 fall to one side has a chance of one in 2^63.
    await Promise.all(Array.from({ length: 64 }, (_, i) => ask(first.address, String(i))));
    expect(one.stats().opened + other.stats().opened).toBe(64);
    expect(Math.min(one.stats().opened, other.stats().opened)).toBeGreaterThan(0);
  });

  test("is in use for those who do not share it", async () => {
    const socket = await bindSocket(loopback, { isShared: true });
    await using server = await echoAt(socket.address);
    await server.listenWith(socket.handle);
    await expect(bindSocket(addressOf(socket.address))).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe.each(["tcp", "unix"] as const)("connections over %s that another has accepted", (wire) => {
  async function passing(address: string) {
    const server = await echoAt(address);
    const errors: unknown[] = [];
    const passed = await passConnections(parseAddress(address) as StreamAddress, {
      backlog: 16,
      came: (connection) => server.take(connection),
      failed: (error) => errors.push(error),
    });
    return { server, passed, errors };
  }

  test("are served as its own", async () => {
    const { server, passed, errors } = await passing(anyAddress(wire));
    expect(await ask(passed.address, "hello")).toBe("hello");
    expect(server.stats().opened).toBe(1);
    passed.close();
    await server.close();
    expect(errors).toEqual([]);
  });

  test("are turned away once the server closes", async () => {
    const { server, passed } = await passing(anyAddress(wire));
    await server.close();
    const client = await connect(passed.address, { codec: lines() });
    for await (const _ of client);
    expect(server.stats().opened).toBe(0);
    passed.close();
  });
});
