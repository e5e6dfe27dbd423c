/**
 * A small JSON API: notes that one can write, read and throw away. `example api [http://<host>:<port>]`
 *
 *     curl -i -d '{"text":"buy milk"}' -H 'Content-Type: application/json' http://127.0.0.1:8080/notes
 *     curl -i http://127.0.0.1:8080/notes/1
 *     curl -i -X DELETE http://127.0.0.1:8080/notes/1
 */
import { eventLoop, listen } from "@sock/core";
import { type HttpRequest, type HttpResponse, http } from "@sock/protocol-http";

interface Note {
  readonly id: number;
  readonly text: string;
}

const MAX_NOTES = 1000;
const notes = new Map<number, Note>();
let lastId = 0;

const json = (status: number, value: unknown, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(value),
});
const refuse = (status: number, error: string, headers?: Record<string, string>) =>
  json(status, { error }, headers);

function respond(request: HttpRequest): HttpResponse {
  const [, id] = /^\/notes(?:\/([1-9][0-9]*))?$/.exec(request.path) ?? [];
  if (id !== undefined) return one(Number(id), request.method);
  return request.path === "/notes" ? all(request) : refuse(404, "there are /notes and /notes/<id>");
}

function all(request: HttpRequest): HttpResponse {
  if (request.method === "GET" || request.method === "HEAD") return json(200, [...notes.values()]);
  if (request.method === "POST") return add(request);
  return refuse(405, "notes are read with GET and written with POST", { Allow: "GET, HEAD, POST" });
}

function one(id: number, method: string): HttpResponse {
  if (method !== "GET" && method !== "HEAD" && method !== "DELETE") {
    return refuse(405, "a note is read with GET and thrown away with DELETE", { Allow: "GET, HEAD, DELETE" });
  }
  const note = notes.get(id);
  if (note === undefined) return refuse(404, `there is no note ${id}`);
  if (method !== "DELETE") return json(200, note);
  notes.delete(id);
  return { status: 204 };
}

function add({ headers, body }: HttpRequest): HttpResponse {
  if (!/^application\/json\s*(;|$)/i.test(headers.get("content-type") ?? "")) {
    return refuse(415, "a note is application/json");
  }
  const text = textOf(body);
  if (text === undefined) return refuse(400, 'a note is {"text": "…"}, of one character or more');
  if (notes.size >= MAX_NOTES) return refuse(507, `there are ${MAX_NOTES} notes already`);
  const note = { id: ++lastId, text };
  notes.set(note.id, note);
  return json(201, note, { Location: `/notes/${note.id}` });
}

function textOf(body: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    const text = (value as { text?: unknown } | null)?.text;
    return typeof text === "string" && text !== "" ? text : undefined;
  } catch {
    // No JSON is no text either.
    return undefined;
  }
}

const address = process.argv[2] ?? "http://127.0.0.1:8080";
const server = await listen(address.replace("http:", "tcp:"), {
  // Over it, the codec answers 413.
  codec: http({ maxBodySize: 64 * 1024 }),
  onMessage: (connection, request) => connection.send(respond(request)),
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  eventLoop.onSignal(signal, () => void server.close({ drain: 10_000 }));
}
console.log(`listening on ${server.address.replace("tcp:", "http:")}`);
