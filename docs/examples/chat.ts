/**
 * The manual's text chat: whoever says a line, everybody in the room hears it.
 *
 * `chat [port]`, 2347 unless told. SIGINT or SIGTERM: closes every connection and exits 0.
 */
import { type Connection, eventLoop, listen } from "@sock/core";
import { text } from "@sock/protocol-text";

type User = Connection<string, string, never, { name: string }>;

const room = new Set<User>();
let users = 0;

function tellAll(line: string): void {
  for (const user of room) user.send(line);
}

const server = await listen(`tcp://127.0.0.1:${process.argv[2] ?? 2347}`, {
  codec: text(),
  context: () => ({ name: `user[${++users}]` }),
  onConnect(user: User) {
    room.add(user);
    tellAll(`${user.context.name} came`);
  },
  onMessage(user, line) {
    tellAll(`${user.context.name} said: ${line}`);
  },
  onClose(user) {
    room.delete(user);
    tellAll(`${user.context.name} logout`);
  },
});

const port = new URL(server.address).port;
console.log(`listening on ${server.address.replace("tcp:", "text:")}

In two other terminals, type

  nc 127.0.0.1 ${port}

and then lines to each other. Ctrl+C here ends it.`);

for (const signal of ["SIGTERM", "SIGINT"] as const) eventLoop.onSignal(signal, () => void server.close());
