import { once } from "node:events";
import { dial } from "../support/dial.ts";

/** Writes `chunk` again and again as fast as it is taken, and never reads, until it is cut or has sent `limit` bytes. */
export async function floods(address: string, chunk: string, limit = Infinity) {
  const socket = await dial(address);
  const peer = { sent: 0, isOver: false, cut: () => void socket.destroy() };
  const bytes = Buffer.from(chunk);
  const write = () => {
    while (peer.sent < limit && !socket.destroyed) {
      peer.sent += bytes.length;
      if (!socket.write(bytes)) return;
    }
  };
  socket.on("drain", write);
  void once(socket, "close").then(() => {
    peer.isOver = true;
  });
  write();
  return peer;
}
