/** Answers with the path that was asked for; a POST with its body. By fastify, as it comes. */
import fastify from "fastify";

const app = fastify({ keepAliveTimeout: 600_000 });
const octets = "application/octet-stream";
app.addContentTypeParser(octets, { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.get("/*", (request, reply) => reply.type("text/plain; charset=utf-8").send(request.url));
app.post("/echo", (request, reply) => reply.type(octets).send(request.body));

console.log(`listening on ${await app.listen({ host: "127.0.0.1", port: 0 })}`);
// An orderly exit: that is when `--cpu-prof` writes.
process.on("SIGTERM", () => process.exit());
