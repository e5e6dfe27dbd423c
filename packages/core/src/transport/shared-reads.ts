import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";
import { soonDropped } from "@sock/codec";

/**
 * What sockets read into, one after the other. What arrives is copied out at once, at its own size: a message with
 * one in flight costs 0.7 to 0.75 of the processor time that it costs through the stream's chunks of 64 KiB (Node 26).
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** A socket's property: who takes its chunks, whose memory is theirs from then on. */
export const RECEIVER = Symbol("receiver");

export interface Receiver {
  /** False: read no more for now. */
  received(chunk: Buffer): boolean;
}

export type Receiving = Socket & { [RECEIVER]: Receiver };

/**
 * A socket that has filled what it read into reads next into memory of its own, and into twice as much up to this when it
 * fills that. It is handed over: nothing is copied, and there are fewer calls. A peer pays for memory with bytes. An upload
 * of 10 MiB costs 0.88 of the processor time that it costs through the shared buffer (Node 26).
 */
const MOST = 256 * 1024;

/** What the socket reads into next whose callback has just returned: Node asks for it at once. */
let next: Buffer = READ_BUFFER;

/** Was given to a socket that then had little to read. */
let spare: Buffer | undefined;

function nextBuffer(): Uint8Array {
  const buffer = next;
  next = READ_BUFFER;
  return buffer;
}

/** The documented `onread` of a client's socket. Node calls the callback as a method of the socket. */
export const onread: OnReadOpts = {
  buffer: nextBuffer,
  callback(this: unknown, length: number, bytes: Uint8Array): boolean {
    const buffer = bytes as Buffer;
    const isWanted = (this as Receiving)[RECEIVER].received(taken(buffer, length));
    // Who does not read on, or has all there was, waits without a buffer.
    if (isWanted && length === buffer.length)
      next = ownBuffer(buffer === READ_BUFFER ? length : Math.min(2 * length, MOST));
    return isWanted;
  },
};

/** The bytes that were read, in memory that nobody writes again. */
function taken(buffer: Buffer, length: number): Buffer {
  if (buffer === READ_BUFFER) return copied(buffer, length);
  if (length === buffer.length) return buffer;
  // A view keeps all of it: at most twice the bytes.
  if (2 * length >= buffer.length) return buffer.subarray(0, length);
  spare = buffer;
  return copied(buffer, length);
}

function copied(buffer: Buffer, length: number): Buffer {
  const chunk = soonDropped(Buffer.allocUnsafe(length));
  buffer.copy(chunk, 0, 0, length);
  return chunk;
}

function ownBuffer(size: number): Buffer {
  if (spare === undefined || spare.length > size) return soonDropped(Buffer.allocUnsafeSlow(size));
  const buffer = spare;
  spare = undefined;
  return buffer;
}

interface Handled {
  readonly _handle: { useUserBuffer?: unknown } | null;
}

/**
 * Has `socket`, of which nothing waits to be read, read into the shared buffer from now on: servers of `net` and `tls` have
 * no `onread`. Where that is kept in a socket is found out from one that has it. A message over TLS with one in flight
 * costs 0.93 of the processor time that it costs otherwise (Node 26). False: this Node does not allow it, and nothing was
 * changed.
 */
export function shareReads(socket: Socket): boolean {
  const handle = (socket as unknown as Handled)._handle;
  places ??= findPlaces();
  if (places === undefined || typeof handle?.useUserBuffer !== "function" || socket.readableLength > 0)
    return false;
  const fields = socket as unknown as Fields;
  const { buffer, generator, callback } = places;
  if (fields[buffer] !== null || fields[generator] !== null || fields[callback] !== null) return false;
  fields[buffer] = READ_BUFFER;
  fields[generator] = nextBuffer;
  fields[callback] = onread.callback;
  handle.useUserBuffer(READ_BUFFER);
  return true;
}

type Fields = Record<symbol, unknown>;

let places: { buffer: symbol; generator: symbol; callback: symbol } | undefined;

function findPlaces(): typeof places {
  const buffer = placeOf(READ_BUFFER, { ...onread, buffer: READ_BUFFER });
  const generator = placeOf(nextBuffer, onread);
  const callback = placeOf(onread.callback, onread);
  return buffer && generator && callback && { buffer, generator, callback };
}

/** Where a socket that was made with `options` keeps `what` of them. */
function placeOf(what: unknown, options: OnReadOpts): symbol | undefined {
  const probe = new Socket({ onread: options } as SocketConstructorOpts) as unknown as Fields;
  return Object.getOwnPropertySymbols(probe).find((field) => probe[field] === what);
}
