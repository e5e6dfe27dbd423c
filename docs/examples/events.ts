/**
 * A page that shows how much memory its server takes, by server-sent events: `example events [http://<host>:<port>]`.
 * `/events` is the stream; it says where it was to whoever comes back.
 */
import { eventLoop, listen } from "@sock/core";
import { eventStream, http } from "@sock/protocol-http";
import { every } from "@sock/timer";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Memory</title>
<h1><output>…</output> MiB</h1>
<script>
  const source = new EventSource("/events");
  source.addEventListener("memory", ({ data }) => {
    document.querySelector("output").textContent = JSON.parse(data).mebibytes;
  });
</script>
`;

const stopping = new AbortController();

async function* memory(lastId: number, left: AbortSignal) {
  // From here on, a page that loses us waits a second before it comes back.
  yield { retry: 1000 };
  let id = lastId;
  // A loop that waits is not woken by its connection's end: the signals do that.
  for await (const _ of every(1, { signal: AbortSignal.any([left, stopping.signal]) })) {
    const mebibytes = Math.round(process.memoryUsage.rss() / 2 ** 20);
    yield { event: "memory", id: String(++id), data: JSON.stringify({ mebibytes }) };
  }
}

const address = process.argv[2] ?? "http://127.0.0.1:8080";
const server = await listen(address.replace("http:", "tcp:"), {
  codec: http(),
  // To streams that are silent for so long, a comment is sent: proxies cut what looks dead.
  pingInterval: 15_000,
  onMessage(connection, { path, headers, signal }) {
    if (path === "/events") {
      const lastId = Number(headers.get("last-event-id") ?? 0) || 0;
      connection.send(eventStream(memory(lastId, signal)));
    } else if (path === "/") {
      connection.send({ headers: { "Content-Type": "text/html; charset=utf-8" }, body: PAGE });
    } else {
      connection.send({ status: 404, body: "not found\n" });
    }
  },
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  eventLoop.onSignal(signal, () => {
    // A stream that has no end would be waited for.
    stopping.abort();
    void server.close({ drain: 10_000 });
  });
}
console.log(`listening on ${server.address.replace("tcp:", "http:")}`);
