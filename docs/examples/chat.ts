/**
 * The manual's chat: whoever says something, everybody in the room hears it. A page and its WebSockets on one port, lines of
 * text on the one before, frames on the one behind, one room. An echo and a page beside it run in two processes each.
 *
 * `chat start [port] [host]`: 2347 to 2351 at 127.0.0.1 unless told. SIGINT or SIGTERM closes every connection and exits 0;
 * `chat status`, `chat reload` and their like are for another terminal.
 */
import { readFileSync } from "node:fs";
import { runAll, Worker } from "@sock/cluster";
import type { Connection } from "@sock/core";
import { frame } from "@sock/protocol-frame";
import { type HttpAnswer, type HttpRequest, type HttpResponse, http } from "@sock/protocol-http";
import { text } from "@sock/protocol-text";
import { acceptWebSocket } from "@sock/protocol-websocket";
import { type Member, Room } from "./chat/room.ts";

const MAX_MESSAGE = 16 * 1024;

const room = new Room();

const page = (name: string, type: string): HttpResponse => ({
  headers: {
    "Content-Type": `${type}; charset=utf-8`,
    "Cache-Control": "no-cache",
    // Nothing but what comes from here, and no script that stands in the page: whatever others say stays text.
    "Content-Security-Policy":
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
  },
  body: readFileSync(new URL(`chat/${name}`, import.meta.url)),
});
const pages: ReadonlyMap<string, HttpResponse> = new Map([
  ["/", page("index.html", "text/html")],
  ["/chat.css", page("chat.css", "text/css")],
  ["/chat.js", page("chat.js", "text/javascript")],
]);

function respond({ method, path }: HttpRequest): HttpResponse {
  if (method !== "GET" && method !== "HEAD") return { status: 405, headers: { Allow: "GET, HEAD" } };
  return pages.get(path) ?? { status: 404, body: "not found\n" };
}

/** The page's own WebSocket is at `/room` and speaks JSON; all others get lines. */
function join(connection: Connection<HttpRequest, HttpAnswer>, request: HttpRequest): void {
  const { codec, response } = acceptWebSocket(request, { maxMessageSize: MAX_MESSAGE });
  if (codec === undefined) return void connection.send(response);
  const socket = connection.upgrade(codec, {
    onMessage: (_, message) => room.hear(member, String(message)),
    onClose: () => room.leave(member),
  });
  const wished = new URLSearchParams(request.query).get("name") ?? undefined;
  const member = room.enter(socket, request.path === "/room" ? "json" : "lines", wished);
}

interface Seat {
  member?: Member;
}

type Talker = Connection<never, string, never, Seat>;

/** For protocols whose messages are texts, or the bytes of one. */
const talk = {
  maxPackageSize: MAX_MESSAGE,
  context: (): Seat => ({}),
  onConnect(connection: Talker) {
    connection.context.member = room.enter(connection, "lines");
  },
  onMessage({ context: { member } }: Talker, line: string | Uint8Array) {
    if (member) room.hear(member, typeof line === "string" ? line : Buffer.from(line).toString());
  },
  onClose({ context: { member } }: Talker) {
    if (member) room.leave(member);
  },
};

const words = process.argv.slice(2).filter((word) => !word.startsWith("-"));
const [, port = "2347", host = "127.0.0.1"] = words;
const at = (offset: number) => `tcp://${host}:${Number(port) + offset}`;

// One process: who is in a room, and what was said there, is in its memory.
const chat = new Worker(at(1), {
  codec: http(),
  name: "chat",
  pingInterval: 30_000,
  idleTimeout: 70_000,
  onMessage(connection: Connection<HttpRequest, HttpAnswer>, request) {
    if (request.upgrade === "websocket") join(connection, request);
    else connection.send(respond(request));
  },
});

chat.onWorkerStart = async () => {
  // With `reusePort`: at a reload the next process listens while this one still does.
  const texts = new Worker(at(0), { ...talk, codec: text(), reusePort: true });
  const frames = new Worker(at(2), { ...talk, codec: frame(), reusePort: true });
  await Promise.all([texts.listen(), frames.listen()]);
  // Their protocols have no goodbye, and the room goes with the process: they may come into the next one's.
  chat.onWorkerStop = () => {
    for (const connection of [...texts.connections, ...frames.connections]) connection.close();
  };
};

// What has no memory may run in as many processes as there are cores.
const echo = new Worker(at(3), { codec: text(), name: "echo", count: 2 });
echo.onMessage = (connection, line) => connection.send(line);

const greeter = new Worker(at(4), { codec: http(), name: "pages", count: 2 });
greeter.onMessage = (connection, { path }) =>
  connection.send(`hello ${path}, says process ${greeter.id} of ${greeter.count}, pid ${process.pid}\n`);

Worker.onMasterStart = () =>
  console.log(`
listening on http://${host}:${Number(port) + 1}

Open that in a browser, in two windows or more. Or come in from other terminals, into the same room:

  nc ${host} ${port}
  npx -y pnpm@12 --silent example join ws://${host}:${Number(port) + 1}
  npx -y pnpm@12 --silent example join frame://${host}:${Number(port) + 2}

Two processes echo lines, and two serve a page:

  nc ${host} ${Number(port) + 3}
  curl http://${host}:${Number(port) + 4}/

And to see them all, and to replace them by new ones:

  npx -y pnpm@12 --silent example chat status
  npx -y pnpm@12 --silent example chat reload

Ctrl+C here ends it.`);

runAll();
