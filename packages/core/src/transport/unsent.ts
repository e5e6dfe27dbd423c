import type { Socket } from "node:net";

interface Handled extends Socket {
  readonly _handle: { readonly writeQueueSize?: unknown; readonly bytesWritten?: unknown } | null;
}

/**
 * Bytes that were written to `socket` and that the kernel has not taken. `writableLength` falls only when it has taken a
 * whole chunk, which may be megabytes; what libuv still has of that one is known to the handle, though no documentation
 * says so: where this Node's does not tell, whole chunks must do.
 */
export function unsentOf(socket: Socket): number {
  const handle = (socket as Handled)._handle;
  if (typeof handle?.writeQueueSize !== "number" || typeof handle.bytesWritten !== "number")
    return socket.writableLength;
  return socket.bytesWritten - handle.bytesWritten + handle.writeQueueSize;
}
