/**
 * From here on XOR in words pays: making the view of them costs about 25 ns, and a byte 0.6 ns against a word's 0.5
 * (Node 26).
 */
const IN_WORDS = 96;

const KEY = new Uint8Array(4);
const KEY_WORD = new Int32Array(KEY.buffer);

/**
 * Masks or unmasks in place, RFC 6455 5.3: all bytes from `from` on, with the key that stands right before them.
 */
export function mask(frame: Uint8Array, from: number): void {
  if (frame.length - from < IN_WORDS) maskBytes(frame, from, from, frame.length);
  else maskWords(frame, from);
}

/** Masks [begin, end), where the payload starts at `from`. */
function maskBytes(frame: Uint8Array, from: number, begin: number, end: number): void {
  const turn = begin - from;
  const key = from - 4;
  const a = frame[key + (turn & 3)]!;
  const b = frame[key + ((turn + 1) & 3)]!;
  const c = frame[key + ((turn + 2) & 3)]!;
  const d = frame[key + ((turn + 3) & 3)]!;
  let at = begin;
  for (; at + 3 < end; at += 4) {
    frame[at]! ^= a;
    frame[at + 1]! ^= b;
    frame[at + 2]! ^= c;
    frame[at + 3]! ^= d;
  }
  if (at < end) frame[at]! ^= a;
  if (at + 1 < end) frame[at + 1]! ^= b;
  if (at + 2 < end) frame[at + 2]! ^= c;
}

function maskWords(frame: Uint8Array, from: number): void {
  const aligned = from + (-(frame.byteOffset + from) & 3);
  const count = (frame.length - aligned) >> 2;
  const words = new Int32Array(frame.buffer, frame.byteOffset + aligned, count);
  for (let i = 0; i < 4; i++) KEY[i] = frame[from - 4 + ((aligned - from + i) & 3)]!;
  const key = KEY_WORD[0]!;
  for (let i = 0; i < count; i++) words[i]! ^= key;
  maskBytes(frame, from, from, aligned);
  maskBytes(frame, from, aligned + 4 * count, frame.length);
}
