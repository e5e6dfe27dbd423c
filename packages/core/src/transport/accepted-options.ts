import type { Server, Socket } from "node:net";

/** Connections that may wait in a socket that others have listened with: the most that Linux has allowed by default is 4,096. */
export const MOST_WAITING = 65_536;

interface Handle {
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, delay: number): number;
}

/** libuv's EINVAL, for a delay of 0: the kernel's own stays, and keep-alive is on. */
const KERNELS_DELAY = -22;

/**
 * Gives TCP_NODELAY, since the cork does what Nagle would, and keep-alive to all that `server` accepts.
 *
 * On Linux a connection has the options of the socket that listens, so they are set there, and cost nothing from then on (5 %
 * of a connection that says one thing, Node 26). Node has no documented way to set them; where this one is not there, each
 * connection is given its own. So are those that may have waited in the kernel before: the first `waiting`, and one that
 * Linux adds.
 */
export function optionsForAccepted(server: Server, waiting: number): (socket: Socket) => void {
  let without = areInherited(server) ? waiting + 1 : Infinity;
  return (socket) => {
    if (without === 0) return;
    without--;
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
  };
}

function areInherited(server: Server): boolean {
  const { _handle: handle } = server as Server & { _handle?: Handle | null };
  if (process.platform !== "linux" || handle?.setNoDelay?.(true) !== 0) return false;
  const result = handle.setKeepAlive?.(true, 0);
  return result === 0 || result === KERNELS_DELAY;
}
