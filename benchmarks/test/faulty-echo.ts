/** Sends lines back, but for its fault, which the first argument names. */
import { type AddressInfo, createServer } from "node:net";

const faults: Record<string, (chunk: Buffer) => Uint8Array | undefined> = {
  "changes a byte": (chunk) => chunk.fill("?", 5, 6),
  "swaps two messages": (chunk) => {
    const end = chunk.indexOf("\n") + 1;
    return Buffer.concat([chunk.subarray(end), chunk.subarray(0, end)]);
  },
  "sends one twice": (chunk) => Buffer.concat([chunk, chunk]),
  "hangs up": () => undefined,
};
const fault = faults[process.argv[2] ?? ""];
if (fault === undefined) throw new Error(`no fault "${process.argv[2]}"`);

const server = createServer((socket) => {
  socket.on("data", (chunk: Buffer) => {
    const answer = fault(chunk);
    if (answer === undefined) socket.destroy();
    else socket.write(answer);
  });
  socket.on("error", () => socket.destroy());
});

server.listen(0, "127.0.0.1", () => {
  console.log(`listening on tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on("SIGTERM", () => process.exit());
