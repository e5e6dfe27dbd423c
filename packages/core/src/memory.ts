import type { Connection } from "./connection/connection.ts";
import { LiveConnection } from "./connection/live-connection.ts";
import { type ConnectionOptions, settle } from "./connection/options.ts";
import { type EventLoop, eventLoop } from "./event-loop.ts";
import { newStats } from "./stats.ts";
import { memoryTransports } from "./transport/memory-transport.ts";

export { memoryTransports } from "./transport/memory-transport.ts";

/**
 * Two connections joined in memory, both open at a later turn: for tests of what talks over them, without sockets.
 * Each side buffers 64 KiB, as a kernel would, before the other is behind.
 */
export function connectedPair<In, Out, Note, Context, PeerIn, PeerOut, PeerNote, PeerContext>(
  options: ConnectionOptions<In, Out, Note, Context>,
  peerOptions: ConnectionOptions<PeerIn, PeerOut, PeerNote, PeerContext>,
  loop: EventLoop = eventLoop,
): [Connection<In, Out, Note, Context>, Connection<PeerIn, PeerOut, PeerNote, PeerContext>] {
  const [left, right] = memoryTransports(loop);
  const connection = new LiveConnection(left, settle(options, loop), newStats(), () => {});
  const peer = new LiveConnection(right, settle(peerOptions, loop), newStats(), () => {});
  loop.defer(start, connection);
  loop.defer(start, peer);
  return [connection, peer];
}

function start(connection: { start(): void }): void {
  connection.start();
}
