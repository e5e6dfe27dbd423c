/**
 * The manual's chat: whoever says something, everybody in the room hears it. A page and its WebSockets on one port, lines of
 * text on the one before, frames on the one behind, one room.
 *
 * `chat [port] [host]`: 2347, 2348 and 2349 at 127.0.0.1 unless told; port 0 for any three. SIGINT or SIGTERM closes every
 * connection and exits 0.
 */
import { readFileSync } from "node:fs";
import { type Connection, eventLoop, listen } from "@sock/core";
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

const first = Number(process.argv[2] ?? 2347);
const host = process.argv[3] ?? "127.0.0.1";
const at = (offset: number) => `tcp://${host}:${first === 0 ? 0 : first + offset}`;

const texts = await listen(at(0), { ...talk, codec: text() });
const web = await listen(at(1), {
  codec: http(),
  pingInterval: 30_000,
  idleTimeout: 70_000,
  onMessage(connection: Connection<HttpRequest, HttpAnswer>, request) {
    if (request.upgrade === "websocket") join(connection, request);
    else connection.send(respond(request));
  },
});
const frames = await listen(at(2), { ...talk, codec: frame() });

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  eventLoop.onSignal(signal, () => {
    for (const server of [texts, web, frames]) void server.close();
  });
}

const { hostname, port } = new URL(texts.address);
console.log(`listening on ${web.address.replace("tcp:", "http:")}

Open that in a browser, in two windows or more. Or come in from other terminals, into the same room:

  nc ${hostname} ${port}
  npx -y pnpm@12 --silent example join ${web.address.replace("tcp:", "ws:")}
  npx -y pnpm@12 --silent example join ${frames.address.replace("tcp:", "frame:")}

Ctrl+C here ends it.`);
