/**
 * Serves the files of a folder: `example pages <folder> [http://<host>:<port>]`.
 *
 * GET and HEAD, `index.html` for a folder, 304 for what the client has already. Names that begin with a dot are not served,
 * and nothing outside the folder is, whatever the path or a link says. SIGTERM or SIGINT: finishes what is under way, exits 0.
 */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { eventLoop, listen } from "@sock/core";
import { type HttpRequest, type HttpResponse, http } from "@sock/protocol-http";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/vnd.microsoft.icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

const MISSING = new Set(["EACCES", "ELOOP", "ENAMETOOLONG", "ENOENT", "ENOTDIR"]);

const [, , folder = ".", address = "http://127.0.0.1:8080"] = process.argv;
const root = await realpath(folder);
// With the separator: `/www-secret` begins like `/www`, and is another folder.
const inside = root.endsWith(sep) ? root : root + sep;

async function respond({ method, path, headers }: HttpRequest): Promise<HttpResponse> {
  if (method !== "GET" && method !== "HEAD") return { status: 405, headers: { Allow: "GET, HEAD" } };
  const name = decoded(path);
  if (name === undefined) return { status: 400 };
  const file = await find(name);
  if (file === undefined) return { status: 404, body: "not found\n" };
  const { size, mtimeMs, isFolder } = file;
  // Else the links of its page would be taken for those of the folder above. One slash: two would be another host.
  if (isFolder && !path.endsWith("/"))
    return { status: 301, headers: { Location: `${path.replace(/^[/\\]+/, "/")}/` } };

  const fields = {
    "Content-Type": TYPES[extname(file.path)] ?? "application/octet-stream",
    "Last-Modified": new Date(mtimeMs).toUTCString(),
    "X-Content-Type-Options": "nosniff",
  };
  // In seconds, as the field has it. What is no date is not later than anything.
  const known = Date.parse(headers.get("if-modified-since") ?? "");
  if (Math.floor(mtimeMs / 1000) <= known / 1000) return { status: 304, headers: fields };
  const counted = { ...fields, "Content-Length": size };
  if (method === "HEAD" || size === 0) return { headers: counted };
  return { headers: counted, body: contents(file.path, size) };
}

/** A file that grows meanwhile is sent as long as it was; one that shrinks breaks the answer off. */
async function* contents(path: string, size: number): AsyncGenerator<Buffer> {
  // Not opened before somebody reads it: the client may have left.
  yield* createReadStream(path, { end: size - 1 });
}

/** The path as a name in the folder; `undefined` where it is none. */
function decoded(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path);
    return name.startsWith("/") && !name.includes("\0") ? name : undefined;
  } catch {
    // A percent sign without its two digits, or bytes that are not UTF-8.
    return undefined;
  }
}

async function find(name: string) {
  if (name.split(/[/\\]/).some((part) => part.startsWith("."))) return undefined;
  try {
    let path = await realpath(join(root, name));
    let found = await stat(path);
    const isFolder = found.isDirectory();
    if (isFolder) {
      path = await realpath(join(path, "index.html"));
      found = await stat(path);
    }
    const isServed = path.startsWith(inside) && found.isFile() && (isFolder || !name.endsWith("/"));
    return isServed ? { path, size: found.size, mtimeMs: found.mtimeMs, isFolder } : undefined;
  } catch (error) {
    if (MISSING.has(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
}

const server = await listen(address.replace("http:", "tcp:"), {
  codec: http(),
  async onMessage(connection, request) {
    connection.send(await respond(request));
  },
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  eventLoop.onSignal(signal, () => void server.close({ drain: 10_000 }));
}
console.log(`listening on ${server.address.replace("tcp:", "http:")}`);
