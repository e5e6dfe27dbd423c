// A process of peers that all hear what the first of them says to a hub.
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answer } from "../method/child.ts";
import { openWebSocket } from "./open-websocket.ts";
import { websocket } from "./protocols/websocket.ts";
import { Count, type Round } from "./round.ts";

/** Peers of a hub. */
export interface Peers {
  listeners: number;
  /** Beside them: they never read. */
  deaf: number;
  /** Bytes of a message. */
  size: number;
}

const { request } = websocket("binary");

/** Peers of one hub. The speaker goes on when all who listen have heard all. */
class Audience {
  /** Bytes, on all connections. */
  heard = 0;
  readonly #spoken: Buffer;
  /** What is heard of a message. */
  readonly #copy: Buffer;
  #listeners = 0;
  #due = 0;
  #block: Buffer;
  #speaker: Socket | undefined;
  #isOn = false;
  #silence: (() => void) | undefined;

  constructor(size: number) {
    const message = Buffer.alloc(size, "to whom it may concern; ");
    this.#spoken = request(message);
    this.#block = this.#spoken;
    this.#copy = Buffer.concat([headerOf(size), message]);
  }

  /** Messages that have arrived. */
  get deliveries(): number {
    return this.heard / this.#copy.length;
  }

  async join(port: number): Promise<void> {
    let isNew = true;
    const copy = this.#copy;
    const socket = await openWebSocket(port, (bytes) => {
      // The first is compared, as far as it is there, and the others are counted.
      if (isNew && !bytes.subarray(0, copy.length).equals(copy.subarray(0, bytes.length)))
        throw new Error("misheard");
      isNew = false;
      this.#hear(bytes.length);
    });
    this.#speaker ??= socket;
    this.#listeners++;
  }

  async joinDeaf(port: number): Promise<void> {
    const socket = await openWebSocket(port, () => {});
    socket.pause();
  }

  start(inFlight: number): void {
    this.#block = Buffer.concat(Array.from({ length: inFlight }, () => this.#spoken));
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
    this.#due += (this.#block.length / this.#spoken.length) * this.#listeners * this.#copy.length;
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

/** RFC 6455 5.2: FIN and binary, and a length. */
function headerOf(size: number): Buffer {
  if (size < 126) return Buffer.from([0x82, size]);
  if (size < 0x1_0000) return Buffer.from([0x82, 126, size >> 8, size & 0xff]);
  const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(size, 6);
  return header;
}

const audiences = new Map<number, Audience>();

answer({
  async open(server: number, port: number, { listeners, deaf, size }: Peers) {
    const audience = new Audience(size);
    audiences.set(server, audience);
    for (let i = 0; i < listeners; i++) await audience.join(port);
    for (let i = 0; i < deaf; i++) await audience.joinDeaf(port);
  },
  async round(server: number, inFlight: number, warmUp: number, duration: number): Promise<Round> {
    const audience = audiences.get(server)!;
    audience.start(inFlight);
    await sleep(warmUp);
    const count = new Count(server, () => audience.deliveries);
    await sleep(duration);
    const round = count.end();
    await audience.stop();
    return round;
  },
});
