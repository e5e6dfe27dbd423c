import { createHash } from "node:crypto";

// Frames as bytes, made and read without the help of the code under test.

/** One frame; what is left out is as it should be. */
export interface Frame {
  opcode: number;
  payload?: Uint8Array | string;
  fin?: boolean;
  rsv?: number;
  /** Bytes that the length takes: 0 for the seven bits, 2 or 8. */
  lengthBytes?: 0 | 2 | 8;
  /** The length that is claimed. */
  length?: number | bigint;
  /** Masked although it should not be, or the other way round. */
  isWronglyMasked?: boolean;
}

export const text = (payload: Uint8Array | string = "", rest: Partial<Frame> = {}) => frame(1, payload, rest);
export const binary = (payload: Uint8Array | string = "", rest: Partial<Frame> = {}) =>
  frame(2, payload, rest);
export const more = (payload: Uint8Array | string = "", rest: Partial<Frame> = {}) => frame(0, payload, rest);
export const ping = (payload: Uint8Array | string = "", rest: Partial<Frame> = {}) => frame(9, payload, rest);
export const pong = (payload: Uint8Array | string = "", rest: Partial<Frame> = {}) =>
  frame(10, payload, rest);

export function close(code?: number, reason: Uint8Array | string = "", rest: Partial<Frame> = {}): Frame {
  if (code === undefined) return frame(8, "", rest);
  return frame(
    8,
    Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason as Uint8Array)]),
    rest,
  );
}

/** Not the last frame of its message. */
export const open = { fin: false };

/** The bytes of `frames`, as a client or a server sends them. */
export function bytesOf(frames: readonly (Frame | Uint8Array)[], isFromClient: boolean): Buffer {
  return Buffer.concat(frames.map((one) => (one instanceof Uint8Array ? one : oneFrame(one, isFromClient))));
}

let masks = 0;

function oneFrame(frame: Frame, isFromClient: boolean): Buffer {
  const payload = Buffer.from((frame.payload ?? "") as Uint8Array);
  const length = frame.length ?? payload.length;
  const lengthBytes = frame.lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8);
  const isMasked = isFromClient !== (frame.isWronglyMasked ?? false);
  const first = (frame.fin === false ? 0 : 0x80) | ((frame.rsv ?? 0) << 4) | frame.opcode;
  const short = lengthBytes === 0 ? Number(length) : lengthBytes === 2 ? 126 : 127;
  const head = Buffer.of(first, (isMasked ? 0x80 : 0) | short);
  const long = Buffer.alloc(lengthBytes);
  if (lengthBytes === 2) long.writeUInt16BE(Number(length));
  if (lengthBytes === 8) long.writeBigUInt64BE(BigInt(length));
  if (!isMasked) return Buffer.concat([head, long, payload]);
  masks += 1;
  const key = createHash("sha1").update(String(masks)).digest().subarray(0, 4);
  return Buffer.concat([head, long, key, payload.map((byte, at) => byte ^ key[at % 4]!)]);
}

function frame(opcode: number, payload: Uint8Array | string, rest: Partial<Frame>): Frame {
  return { opcode, payload, ...rest };
}

/** A frame that was read. */
export interface Read {
  opcode: number;
  fin: boolean;
  rsv: number;
  isMasked: boolean;
  payload: Buffer;
}

/** All frames in `bytes`. Throws when they end within one. */
export function readFrames(bytes: Buffer): Read[] {
  const frames: Read[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes.readUInt8(at++);
    const second = bytes.readUInt8(at++);
    let length = second & 0x7f;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    const isMasked = second >= 0x80;
    const key = isMasked ? bytes.subarray(at, at + 4) : Buffer.alloc(4);
    if (isMasked) at += 4;
    if (at + length > bytes.length) throw new Error(`${at + length - bytes.length} bytes are missing`);
    const payload = bytes.subarray(at, at + length).map((byte, i) => byte ^ key[i % 4]!);
    frames.push({
      opcode: first & 15,
      fin: first >= 0x80,
      rsv: (first >> 4) & 7,
      isMasked,
      payload: Buffer.from(payload),
    });
    at += length;
  }
  return frames;
}
