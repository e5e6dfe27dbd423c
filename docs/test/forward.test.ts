import { once } from "node:events";
import { createServer as createWebServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { Example } from "./support/example.ts";
import { Wire } from "./support/wire.ts";

/** A server of bare sockets, and the first of them to come. */
async function target(onSocket: (socket: Socket) => void = () => {}) {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    onSocket(socket);
    resolve(socket);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { address: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, socket: promise, server };
}

const forward = (address: string) => new Example("forward", "tcp://127.0.0.1:0", address);

describe("forward", () => {
  test("a server that speaks first is heard, and the dialogue goes both ways", async () => {
    const mysql = await target((socket) => {
      socket.write("8.4.0 greets you\n");
      socket.on("data", (query) => socket.write(`rows of ${query}`));
    });
    await using proxy = forward(mysql.address);
    using client = await Wire.connect(await proxy.address());
    expect(await client.readLine()).toBe("8.4.0 greets you\n");
    client.send("SELECT 1\n");
    expect(await client.readLine()).toBe("rows of SELECT 1\n");
  });

  test("a page comes through it, and so does a large one", async () => {
    const page = Buffer.alloc(5_000_000, "<p>");
    const web = createWebServer((request, response) => response.end(request.url === "/" ? "hello" : page));
    web.listen(0, "127.0.0.1");
    onTestFinished(() => void web.close());
    await once(web, "listening");
    await using proxy = forward(`tcp://127.0.0.1:${(web.address() as AddressInfo).port}`);
    const url = (await proxy.address()).replace("tcp:", "http:");
    const headers = { connection: "close" };
    expect(await (await fetch(url, { headers })).text()).toBe("hello");
    const large = await (await fetch(`${url}/large`, { headers })).arrayBuffer();
    expect(Buffer.from(large).equals(page)).toBe(true);
  });

  test("the client's end is the server's, which may still answer", async () => {
    const counting = await target((socket) => {
      let size = 0;
      socket.on("data", (chunk) => {
        size += chunk.length;
      });
      socket.on("end", () => socket.end(`${size} bytes`));
    });
    await using proxy = forward(counting.address);
    using client = await Wire.connect(await proxy.address());
    client.send("12345");
    client.end();
    expect((await client.rest()).toString()).toBe("5 bytes");
  });

  test("the server's end is the client's", async () => {
    const brief = await target((socket) => socket.end("bye"));
    await using proxy = forward(brief.address);
    using client = await Wire.connect(await proxy.address());
    expect((await client.rest()).toString()).toBe("bye");
  });

  test("a server that resets does not look as if it had ended", async () => {
    const broken = await target((socket) => socket.write("half of"));
    await using proxy = forward(broken.address);
    using client = await Wire.connect(await proxy.address());
    await client.has(7);
    (await broken.socket).resetAndDestroy();
    await expect(client.rest()).rejects.toThrow("ECONNRESET");
  });

  test("a client that vanishes takes its connection to the server along", async () => {
    const patient = await target((socket) => socket.resume());
    await using proxy = forward(patient.address);
    const client = await Wire.connect(await proxy.address());
    const socket = await patient.socket;
    client[Symbol.dispose]();
    await once(socket, "end");
    socket.end();
  });

  test("where nobody listens the client is let go, and the reason is printed", async () => {
    const nobody = await target();
    nobody.server.close();
    await using proxy = forward(nobody.address);
    using client = await Wire.connect(await proxy.address());
    client.send("anybody?");
    await expect(client.rest()).resolves.toHaveLength(0);
    expect(await proxy.stop()).toBe(0);
    expect(proxy.stderr).toContain("nobody listens there");
  });

  test("stopped, it lets what is under way end", async () => {
    const slow = await target();
    await using proxy = forward(slow.address);
    using client = await Wire.connect(await proxy.address());
    const socket = await slow.socket;
    const code = proxy.stop();
    socket.end("at last");
    expect((await client.rest()).toString()).toBe("at last");
    client.end();
    expect(await code).toBe(0);
  });
});

describe("pause", () => {
  test("after so many messages the peer waits, and then all is answered in order", async () => {
    await using example = new Example("pause", "tcp://127.0.0.1:0", "100", "100");
    using client = await Wire.connect(await example.address());
    const before = performance.now();
    client.send("a line\n".repeat(250));
    for (let i = 1; i <= 250; i++) expect(await client.readLine()).toBe(`${i}\n`);
    // Two pauses: never shorter, whatever else the machine does.
    expect(performance.now() - before).toBeGreaterThanOrEqual(200);
    expect(await example.stop()).toBe(0);
  });
});
