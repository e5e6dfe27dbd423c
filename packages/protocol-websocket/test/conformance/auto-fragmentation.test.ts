import { binary, type Frame, more, text } from "../frames.ts";
import { describeMessage } from "../observe.ts";
import { type Case, conform } from "./suite.ts";

/** `payload` in fragments of `size` bytes. */
function chopped(first: typeof text, payload: Buffer, size: number): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += size) {
    const fin = at + size >= payload.length;
    frames.push((at === 0 ? first : more)(payload.subarray(at, at + size), { fin }));
  }
  return frames;
}

// Characters of one to four bytes, so that pieces end within them at every place there is.
const words = "Hello-µ@ßöäüàá-κόσμε-日本-😀𐍈!";
const short = Buffer.from(words);
const sizes = Array.from({ length: short.length + 1 }, (_, i) => i + 1);

conform("auto-fragmentation at every size, RFC 6455 5.4", [
  ...sizes.map(
    (size): Case => ({
      rule: `a text in pieces of ${size}`,
      peer: chopped(text, short, size),
      lines: [`text ${words}`],
    }),
  ),
  ...sizes.map(
    (size): Case => ({
      rule: `a binary message in pieces of ${size}`,
      peer: chopped(binary, short, size),
      lines: [describeMessage(short)],
    }),
  ),
]);

const MiB = 1024 * 1024;
const long = Buffer.alloc(4 * MiB, "*");
const pieces = [64, 256, 1300, 1024, 4096, 16384, 65536, 262144, MiB, 4 * MiB];

conform("4 MiB in fragments", [
  ...pieces.map(
    (size): Case => ({
      rule: `text in pieces of ${size}`,
      peer: chopped(text, long, size),
      lines: [describeMessage(long.toString())],
    }),
  ),
  ...pieces.map(
    (size): Case => ({
      rule: `binary in pieces of ${size}`,
      peer: chopped(binary, long, size),
      lines: [describeMessage(long)],
    }),
  ),
]);
