/**
 * Sends what you type, line by line, and prints what comes: `join text://127.0.0.1:2347` or `join ws://127.0.0.1:2348`.
 */
import { createInterface } from "node:readline";
import { type Connection, connect } from "@sock/core";
import { text } from "@sock/protocol-text";
import { websocketAddress, websocketClient } from "@sock/protocol-websocket";

const url = process.argv[2] ?? "ws://127.0.0.1:2348";
const print = (_: unknown, message: unknown) => console.log(String(message));
const onClose = () => input.close();

const connection: Pick<Connection<never, string>, "send" | "close"> = url.startsWith("text:")
  ? await connect(url.replace("text:", "tcp:"), { codec: text(), onMessage: print, onClose })
  : await connect(websocketAddress(url), { codec: websocketClient({ url }), onMessage: print, onClose });

const input = createInterface({ input: process.stdin });
input.on("line", (line) => connection.send(line));
input.on("close", () => connection.close());
