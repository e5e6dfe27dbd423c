/**
 * The manual's chat: whoever says a line, everybody in the room hears it. Lines of text on one port, WebSocket on the
 * next, one room.
 *
 * `chat [port]`: 2347 and 2348 unless told; 0 for any two. SIGINT or SIGTERM closes every connection and exits 0.
 */
import { type Connection, eventLoop, listen, Prepared } from "@sock/core";
import { text } from "@sock/protocol-text";
import { websocket } from "@sock/protocol-websocket";

interface User {
  name: string;
}

// A room holds whoever can be sent a string.
type Member = Pick<Connection<never, string, never, User>, "send" | "context">;

const room = new Set<Member>();
let users = 0;

const welcome = (): User => ({ name: `user[${++users}]` });

function enter(member: Member): void {
  room.add(member);
  tellAll(`${member.context.name} came`);
}

function leave(member: Member): void {
  room.delete(member);
  tellAll(`${member.context.name} logout`);
}

function tellAll(line: string): void {
  // Encoded once for each protocol, however many are in the room.
  const prepared = new Prepared(line);
  for (const member of room) member.send(prepared);
}

const port = Number(process.argv[2] ?? 2347);

const lines = await listen(`tcp://127.0.0.1:${port}`, {
  codec: text(),
  context: welcome,
  onConnect: enter,
  onMessage: (connection, line) => tellAll(`${connection.context.name} said: ${line}`),
  onClose: leave,
});

const sockets = await listen(`tcp://127.0.0.1:${port === 0 ? 0 : port + 1}`, {
  // Any page may join: nothing here depends on who its visitor is.
  codec: websocket({ origins: "any" }),
  context: welcome,
  pingInterval: 30_000,
  idleTimeout: 60_000,
  onConnect: enter,
  onMessage: (connection, message) => tellAll(`${connection.context.name} said: ${String(message)}`),
  onClose: leave,
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  eventLoop.onSignal(signal, () => {
    void lines.close();
    void sockets.close();
  });
}

const textAddress = lines.address.replace("tcp:", "text:");
const webAddress = sockets.address.replace("tcp:", "ws:");
console.log(`listening on ${textAddress} and ${webAddress}

Join from other terminals, and type lines to each other:

  nc ${new URL(lines.address).hostname} ${new URL(lines.address).port}
  npx -y pnpm@12 --silent example join ${webAddress}

Ctrl+C here ends it.`);
