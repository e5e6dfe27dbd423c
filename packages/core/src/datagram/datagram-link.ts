import type { Bytes, CodecFactory, CodecLink } from "@sock/codec";

/** What a link of a datagram does of what a codec asks. */
type Answering<Note> = Pick<CodecLink<Note>, "maxPackageSize" | "now" | "reply" | "note">;

/** The link of a codec that has one datagram: what needs more than that is refused, and what ends is over anyway. */
export class DatagramLink<Note> implements CodecLink<Note> {
  readonly #link: Answering<Note>;

  constructor(link: Answering<Note>) {
    this.#link = link;
  }

  get maxPackageSize(): number {
    return this.#link.maxPackageSize;
  }

  set maxPackageSize(bytes: number) {
    this.#link.maxPackageSize = bytes;
  }

  now(): number {
    return this.#link.now();
  }

  reply(bytes: Bytes): void {
    this.#link.reply(bytes);
  }

  note(note: Note): void {
    this.#link.note(note);
  }

  hold(): never {
    throw new TypeError("a datagram cannot be held: nothing comes after it");
  }

  upgrade(): never {
    throw new TypeError("a datagram has no next codec: nothing comes after it");
  }

  release(): void {}
  end(): void {}
  phase(): void {}
}

/** The same codecs, linked to datagrams. */
export function overDatagrams<In, Out, Note>(
  factory: CodecFactory<In, Out, Note>,
): CodecFactory<In, Out, Note> {
  return (link) => factory(new DatagramLink(link));
}
