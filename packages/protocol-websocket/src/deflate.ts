import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from "node:zlib";
import type { DeflateSettings } from "./deflate-options.ts";
import type { DeflateAgreement } from "./negotiation.ts";
import { TextWindow } from "./text-window.ts";

/** RFC 7692 7.2.1: the empty block that ends each message is left out, and put back by the receiver. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * Final blocks in one message, each of which makes the receiver start over (RFC 7692 7.2.3.5). Senders that use them
 * at all use one; a message full of them would cost a start each two bytes.
 */
const MAX_STREAMS = 16;

/** What `info: true` adds to a result of zlib's. */
interface WithEngine {
  buffer: Buffer;
  engine: { bytesWritten: number };
}

/**
 * Compresses and inflates whole messages, RFC 7692 7.2, without a handle of zlib's between them. A context that is
 * taken over is kept as the plain text it consists of, and given to zlib as its dictionary.
 */
export class Deflate {
  readonly #settings: DeflateSettings;
  readonly #sending: ZlibOptions;
  readonly #sent: TextWindow | undefined;
  readonly #received: TextWindow | undefined;

  constructor(settings: DeflateSettings, agreement: DeflateAgreement) {
    this.#settings = settings;
    this.#sent = agreement.sendTakeover ? new TextWindow(agreement.sendWindowBits) : undefined;
    this.#received = agreement.receiveTakeover ? new TextWindow(agreement.receiveWindowBits) : undefined;
    this.#sending = sendingOptions(settings, agreement.sendWindowBits);
  }

  get retained(): number {
    return (this.#sent?.retained ?? 0) + (this.#received?.retained ?? 0);
  }

  /** The same for connections that compress alike; `undefined` where that depends on what was sent before. */
  get alike(): string | undefined {
    if (this.#sent !== undefined) return undefined;
    const { level, memLevel, windowBits } = this.#sending;
    return `deflate ${this.#settings.threshold} ${level} ${memLevel} ${windowBits}`;
  }

  /** The payload compressed, or `undefined` where it is to be sent as it is: too small, or it would not shrink. */
  compress(payload: Uint8Array): Buffer | undefined {
    if (payload.length < this.#settings.threshold) return undefined;
    const compressed = deflateRawSync(payload, {
      ...this.#sending,
      chunkSize: chunkFor(payload.length),
      ...dictionaryOf(this.#sent),
    });
    const length = compressed.length - TAIL.length;
    if (length >= payload.length) return undefined;
    this.#sent?.append(payload);
    return compressed.subarray(0, length);
  }

  /**
   * The payload as it was before compression. It stops as soon as it would pass `max` bytes.
   * @throws Error with the code `"ERR_BUFFER_TOO_LARGE"` then, another where it is not what deflate makes
   */
  inflate(payload: Uint8Array, max: number): Buffer {
    const inflated = inflateAll(Buffer.concat([payload, TAIL]), this.#received, max);
    this.#received?.append(inflated);
    return inflated;
  }
}

function sendingOptions({ level, memLevel }: DeflateSettings, windowBits: number): ZlibOptions {
  return {
    finishFlush: constants.Z_SYNC_FLUSH,
    // zlib knows no raw window of 8 bits. With 9 it refers back 250 bytes at most: what a window of 8 holds.
    windowBits: Math.max(9, windowBits),
    ...(level === undefined ? {} : { level }),
    ...(memLevel === undefined ? {} : { memLevel }),
  };
}

function inflateAll(payload: Buffer, received: TextWindow | undefined, max: number): Buffer {
  let inflated = inflateStream(payload, received, max);
  let read = inflated.engine.bytesWritten;
  if (read === payload.length) return inflated.buffer;

  // A final block was in it: what follows is another stream, whose window goes on all the same.
  const window = new TextWindow(15);
  if (received?.bytes !== undefined) window.append(received.bytes);
  const pieces: Buffer[] = [inflated.buffer];
  let total = inflated.buffer.length;
  for (let streams = 2; read < payload.length; streams++) {
    if (streams > MAX_STREAMS) throw new Error(`more than ${MAX_STREAMS} final blocks in a message`);
    window.append(inflated.buffer);
    inflated = inflateStream(payload.subarray(read), window, max - total);
    read += inflated.engine.bytesWritten;
    total += inflated.buffer.length;
    pieces.push(inflated.buffer);
  }
  return Buffer.concat(pieces, total);
}

function inflateStream(payload: Buffer, window: TextWindow | undefined, max: number): WithEngine {
  const options: ZlibOptions = {
    finishFlush: constants.Z_SYNC_FLUSH,
    info: true,
    // zlib wants room for one byte at least.
    maxOutputLength: Math.max(1, max),
    chunkSize: chunkFor(4 * payload.length),
    ...dictionaryOf(window),
  };
  // The types know only the answer without `info`.
  return inflateRawSync(payload, options) as unknown as WithEngine;
}

function dictionaryOf(window: TextWindow | undefined): { dictionary?: Buffer } {
  return window?.bytes === undefined ? {} : { dictionary: window.bytes };
}

/** What zlib writes to at a time. Its default of 16 KiB makes a small message cost three times as much (Node 26). */
function chunkFor(expected: number): number {
  return Math.min(64 * 1024, Math.max(1024, expected));
}
