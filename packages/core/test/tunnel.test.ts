import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import type { CodecFactory } from "@sock/codec";
import { expect, onTestFinished, test } from "vitest";
import { listen, socks5 } from "../src/index.ts";
import { openTunnel } from "../src/transport/tunnel.ts";
import { lines } from "./support/codecs.ts";
import { anyAddress } from "./support/net-pair.ts";
import { socksProxy } from "./support/socks-server.ts";

const never = new AbortController().signal;

async function socketTo(address: string): Promise<Socket> {
  const { hostname, port } = new URL(address.replace("tcp:", "http:"));
  const socket = connectSocket(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** The way to `target` through a SOCKS proxy at `address`. */
function through(address: string, target: string) {
  const { hostname, port } = new URL(target.replace("tcp:", "http:"));
  return (next: CodecFactory<unknown, never, never>) =>
    socks5({ address }).open(hostname, Number(port), next);
}

async function text(socket: Socket, length: number): Promise<string> {
  let heard = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    heard += String(chunk);
    if (heard.length >= length) break;
  }
  return heard;
}

test("behind the proxies the socket is the target's, what it has said already too", async () => {
  await using server = await listen(anyAddress("tcp"), {
    codec: lines(),
    onConnect: (connection) => connection.send("welcome"),
    onMessage: (connection, line) => connection.send(`echo ${line}`),
  });
  const proxy = await socksProxy();
  const socket = await socketTo(proxy.address);
  await openTunnel(socket, through(proxy.address, server.address), never);
  expect(socket.isPaused()).toBe(true);
  for (const event of ["data", "close", "error"]) expect(socket.listenerCount(event)).toBe(0);
  socket.write("one\n");
  expect(await text(socket, 17)).toBe("welcome\necho one\n");
});

test("what came in one piece with the consent is not lost", async () => {
  const proxy = await listen("tcp://127.0.0.1:0", {
    onMessage: (connection, chunk) =>
      connection.send(Buffer.from(chunk.length === 3 ? "0500" : "05000001000000000000686579", "hex")),
  });
  onTestFinished(() => proxy.close());
  const socket = await socketTo(proxy.address);
  await openTunnel(socket, through(proxy.address, "tcp://10.0.0.1:1"), never);
  expect(await text(socket, 3)).toBe("hey");
});

test.each([
  ["refuses", "05ff", "SOCKS_NO_METHOD"],
  ["speaks something else", "48", "SOCKS_VERSION"],
  ["ends half way", "05", "UNEXPECTED_END"],
])("a proxy that %s", async (_, answer, code) => {
  const proxy = await listen("tcp://127.0.0.1:0", {
    onConnect: (connection) => connection.close(Buffer.from(answer, "hex")),
  });
  onTestFinished(() => proxy.close());
  const socket = await socketTo(proxy.address);
  const opening = openTunnel(socket, through(proxy.address, "tcp://10.0.0.1:1"), never);
  await expect(opening).rejects.toMatchObject({ code });
  expect(socket.destroyed).toBe(true);
});

test("a signal ends the wait for a proxy that says nothing", async () => {
  const proxy = await listen("tcp://127.0.0.1:0", { onMessage() {} });
  onTestFinished(() => proxy.close());
  const socket = await socketTo(proxy.address);
  const control = new AbortController();
  const opening = openTunnel(socket, through(proxy.address, "tcp://10.0.0.1:1"), control.signal);
  const rejected = expect(opening).rejects.toThrow("enough");
  control.abort(new Error("enough"));
  await rejected;
  expect(socket.destroyed).toBe(true);
  await expect(openTunnel(socket, through(proxy.address, "tcp://x:1"), control.signal)).rejects.toThrow(
    "enough",
  );
});
