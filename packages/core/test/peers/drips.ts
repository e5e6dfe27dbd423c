import { setImmediate } from "node:timers/promises";
import { dial, readAll } from "../support/dial.ts";

/** Sends `bytes` one at a time, each in a packet of its own, and ends; then reads all. */
export async function drips(address: string, bytes: string | Uint8Array): Promise<string> {
  const socket = await dial(address);
  socket.setNoDelay(true);
  for (const byte of Buffer.from(bytes)) {
    socket.write(Buffer.of(byte));
    await setImmediate();
  }
  socket.end();
  return (await readAll(socket)).toString();
}
