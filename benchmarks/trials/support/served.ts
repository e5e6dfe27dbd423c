import { setTimeout as sleep } from "node:timers/promises";
import { type AppWorker, Worker } from "@sock/cluster";
import { frame } from "@sock/protocol-frame";
import { http } from "@sock/protocol-http";
import { text } from "@sock/protocol-text";
import { websocket } from "@sock/protocol-websocket";

/** Milliseconds that an answer takes, as in the measurements of the ancestor. */
const TAKES = 2;

/** Those of the last two answer at once, with what they were asked. */
export type Served = "http" | "websocket" | "text" | "frame echo" | "http echo";

export interface Fleet {
  serves: Served;
  count: number;
  /** Beside it, a Worker whose processes die at their start. */
  withDying?: boolean;
}

/** Workers that mostly answer with their pid, 2 ms later. Those who load them find out by `FLEET` which. */
export function served({ serves, count, withDying = false }: Fleet): AppWorker[] {
  const workers: AppWorker[] = [make(serves, count)];
  if (withDying) workers.push(new Worker(undefined, { name: "dying", onWorkerStart: () => process.exit(3) }));
  return workers;
}

function make(serves: Served, count: number): AppWorker {
  const address = "tcp://127.0.0.1:0";
  const pid = `${process.pid}`;
  const answer = async (connection: { send(message: string): unknown }) => {
    await sleep(TAKES);
    connection.send(pid);
  };
  switch (serves) {
    case "http":
      return new Worker(address, { codec: http(), count, name: serves, onMessage: answer });
    case "websocket":
      return new Worker(address, { codec: websocket(), count, name: serves, onMessage: answer });
    case "text":
      return new Worker(address, { codec: text(), count, name: serves, onMessage: answer });
    case "frame echo":
      return new Worker(address, {
        codec: frame(),
        count,
        name: serves,
        onMessage: (connection, bytes) => connection.send(bytes),
      });
    case "http echo":
      return new Worker(address, {
        codec: http(),
        count,
        name: serves,
        onMessage: (connection, { target }) => connection.send(target),
      });
  }
}
