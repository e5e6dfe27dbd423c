// Who is measured: ours, and those that one would use instead. Each is a program that serves a scheme, prints
// `listening on <address>`, and leaves with exit code 2 when it cannot.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import type { Server } from "./load/measure.ts";
import type { Absent } from "./result.ts";
import { NotAvailable } from "./suite.ts";

/** What a server does with what it gets. All but `http` and the hubs send it back. */
export type Scheme = "raw" | "text" | "frame" | "raw+tls" | "frame+tls" | "websocket" | "http" | "socket.io";

export type PeerName =
  | "net"
  | "tls"
  | "ws"
  | "socket.io"
  | "node:http"
  | "fastify"
  | "bun"
  | "uws"
  | "workerman";

const SOCK = { name: "sock", isOurs: true };
const root = resolve(import.meta.dirname, "..");

/** A file beside this one. */
export function program(file: string, ...args: string[]): { file: string; args: string[] } {
  return { file: join(import.meta.dirname, file), args };
}

/** The server that outsiders are shown, so that what is measured is what they get. */
export function ours(scheme: Scheme): Server {
  if (scheme === "http") return { ...SOCK, ...program("ours/http.ts") };
  return { ...SOCK, file: join(root, "docs/examples/echo.ts"), args: [`${scheme}://127.0.0.1:0`] };
}

/** Those of `names` that are here, and why the others are not. `places` says where those are that npm does not have. */
export function peers(
  names: readonly PeerName[],
  scheme: Scheme,
  places: Readonly<Record<string, string>>,
): { servers: Server[]; absent: Absent[] } {
  const servers: Server[] = [];
  const absent: Absent[] = [];
  for (const name of names) {
    try {
      servers.push({ name, ...catalogue[name](scheme, places[name]) });
    } catch (error) {
      if (!(error instanceof NotAvailable)) throw error;
      absent.push({ name, because: error.message });
    }
  }
  return { servers, absent };
}

type Program = Omit<Server, "name">;

const catalogue: Record<PeerName, (scheme: Scheme, place: string | undefined) => Program> = {
  net: () => program("peers/net-echo.ts"),
  tls: () => program("peers/tls-echo.ts"),
  ws: () => program("peers/ws-echo.ts"),
  "socket.io": () => ({ ...program("peers/socket-io.ts"), work: { protocol: "socketIo" } }),
  "node:http": () => program("peers/node-http.ts"),
  fastify: () => program("peers/fastify.ts"),

  bun(scheme, place = onPath("bun")) {
    if (place === undefined) throw new NotAvailable("not on the PATH; --peer bun=<path of bun>");
    return { ...program("peers/bun.ts", scheme), runtime: [place] };
  },

  uws(scheme, place) {
    if (place === undefined) throw new NotAvailable("--peer uws=<folder of a module that is uWebSockets.js>");
    const node = [process.execPath, ...allOnPath("node")].find((node) => canLoad(node, place));
    if (node === undefined) throw new NotAvailable(`no Node on the PATH can load ${place}`);
    return { ...program("peers/uws.mjs", scheme, resolve(place)), runtime: [node] };
  },

  workerman(scheme, place) {
    if (place === undefined)
      throw new NotAvailable("--peer workerman=<a vendor folder that composer has put Workerman in>");
    const autoload = resolve(place, "autoload.php");
    if (!existsSync(autoload)) throw new NotAvailable(`there is no ${autoload}`);
    const php = onPath("php");
    if (php === undefined) throw new NotAvailable("php is not on the PATH");
    return { ...program("peers/workerman.php", scheme, autoload), runtime: [php] };
  },
};

function onPath(name: string): string | undefined {
  return allOnPath(name)[0];
}

function allOnPath(name: string): string[] {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .filter(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us.
    return false;
  }
}

/** In silence: under a Node that its binaries are not for, a module may put something slower in their place, and say so. */
function canLoad(node: string, module: string): boolean {
  const { status, output } = spawnSync(node, ["-e", "require(process.argv[1])", resolve(module)], {
    encoding: "utf8",
  });
  return status === 0 && output.every((said) => !said);
}
