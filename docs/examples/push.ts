/**
 * An internal port to push from, as the manual has it: browsers hold WebSockets at the one, and say who they are with their first
 * message; programs of ours say at the other, in lines of text, `tom:you have mail` or `all:back in five minutes`, and hear `ok`
 * or `fail`. `push start`; `PUBLIC` and `INTERNAL` in the environment are other addresses.
 *
 * The connections are those of one process, so it is one. Whatever can reach the internal port may push: it stays on loopback.
 */
import { runAll, Worker } from "@sock/cluster";
import type { Connection } from "@sock/core";
import { text } from "@sock/protocol-text";
import { type WebSocketMessage, websocket } from "@sock/protocol-websocket";

const { PUBLIC = "tcp://127.0.0.1:2346", INTERNAL = "tcp://127.0.0.1:5678" } = process.env;

interface Who {
  name?: string;
}

const people = new Map<string, Connection<WebSocketMessage, string | Uint8Array, never, Who>>();

const front = new Worker<WebSocketMessage, string | Uint8Array, never, Who>(PUBLIC, {
  codec: websocket(),
  name: "push",
  context: () => ({}),
});
front.onMessage = (connection, message) => {
  if (connection.context.name !== undefined) return;
  const name = String(message);
  connection.context.name = name;
  people.set(name, connection);
  connection.send(`you are ${name}`);
};
front.onClose = (connection) => {
  const { name } = connection.context;
  // Who came back under the same name stays.
  if (name !== undefined && people.get(name) === connection) people.delete(name);
};

// Made in the process that serves it: a Worker that is made outside would be one for the master, with processes of its own.
front.onWorkerStart = async () => {
  const inside = new Worker(INTERNAL, {
    codec: text(),
    // At a reload, the next process listens while this one still does. Without it the address would be in use.
    reusePort: true,
    onMessage: (connection, line) => void connection.send(push(line) ? "ok" : "fail"),
  });
  const { address } = await inside.listen();
  console.log(`pushes come to ${address}`);
};

runAll();

function push(line: string): boolean {
  const [, to, message] = /^([^:]+):(.*)$/s.exec(line) ?? [];
  if (to === undefined || message === undefined) return false;
  if (to !== "all") return ["sent", "buffered"].includes(people.get(to)?.send(message) ?? "closed");
  for (const connection of people.values()) connection.send(message);
  return true;
}
