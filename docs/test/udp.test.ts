import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { CodecFactory } from "@sock/codec";
import { connect, listen } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { text } from "@sock/protocol-text";
import { expect, onTestFinished, test } from "vitest";

/** What comes back of one datagram. */
async function answerTo(datagram: string | Buffer, codec: CodecFactory<string>): Promise<string> {
  const server = await listen("udp://127.0.0.1:0", {
    codec,
    onMessage: (connection, line) => connection.send(`received: ${line}`),
  });
  onTestFinished(() => server.close());
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.send(datagram, Number(new URL(server.address).port), "127.0.0.1");
  const [answer] = await once(socket, "message");
  return String(answer);
}

// As the ancestor's Feature/UdpConnectionTest has it.
test("text over UDP: a line comes, and a line goes", async () => {
  expect(await answerTo("xiami\n", text())).toBe("received: xiami\n");
});

test("a line without its line feed is a message when the codec says so", async () => {
  expect(await answerTo("xiami", text({ lastLine: "message" }))).toBe("received: xiami\n");
});

test("frame over UDP", async () => {
  const codec = frame();
  const server = await listen("udp://127.0.0.1:0", {
    codec,
    onMessage: (connection, message) => connection.send(message),
  });
  const client = await connect(server.address as `udp://${string}`, { codec });
  client.send(Buffer.from("one"));
  for await (const message of client) {
    expect(String(message)).toBe("one");
    break;
  }
  client.close();
  await server.close();
});
