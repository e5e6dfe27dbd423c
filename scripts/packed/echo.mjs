// Every codec over the engine, on every Node that the packages support.
import assert from "node:assert/strict";
import { connect, listen } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { text } from "@sock/protocol-text";
import { websocket, websocketClient } from "@sock/protocol-websocket";

const client = (address) => websocketClient({ url: address.replace("tcp:", "ws:") });

for (const [codec, codecOf] of [
  [text(), () => text()],
  [frame(), () => frame()],
  [websocket(), client],
  [websocket({ deflate: true }), client],
]) {
  const server = await listen("tcp://127.0.0.1:0", {
    codec,
    onMessage: (connection, message) => void connection.send(message),
  });
  const connection = await connect(server.address, { codec: codecOf(server.address) });
  for (const message of ["hello", "x".repeat(100_000)]) connection.send(message);
  const echoed = [];
  for await (const message of connection) {
    echoed.push(String(message));
    if (echoed.length === 2) connection.close();
  }
  assert.deepEqual(echoed, ["hello", "x".repeat(100_000)]);
  await server.close();
}
