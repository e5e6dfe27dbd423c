import { type OnReadOpts, Socket, type SocketConstructorOpts } from "node:net";

/**
 * What all sockets read into, one after the other. What arrives is copied out at once, at its own size: a message with
 * one in flight costs 0.7 to 0.75 of the processor time that it costs through the stream's chunks of 64 KiB (Node 26).
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** A socket's method that takes a chunk, whose memory is its own from then on. False: read no more for now. */
export const RECEIVED = Symbol("received");

export type Receiving = Socket & { [RECEIVED](chunk: Buffer): boolean };

/** The documented `onread` of a client's socket. Node calls the callback as a method of the socket. */
export const onread: OnReadOpts = {
  buffer: READ_BUFFER,
  callback(this: unknown, length: number): boolean {
    const chunk = Buffer.allocUnsafe(length);
    READ_BUFFER.copy(chunk, 0, 0, length);
    return (this as Receiving)[RECEIVED](chunk);
  },
};

interface Accepted extends Socket {
  _handle: { useUserBuffer?: unknown } | null;
}

/**
 * The same connection, reading into the shared buffer. `net.createServer` has no `onread`; a socket made of the handle
 * that it accepted has, though no documentation says so: `undefined` where this Node does not allow it.
 *
 * @param accepted with `pauseOnConnect`, so that nothing has been read. It is of no use afterwards
 */
export function withSharedReads(accepted: Socket): Socket | undefined {
  const handle = (accepted as Accepted)._handle;
  if (typeof handle?.useUserBuffer !== "function") return undefined;
  const options = {
    handle,
    onread,
    allowHalfOpen: true,
    pauseOnCreate: true,
  } as unknown as SocketConstructorOpts;
  const socket = new Socket(options);
  if ((socket as Accepted)._handle !== handle) return undefined;
  (accepted as Accepted)._handle = null;
  accepted.destroy();
  return socket;
}

/**
 * Has `socket`, whose handshake is done, read into the shared buffer from now on: `tls` gives `onread` to clients alone.
 * Where that is kept in a socket is found out from one that has it. A message over TLS with one in flight costs 0.93 of
 * the processor time that it costs otherwise (Node 26). False: this Node does not allow it, and nothing was changed.
 */
export function shareReads(socket: Socket): boolean {
  const handle = (socket as Accepted)._handle;
  places ??= findPlaces();
  if (places === undefined || typeof handle?.useUserBuffer !== "function" || socket.readableLength > 0)
    return false;
  const fields = socket as unknown as Fields;
  if (fields[places.buffer] !== null || fields[places.callback] !== null) return false;
  fields[places.buffer] = READ_BUFFER;
  fields[places.callback] = onread.callback;
  handle.useUserBuffer(READ_BUFFER);
  return true;
}

type Fields = Record<symbol, unknown>;

let places: { buffer: symbol; callback: symbol } | undefined;

function findPlaces(): typeof places {
  const probe = new Socket({ onread } as SocketConstructorOpts) as unknown as Fields;
  const fields = Object.getOwnPropertySymbols(probe);
  const buffer = fields.find((field) => probe[field] === READ_BUFFER);
  const callback = fields.find((field) => probe[field] === onread.callback);
  return buffer && callback && { buffer, callback };
}
