// The frame header, RFC 6455 5.2: two bytes, then a longer length, then a masking key.

export const FIN = 0x80;
export const RSV1 = 0x40;
export const RSV = 0x70;
export const OPCODE = 0x0f;
export const MASKED = 0x80;

export const CONTINUATION = 0x0;
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** The longest header: a 64-bit length and a key. */
export const MAX_HEADER = 14;
/** The longest payload of a control frame. */
export const MAX_CONTROL = 125;

const LENGTH = 0x7f;
/** Values of the short length that announce a longer one. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const TWO_TO_THE_32 = 2 ** 32;

/** What the first two bytes of a frame are judged by. */
export interface Expectation {
  /** The peer is a client. */
  readonly isMasked: boolean;
  /** RSV1 has a meaning: permessage-deflate was negotiated. */
  readonly allowsRsv1: boolean;
  /** A fragmented message has begun. */
  readonly isContinuing: boolean;
}

/** The rule that a header breaks: a code for programs, a sentence for people. */
export type Fault = readonly [code: string, sentence: string];

/** What is wrong with the first two bytes of a frame, whatever follows them. */
export function faultOf(first: number, second: number, expected: Expectation): Fault | undefined {
  const opcode = first & OPCODE;
  const isControl = opcode >= CLOSE;
  // RFC 6455 5.2: bits without a meaning negotiated must be 0. RFC 7692 6: RSV1 is for the first frame of a message.
  const allowed = expected.allowsRsv1 && (opcode === TEXT || opcode === BINARY) ? RSV1 : 0;
  if ((first & RSV & ~allowed) !== 0) return ["WS_RSV", "a reserved bit is set"];
  if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG)
    return ["WS_OPCODE", `opcode ${opcode} is reserved`];
  // RFC 6455 5.1.
  if (((second & MASKED) !== 0) !== expected.isMasked) return ["WS_MASK", maskSentence(expected.isMasked)];
  if (isControl) {
    // RFC 6455 5.5: control frames carry at most 125 bytes and are never fragmented.
    if ((first & FIN) === 0) return ["WS_CONTROL", "a control frame is fragmented"];
    if ((second & LENGTH) > MAX_CONTROL)
      return ["WS_CONTROL", `a control frame of more than ${MAX_CONTROL} bytes`];
    return undefined;
  }
  // RFC 6455 5.4: fragments of one message are not mixed with those of another.
  if (opcode === CONTINUATION && !expected.isContinuing)
    return ["WS_FRAGMENT", "a continuation of no message"];
  if (opcode !== CONTINUATION && expected.isContinuing) return ["WS_FRAGMENT", "a message within another"];
  return undefined;
}

/** Length of the header whose second byte is given. */
export function headerLength(second: number): number {
  const key = (second & MASKED) === 0 ? 0 : 4;
  const short = second & LENGTH;
  if (short < LENGTH_16) return 2 + key;
  return (short === LENGTH_16 ? 4 : 10) + key;
}

/** Length of the payload that a whole header announces, or what is wrong with it. */
export function payloadLength(header: Uint8Array): number | Fault {
  const short = header[1]! & LENGTH;
  if (short < LENGTH_16) return short;
  if (short === LENGTH_16) {
    const length = (header[2]! << 8) | header[3]!;
    return length < LENGTH_16 ? tooWide(length) : length;
  }
  // RFC 6455 5.2: the most significant bit must be 0.
  if (header[2]! >= 0x80) return ["WS_LENGTH", "a length of 64 bits with the highest one set"];
  // Above 2^53 the number is rounded; no limit allows it anyway.
  const length = readUint32(header, 2) * TWO_TO_THE_32 + readUint32(header, 6);
  return length <= 0xffff ? tooWide(length) : length;
}

/** Writes the header of an unfragmented frame at the start of `frame`, but for the key. Returns its length, key included. */
export function writeHeader(frame: Uint8Array, first: number, length: number, isMasked: boolean): number {
  const mask = isMasked ? MASKED : 0;
  frame[0] = first;
  if (length < LENGTH_16) {
    frame[1] = mask | length;
  } else if (length <= 0xffff) {
    frame[1] = mask | LENGTH_16;
    frame[2] = length >> 8;
    frame[3] = length;
  } else {
    frame[1] = mask | LENGTH_64;
    writeUint32(frame, 2, Math.floor(length / TWO_TO_THE_32));
    writeUint32(frame, 6, length >>> 0);
  }
  return headerLength(frame[1]!);
}

/** Writes the masking key that stands at `at`, before the payload. */
export function writeKey(frame: Uint8Array, at: number, key: number): void {
  writeUint32(frame, at, key);
}

/** Length of the header that a payload of `length` bytes gets. */
export function headerLengthFor(length: number, isMasked: boolean): number {
  const key = isMasked ? 4 : 0;
  if (length < LENGTH_16) return 2 + key;
  return (length <= 0xffff ? 4 : 10) + key;
}

function maskSentence(isMasked: boolean): string {
  return isMasked ? "a client's frame is not masked" : "a server's frame is masked";
}

// RFC 6455 5.2: the minimal number of bytes must be used to encode the length.
function tooWide(length: number): Fault {
  return ["WS_LENGTH", `a length of ${length} in more bytes than it needs`];
}

function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
