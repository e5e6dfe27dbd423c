import { dial } from "../support/dial.ts";

/** Comes, reads, and says nothing, not even goodbye. */
export async function saysNothing(address: string) {
  const socket = await dial(address);
  socket.resume();
  return { go: () => void socket.destroy() };
}
