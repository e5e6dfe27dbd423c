/**
 * Takes 100 messages, lets the peer wait for 30 seconds, and goes on: `pause [listen] [messages] [milliseconds]`. The
 * manual's example of `pauseRecv` and `resumeRecv`. Each line is answered with its number.
 *
 * Nothing is lost meanwhile: what has come waits here, what comes waits in the kernels, and then the peer cannot write.
 */
import { eventLoop, listen } from "@sock/core";
import { text } from "@sock/protocol-text";

const [, , address = "tcp://127.0.0.1:2347", messages = "100", milliseconds = "30000"] = process.argv;

const server = await listen(address, {
  codec: text(),
  context: () => ({ count: 0 }),
  onMessage(connection) {
    const { context } = connection;
    context.count += 1;
    connection.send(String(context.count));
    if (context.count % Number(messages) !== 0) return;
    connection.pauseRecv();
    eventLoop.after(Number(milliseconds), () => connection.resumeRecv());
  },
});
for (const signal of ["SIGTERM", "SIGINT"] as const) eventLoop.onSignal(signal, () => void server.close());

console.log(`listening on ${server.address}`);
