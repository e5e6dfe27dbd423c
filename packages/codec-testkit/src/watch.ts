import type { Codec, CodecFactory, CodecLink, PhaseLimits } from "@sock/codec";

/** Looks at what passes between a codec and whoever calls it. */
export interface Watcher {
  /** Stands between: `ask` puts the question to the codec. */
  input?(buffer: Uint8Array, ask: (buffer: Uint8Array) => number): number;
  decode?(frame: Uint8Array): void;
  closed?(): void;
  /** The codec asks its link for something, while it is called or at another time. */
  asked?(what: LinkVerb): void;
}

/** What a codec can ask for. The clock and the limit are not asked for, but looked at. */
export type LinkVerb = "reply" | "hold" | "release" | "upgrade" | "end" | "phase" | "note";

/** The same codecs, watched: each that the factory makes, and those that take over from it, by a watcher of its own. */
export function watched<In, Out>(
  factory: CodecFactory<In, Out>,
  watch: (link: CodecLink<unknown>) => Watcher,
): CodecFactory<In, Out> {
  return (link: CodecLink<unknown>) => {
    const watcher = watch(link);
    const codec = factory(new WatchedLink(link, watcher, watch));
    return watchedCodec(codec, watcher);
  };
}

function watchedCodec<In, Out>(codec: Codec<In, Out>, watcher: Watcher): Codec<In, Out> {
  const { finish, farewell, ping } = codec;
  const ask = (buffer: Uint8Array) => codec.input(buffer);
  return {
    input: (buffer) => (watcher.input ? watcher.input(buffer, ask) : codec.input(buffer)),
    decode(frame) {
      watcher.decode?.(frame);
      return codec.decode(frame);
    },
    encode: (message) => codec.encode(message),
    // Whether these are there means something.
    ...(finish && { finish: (rest) => codec.finish?.(rest) }),
    ...(farewell && { farewell: (why) => codec.farewell?.(why) }),
    ...(ping && { ping: () => ping.call(codec) }),
    closed(error) {
      watcher.closed?.();
      codec.closed?.(error);
    },
    get opening() {
      return codec.opening === true;
    },
    get lossless() {
      return codec.lossless === true;
    },
    get alike() {
      return codec.alike;
    },
    get retained() {
      return codec.retained ?? 0;
    },
  };
}

class WatchedLink implements CodecLink<unknown> {
  readonly #link: CodecLink<unknown>;
  readonly #watcher: Watcher;
  readonly #watch: (link: CodecLink<unknown>) => Watcher;

  constructor(link: CodecLink<unknown>, watcher: Watcher, watch: (link: CodecLink<unknown>) => Watcher) {
    this.#link = link;
    this.#watcher = watcher;
    this.#watch = watch;
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

  reply(bytes: Parameters<CodecLink["reply"]>[0]): void {
    this.#watcher.asked?.("reply");
    this.#link.reply(bytes);
  }

  hold(): void {
    this.#watcher.asked?.("hold");
    this.#link.hold();
  }

  release(): void {
    this.#watcher.asked?.("release");
    this.#link.release();
  }

  upgrade(next: CodecFactory<unknown, never, never>): void {
    this.#watcher.asked?.("upgrade");
    this.#link.upgrade(watched(next, this.#watch));
  }

  end(): void {
    this.#watcher.asked?.("end");
    this.#link.end();
  }

  phase(name: string, limits?: PhaseLimits): void {
    this.#watcher.asked?.("phase");
    this.#link.phase(name, limits);
  }

  note(note: unknown): void {
    this.#watcher.asked?.("note");
    this.#link.note(note);
  }
}
