/**
 * Messages of 128 bytes to 1,000 connections: deliveries a second, beside a loop over the clients of `ws`.
 * `broadcast.ts [--profile <folder>]`. Each server and the load are a process each; servers share a core, in turn.
 *
 * What is said in one turn of the event loop leaves in one write for each connection, so messages that come together
 * are cheaper than lone ones. With those, both servers spend three quarters of their time in the kernel's write, where
 * there is nothing to gain: they are shown without a floor.
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
import { answer, Child } from "../support/child.ts";
import { openWebSocket } from "./support/open-websocket.ts";

const CONNECTIONS = 1000;
const SIZE = 128;
/** How many messages come together, and what ours should reach of the deliveries a second of `ws`. */
const ROWS: { inFlight: number; floor?: number }[] = [{ inFlight: 4, floor: 1.5 }, { inFlight: 1 }];
const ROUNDS = 9;
/** Milliseconds: for V8 to compile what is hot, for the caches to change their owner, and what counts. */
const TO_COMPILE = 1500;
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

  for (const server of [ours, ws]) await load.ask("open", server.pid, await server.ask("port"));
  for (const { inFlight, floor } of ROWS) {
    const round = (server: Child, warmUp: number, duration: number) =>
      load.ask<Round>("round", server.pid, inFlight, warmUp, duration);
    const turns = [ours, ws].map((server) => ({ server, rounds: [] as Round[] }));
    const [our, their] = turns.map(({ rounds }) => rounds);
    for (const { server } of turns) await round(server, 0, TO_COMPILE);
    for (let pair = 0; pair < ROUNDS; pair++) {
      for (const { server, rounds } of turns) rounds.push(await round(server, WARM_UP, DURATION));
      // Neither is always the first.
      turns.reverse();
    }
    const comparison = compare(our!, their!);
    console.log(
      `${inFlight} × ${SIZE} B to ${CONNECTIONS} / ws`.padEnd(24),
      describeComparison(comparison, floor),
    );
    // By CPU time where it is known: a server that waits for the load, or for its core, is no slower for that.
    if (floor && (comparison.cpuRatio ?? comparison.ratio).median < floor) process.exitCode = 1;
  }
}

function load(): void {
  const audiences = new Map<number, Audience>();
  answer({
    async open(server: number, port: number) {
      const audience = new Audience();
      audiences.set(server, audience);
      for (let i = 0; i < CONNECTIONS; i++) await audience.join(port);
    },
    async round(server: number, inFlight: number, warmUp: number, duration: number): Promise<Round> {
      const audience = audiences.get(server)!;
      audience.start(inFlight);
      await sleep(warmUp);
      const before = look(server, audience);
      await sleep(duration);
      const after = look(server, audience);
      await audience.stop();
      return between(before, after);
    },
  });
}

function look(server: number, { heard }: Audience) {
  return { at: performance.now(), heard, server: cpuTime(server), load: cpuTime(process.pid) };
}

type Look = ReturnType<typeof look>;

function between(before: Look, after: Look): Round {
  const elapsed = after.at - before.at;
  const server = cpuShare(before.server, after.server, elapsed);
  const load = cpuShare(before.load, after.load, elapsed);
  return {
    perSecond: ((after.heard - before.heard) / copy.length / elapsed) * 1000,
    cpu: server && load && { server, load },
  };
}

/** Connections that all hear what the first of them says. It goes on when all have heard all. */
class Audience {
  /** Bytes, on all connections. */
  heard = 0;
  #due = 0;
  #block = spoken;
  #speaker: Socket | undefined;
  #isOn = false;
  #silence: (() => void) | undefined;

  async join(port: number): Promise<void> {
    let isNew = true;
    const socket = await openWebSocket(port, (bytes) => {
      // The first is compared, the others are counted.
      if (isNew && !bytes.subarray(0, copy.length).equals(copy)) throw new Error("misheard");
      isNew = false;
      this.#hear(bytes.length);
    });
    this.#speaker ??= socket;
  }

  start(inFlight: number): void {
    this.#block = Buffer.concat(Array.from({ length: inFlight }, () => spoken));
    this.#isOn = true;
    this.#speak();
  }

  /** Resolves when all have heard all. */
  stop(): Promise<void> {
    this.#isOn = false;
    return new Promise((resolve) => {
      this.#silence = resolve;
    });
  }

  #speak(): void {
    this.#due += (this.#block.length / spoken.length) * CONNECTIONS * copy.length;
    this.#speaker?.write(this.#block);
  }

  #hear(length: number): void {
    this.heard += length;
    if (this.heard < this.#due) return;
    if (this.heard > this.#due) throw new Error("more was heard than said");
    if (this.#isOn) this.#speak();
    else this.#silence?.();
  }
}
