/**
 * A message of 128 bytes to 1,000 connections: deliveries a second, beside a loop over the clients of `ws`.
 * `broadcast.ts [--profile <folder>]`. Each server and the load are a process each; servers share a core, in turn.
 */
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { compare } from "../pair/comparison.ts";
import { chooseCores } from "../pair/cores.ts";
import { cpuShare, cpuTime } from "../pair/cpu-time.ts";
import type { Round } from "../pair/load.ts";
import { websocket } from "../pair/protocols/websocket.ts";
import { describeComparison } from "../pair/report.ts";
import { answer, Child } from "./support/child.ts";
import { openWebSocket } from "./support/open-websocket.ts";

const CONNECTIONS = 1000;
const SIZE = 128;
/** Broadcasts on their way. */
const IN_FLIGHT = 3;
/** What ours should reach of the deliveries a second of `ws`. */
const FLOOR = 1.5;
const ROUNDS = 9;
/** Milliseconds: for V8 to compile what is hot, for the caches to change their owner, and what counts. */
const TO_COMPILE = 2000;
const WARM_UP = 100;
const DURATION = 700;

const message = Buffer.alloc(SIZE, "to whom it may concern; ");
const spoken = websocket("binary").request(message);
/** RFC 6455 5.2: FIN and binary, a length of 16 bits. */
const copy = Buffer.concat([Buffer.from([0x82, 126, 0, SIZE]), message]);

if (process.argv[2] === "load") load();
else await main();

async function main(): Promise<void> {
  const { profile: folder } = parseArgs({ options: { profile: { type: "string" } } }).values;
  const cores = chooseCores();
  const start = (name: string) => {
    const profile = folder && join(folder, `broadcast, ${name}.cpuprofile`);
    const file = join(import.meta.dirname, `support/${name}.ts`);
    return new Child({ file, args: ["broadcast"] }, { core: cores.server, profile });
  };
  await using ours = start("ours");
  await using ws = start("ws");
  await using load = new Child({ file: import.meta.filename, args: ["load"] }, { core: cores.load });

  const turns = [];
  for (const server of [ours, ws]) {
    await load.ask("open", server.pid, await server.ask("port"));
    await load.ask("round", server.pid, 0, TO_COMPILE);
    turns.push({ server, rounds: [] as Round[] });
  }
  const [{ rounds: our }, { rounds: their }] = turns as [(typeof turns)[0], (typeof turns)[0]];
  for (let pair = 0; pair < ROUNDS; pair++) {
    for (const { server, rounds } of turns)
      rounds.push(await load.ask("round", server.pid, WARM_UP, DURATION));
    // Neither is always the first.
    turns.reverse();
  }
  const comparison = compare(our, their);
  console.log(`${SIZE} bytes to ${CONNECTIONS} connections, control: ws`);
  console.log(describeComparison(comparison, FLOOR));
  // By CPU time where it is known: a server that waits for the load, or for its core, is no slower for that.
  if ((comparison.cpuRatio ?? comparison.ratio).median < FLOOR) process.exitCode = 1;
}

function load(): void {
  const audiences = new Map<number, Audience>();
  answer({
    async open(server: number, port: number) {
      const audience = new Audience();
      audiences.set(server, audience);
      for (let i = 0; i < CONNECTIONS; i++) await audience.join(port);
    },
    async round(server: number, warmUp: number, duration: number): Promise<Round> {
      const audience = audiences.get(server)!;
      audience.start();
      await sleep(warmUp);
      const before = look(server, audience);
      await sleep(duration);
      const after = look(server, audience);
      await audience.stop();
      const elapsed = after.at - before.at;
      const share = {
        server: cpuShare(before.server, after.server, elapsed),
        load: cpuShare(before.load, after.load, elapsed),
      };
      return {
        perSecond: ((after.heard - before.heard) / copy.length / elapsed) * 1000,
        cpu: share.server && share.load && { server: share.server, load: share.load },
      };
    },
  });
}

function look(server: number, { heard }: Audience) {
  return { at: performance.now(), heard, server: cpuTime(server), load: cpuTime(process.pid) };
}

interface Member {
  socket: Socket;
  /** Bytes. */
  heard: number;
}

/** Connections that all hear what one of them says. They speak in turn, so that no two messages come in one chunk. */
class Audience {
  /** Bytes, on all connections. */
  heard = 0;
  readonly #members: Member[] = [];
  #spoken = 0;
  #isOn = false;
  #silence: (() => void) | undefined;

  async join(port: number): Promise<void> {
    let bytesHeard = 0;
    const socket = await openWebSocket(port, (bytes) => {
      // The first is compared, the others are counted.
      if (bytesHeard === 0 && !bytes.subarray(0, copy.length).equals(copy)) throw new Error("misheard");
      bytesHeard += bytes.length;
      this.#hear(bytes.length);
    });
    this.#members.push({
      socket,
      get heard() {
        return bytesHeard;
      },
    });
  }

  start(): void {
    this.#isOn = true;
    for (let i = 0; i < IN_FLIGHT; i++) this.#speak();
  }

  /** Resolves when all have heard all. */
  async stop(): Promise<void> {
    this.#isOn = false;
    await new Promise<void>((resolve) => {
      this.#silence = resolve;
    });
    const all = this.#spoken * copy.length;
    if (this.#members.some(({ heard }) => heard !== all)) throw new Error("some heard more than others");
  }

  #speak(): void {
    this.#members[this.#spoken++ % CONNECTIONS]!.socket.write(spoken);
  }

  #hear(length: number): void {
    this.heard += length;
    const missing = this.#spoken * CONNECTIONS * copy.length - this.heard;
    // One of those on their way has come to all.
    if (this.#isOn && missing <= (IN_FLIGHT - 1) * CONNECTIONS * copy.length) this.#speak();
    if (missing === 0) this.#silence?.();
  }
}
