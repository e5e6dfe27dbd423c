/**
 * Sends what you type, line by line, and prints what comes: `join ws://127.0.0.1:2348`, `join text://127.0.0.1:2347` or
 * `join frame://127.0.0.1:2349`.
 */
import { createInterface } from "node:readline";
import { type Connection, connect } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { text } from "@sock/protocol-text";
import { websocketAddress, websocketClient } from "@sock/protocol-websocket";

const url = process.argv[2] ?? "ws://127.0.0.1:2348";
const handlers = {
  onMessage: (_: unknown, message: string | Uint8Array) =>
    console.log(typeof message === "string" ? message : Buffer.from(message).toString()),
  onClose: () => input.close(),
};

async function dial(): Promise<Pick<Connection<never, string>, "send" | "close">> {
  const address = url.replace(/^(text|frame):/, "tcp:");
  if (url.startsWith("text:")) return connect(address, { codec: text(), ...handlers });
  if (url.startsWith("frame:")) return connect(address, { codec: frame(), ...handlers });
  return connect(websocketAddress(url), { codec: websocketClient({ url }), ...handlers });
}

const connection = await dial();
const input = createInterface({ input: process.stdin });
input.on("line", (line) => connection.send(line));
input.on("close", () => connection.close());
