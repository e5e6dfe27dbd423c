import { dial, readAll } from "../support/dial.ts";

/** Says `text`, ends its side at once, and reads what is answered: as `echo text | nc` does. */
export async function halfCloses(address: string, text: string): Promise<string> {
  const socket = await dial(address);
  socket.end(text);
  return (await readAll(socket)).toString();
}
