import { onTestFinished } from "vitest";
import { LiveConnection } from "../../src/connection/live-connection.ts";
import { settle } from "../../src/connection/options.ts";
import { type Connection, type ConnectionOptions, type EventLoop, eventLoop } from "../../src/index.ts";
import { memoryTransports } from "../../src/memory.ts";
import { newStats } from "../../src/stats.ts";
import { Diary } from "./diary.ts";
import { netTransports, type SocketWire } from "./net-pair.ts";

export type Wire = "memory" | SocketWire;

export const wires: Wire[] = ["memory", "tcp", "tls", "unix"];

export interface Side<In, Out, Note> {
  connection: Connection<In, Out, Note, Record<string, unknown>>;
  diary: Diary;
}

type Options<In, Out, Note> = ConnectionOptions<In, Out, Note, Record<string, unknown>>;

/** Two connections joined by a wire, each with its diary, and started. */
export async function pair<In, Out, Note, PeerIn, PeerOut, PeerNote>(
  wire: Wire,
  options: Options<In, Out, Note>,
  peerOptions: Options<PeerIn, PeerOut, PeerNote>,
  loop: EventLoop = eventLoop,
): Promise<[Side<In, Out, Note>, Side<PeerIn, PeerOut, PeerNote>]> {
  const [left, right] = wire === "memory" ? memoryTransports(loop) : await netTransports(wire);
  const diary = new Diary();
  const peerDiary = new Diary();
  const stats = newStats();
  const connection = new LiveConnection(left, settle(diary.keep(options), loop), stats, () => {});
  const peer = new LiveConnection(right, settle(peerDiary.keep(peerOptions), loop), stats, () => {});
  onTestFinished(() => {
    connection.destroy();
    peer.destroy();
  });
  connection.start();
  peer.start();
  return [
    { connection, diary },
    { connection: peer, diary: peerDiary },
  ];
}
