import { dial, readAll } from "../support/dial.ts";

/** Sends `text` and reads nothing, until it is told to read all. */
export async function neverReads(address: string, text = "") {
  const socket = await dial(address);
  if (text !== "") socket.write(text);
  return { read: () => readAll(socket), end: () => socket.end() };
}
