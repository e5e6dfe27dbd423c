import { header } from "../support/codecs.ts";
import { dial } from "../support/dial.ts";

/** Says that `size` bytes will come, and sends one of them. */
export async function claims(address: string, size: number) {
  const socket = await dial(address);
  socket.write(Buffer.concat([header(size), Buffer.alloc(1)]));
  return { go: () => void socket.destroy() };
}
