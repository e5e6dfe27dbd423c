import { once } from "node:events";
import { dial } from "../support/dial.ts";

/** Reads as much as it is told to, a little at a time, and no more. */
export async function sips(address: string) {
  const socket = await dial(address);
  let failure: Error | undefined;
  socket.on("error", (error) => {
    failure = error;
  });
  const peer = {
    size: 0,
    /** Rejects with what the connection was lost to. */
    async take(size: number): Promise<void> {
      const until = peer.size + size;
      while (peer.size < until && !socket.readableEnded) {
        if (failure !== undefined) throw failure;
        const chunk: Buffer | null = socket.read(Math.min(until - peer.size, socket.readableLength) || 1);
        if (chunk !== null) peer.size += chunk.length;
        else await Promise.race([once(socket, "readable"), once(socket, "close")]);
      }
    },
    go: () => void socket.destroy(),
  };
  return peer;
}
