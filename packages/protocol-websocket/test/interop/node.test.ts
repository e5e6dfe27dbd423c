import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DeflateOptions, websocket } from "../../src/index.ts";
import { OverTcp } from "../over-tcp.ts";

// Node's own client, which is undici's, against our server.

const MiB = 1024 * 1024;
const takeover = { threshold: 0, sendTakeover: true, receiveTakeover: true };
const ways: [name: string, deflate: DeflateOptions | false][] = [
  ["plain", false],
  ["deflated", { threshold: 0 }],
  ["deflated, with windows taken over", takeover],
];

describe.each(ways)("%s", (_, deflate) => {
  let server: Server;
  let accepted: Promise<OverTcp>;
  let url: string;

  beforeEach(async () => {
    const codec = websocket({ protocols: ["echo"], deflate });
    server = createServer({ allowHalfOpen: true });
    accepted = (once(server, "connection") as Promise<[Socket]>).then(
      ([socket]) => new OverTcp(socket, codec),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/echo`;
  });
  afterEach(() => server.close());

  test("texts and bytes, small and large, there and back; the subprotocol; its Close", async () => {
    const client = new WebSocket(url, ["other", "echo"]);
    client.binaryType = "arraybuffer";
    const us = await accepted;
    us.onMessage = (message) => us.framed.send(message);
    await once(client, "open");
    expect(client.protocol).toBe("echo");
    expect(client.extensions.includes("permessage-deflate")).toBe(deflate !== false);

    for (const message of [
      "",
      "hello",
      "é 日本 😀",
      "again and ".repeat(MiB / 10),
      Buffer.of(),
      Buffer.of(1, 2),
      Buffer.alloc(MiB, "ab"),
    ]) {
      const echo = once(client, "message") as Promise<[{ data: string | ArrayBuffer }]>;
      client.send(message);
      const [{ data }] = await echo;
      if (typeof message === "string") expect(data === message).toBe(true);
      else expect(Buffer.from(data as ArrayBuffer).equals(message)).toBe(true);
    }

    client.close(4000, "enough");
    const [{ code, wasClean }] = (await once(client, "close")) as [CloseEvent];
    expect([code, wasClean]).toEqual([4000, true]);
    expect(us.closeNote).toMatchObject({ code: 4000, reason: "enough" });
  });

  test("our Close, with code and reason", async () => {
    const client = new WebSocket(url);
    const us = await accepted;
    await once(client, "open");
    us.framed.farewell({ why: "close", code: 4001, reason: "genug" });
    const [{ code, reason, wasClean }] = (await once(client, "close")) as [CloseEvent];
    expect([code, reason, wasClean]).toEqual([4001, "genug", true]);
  });
});
