import type { Bytes, Codec, CodecFactory, CodecLink, Farewell, PhaseLimits } from "@sock/codec";

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

/** Makes the watcher of one codec. */
export type Watch = (link: CodecLink<unknown>) => Watcher;

/** The same codecs, watched: each that the factory makes, and those that take over from it, by a watcher of its own. */
export function watched<In, Out>(factory: CodecFactory<In, Out>, watch: Watch): CodecFactory<In, Out> {
  return (link: CodecLink<unknown>) => {
    const watcher = watch(link);
    return new WatchedCodec(factory(new WatchedLink(link, watcher, watch)), watcher);
  };
}

class WatchedCodec<In, Out> implements Codec<In, Out> {
  readonly #codec: Codec<In, Out>;
  readonly #watcher: Watcher;
  // Whether these are there means something.
  finish?: (rest: Uint8Array) => In | undefined;
  farewell?: (why: Farewell) => void;
  ping?: () => Bytes;

  constructor(codec: Codec<In, Out>, watcher: Watcher) {
    this.#codec = codec;
    this.#watcher = watcher;
    if (codec.finish) this.finish = codec.finish.bind(codec);
    if (codec.farewell) this.farewell = codec.farewell.bind(codec);
    if (codec.ping) this.ping = codec.ping.bind(codec);
  }

  input(buffer: Uint8Array): number {
    if (!this.#watcher.input) return this.#codec.input(buffer);
    return this.#watcher.input(buffer, (asked) => this.#codec.input(asked));
  }

  decode(frame: Uint8Array): In | undefined {
    this.#watcher.decode?.(frame);
    return this.#codec.decode(frame);
  }

  encode(message: Out): Bytes | AsyncIterable<Bytes> {
    return this.#codec.encode(message);
  }

  closed(error?: Error): void {
    this.#watcher.closed?.();
    this.#codec.closed?.(error);
  }

  get opening(): boolean {
    return this.#codec.opening === true;
  }

  get lossless(): boolean {
    return this.#codec.lossless === true;
  }

  get alike(): unknown {
    return this.#codec.alike;
  }

  get retained(): number {
    return this.#codec.retained ?? 0;
  }
}

class WatchedLink implements CodecLink<unknown> {
  readonly #link: CodecLink<unknown>;
  readonly #watcher: Watcher;
  readonly #watch: Watch;

  constructor(link: CodecLink<unknown>, watcher: Watcher, watch: Watch) {
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

  reply(bytes: Bytes): void {
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
