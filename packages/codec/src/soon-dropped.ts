/** Buffers under this size come with more objects than bytes. */
const LARGE = 2 * 1024;

/** Bytes of a buffer for which one element of 8 bytes is made. */
const BYTES_AN_ELEMENT = 24;

/** Kept until the next: a compiler would not make what nobody can ever see. */
const last = { filling: [] as unknown[] };

/**
 * To be told of memory that is made for bytes on their way, and dropped when they have gone.
 *
 * V8 frees such memory when it scavenges young objects, which is cheap, and which it does when they have filled their nursery
 * of one to 16 MiB. But when 64 MiB of buffers have been made before that, it marks all of the heap in their stead. Which
 * comes first is close to a tie for a stream of Node, which makes many objects a chunk, and is lost where few are made: an
 * echo of 16 KiB cost 2.3 times the processor time, most of it marking (Node 26). So this makes young objects of a third of
 * the bytes, for large buffers alone.
 */
export function soonDropped(memory: Buffer): Buffer {
  if (memory.length >= LARGE) last.filling = new Array(Math.ceil(memory.length / BYTES_AN_ELEMENT));
  return memory;
}
