import type { CodecFactory } from "@sock/codec";
import fc, { type Arbitrary } from "fast-check";
import { Endpoint } from "./endpoint.ts";
import { iterablesIn } from "./read.ts";
import type { CodecSpec } from "./spec.ts";
import { turn } from "./turn.ts";
import { type Watch, type Watcher, watched } from "./watch.ts";
import { Wire } from "./wire.ts";

/** Of any types: what laws are about. */
export type AnySpec = CodecSpec<unknown, unknown, unknown, unknown>;

/** A conversation: the peer has said some messages and its goodbye. */
export interface Recording {
  messages: readonly unknown[];
  /** Everything that the codec under test received … */
  stream: Buffer;
  /** … in these frames; what never became one is not among them. */
  frames: readonly Frame[];
  /** Where the handshake ends and messages begin. */
  opened: number;
  /** Where messages end and the goodbye begins … */
  goodbye: number;
  /** … and how many bytes before it had not become a frame. */
  unread: number;
  near: Endpoint;
  far: Endpoint;
}

/** Where a frame is in its stream. */
export interface Frame {
  start: number;
  length: number;
}

export interface NearOptions {
  watch?: Watch | undefined;
  /** Instead of that of the spec. */
  read?: ((message: unknown) => unknown) | undefined;
  /** Is shown each message before it is sent. */
  onSend?: OnSend | undefined;
}

type OnSend = (message: unknown) => void;

export interface RecordOptions {
  watch?: Watch;
  /** Is shown each message before it is sent, by whichever side. */
  onSend?: OnSend;
  /** Is called between any two messages. */
  between?: () => Promise<void>;
}

export interface ReplayOptions {
  /** What the stream was made of, for codecs that must ask first. */
  messages?: readonly unknown[];
  watch?: Watch;
}

/** Turns of the event loop that a codec is given to go on by itself. */
const PATIENCE = 3;

/** The codec under test and its peer, to be made as often as wanted. */
export class Rig {
  readonly spec: AnySpec;
  readonly runs: number;
  readonly seed: number;
  readonly maxPackageSize: number;

  constructor(spec: AnySpec, seed: number) {
    this.spec = spec;
    this.seed = seed;
    this.runs = spec.runs ?? 100;
    this.maxPackageSize = spec.maxPackageSize ?? 8 * 1024;
  }

  /** Lists of messages of the peer. */
  messages(maxLength: number): Arbitrary<unknown[]> {
    return fc.array(this.spec.message, { maxLength });
  }

  /** What the peer sends to say `message`. */
  make(message: unknown): unknown {
    return this.spec.make ? this.spec.make(message) : message;
  }

  /** An end of a connection with the codec under test, not started. */
  near({ watch, read = this.spec.read, onSend }: NearOptions = {}): Endpoint {
    const { codec, answer } = this.spec;
    return new Endpoint(watch ? watched(codec, watch) : codec, {
      maxPackageSize: this.maxPackageSize,
      read,
      answer: answer && ((message) => shown(answer(message), onSend)),
    });
  }

  /** The same for streams without end: nothing is recorded, and what the handler reads it throws away. */
  nearWithoutRecord(
    { watch, read = readAway }: NearOptions = {},
    maxPackageSize = this.maxPackageSize,
  ): Endpoint {
    const { codec, answer } = this.spec;
    const options = { maxPackageSize, read, answer, isRecording: false };
    return new Endpoint(watch ? watched(codec, watch) : codec, options);
  }

  /** Lets the peer say `messages` to the codec under test, and what comes of it be said as well. */
  async record(messages: readonly unknown[], options: RecordOptions = {}): Promise<Recording> {
    const { watch, onSend, between } = options;
    const { ask } = this.spec;
    const frames: Frame[] = [];
    const near = this.near({ watch: (link) => countingFrames(frames, watch?.(link)), onSend });
    const unanswered = [...messages];
    const far = this.#far(() =>
      ask && unanswered.length > 0 ? shown(this.make(unanswered.shift()), onSend) : undefined,
    );
    const wire = new Wire(near, far);
    await wire.quiet();
    const opened = wire.carried.length;

    for (const message of messages) {
      if (between) {
        await wire.quiet();
        await between();
      }
      if (ask) near.send(shown(ask(message), onSend));
      else far.send(shown(this.make(message), onSend));
    }
    await wire.quiet();
    const goodbye = wire.carried.length;
    const { unread } = near.framed;

    far.farewell();
    await wire.quiet();
    near.end();
    far.end();
    await wire.quiet();
    near.close();
    far.close();
    refuseHandlerError(near);
    return { messages, stream: wire.carried, frames, opened, goodbye, unread, near, far };
  }

  /** Feeds a stream to the codec under test, alone, and then the stream's end. */
  async replay(
    chunks: Iterable<Uint8Array>,
    { messages = [], watch }: ReplayOptions = {},
  ): Promise<Endpoint> {
    const near = this.begin(messages, { watch });
    for (const chunk of chunks) {
      near.receive(chunk);
      if (near.framed.isBlocked) await settle(near);
    }
    await conclude(near);
    return near;
  }

  /** A codec under test that has been started, and has asked what `messages` answer. */
  begin(messages: readonly unknown[] = [], options: NearOptions = {}): Endpoint {
    return this.asking(messages, this.near(options).start());
  }

  /** Sends what `messages` answer. */
  asking(messages: readonly unknown[], near: Endpoint): Endpoint {
    const { ask } = this.spec;
    if (ask) for (const message of messages) near.send(ask(message));
    return near;
  }

  #far(answer: () => unknown): Endpoint {
    const { codec, peer } = this.spec;
    const factory = (peer ?? codec) as CodecFactory<unknown, unknown>;
    return new Endpoint(factory, { answer, maxPackageSize: this.maxPackageSize });
  }
}

/** Waits until nothing is under way, or what is waits for more bytes. */
export async function settle(endpoint: Endpoint): Promise<void> {
  for (let waited = 0; waited < PATIENCE; waited++) {
    await turn();
    if (!endpoint.isBusy) return;
  }
}

/** The stream ends, and then the connection, each with time for what follows from it. */
export async function conclude(endpoint: Endpoint): Promise<void> {
  endpoint.finish();
  if (endpoint.hasWaited) await settle(endpoint);
  endpoint.close();
  if (endpoint.hasWaited) await settle(endpoint);
  refuseHandlerError(endpoint);
}

/** What `read` and `answer` throw is no fault of the codec. */
function refuseHandlerError({ failure }: Endpoint): void {
  if (failure?.phase === "message") throw failure.error;
}

function readAway(message: unknown): Promise<unknown> | undefined {
  const iterables = iterablesIn(message);
  if (iterables.length === 0) return undefined;
  return Promise.all(
    iterables.map(async (iterable) => {
      for await (const _ of iterable);
    }),
  );
}

function shown(message: unknown, onSend?: OnSend): unknown {
  if (message !== undefined) onSend?.(message);
  return message;
}

function countingFrames(frames: Frame[], watcher: Watcher = {}): Watcher {
  return {
    ...watcher,
    decode(frame) {
      const last = frames.at(-1);
      frames.push({ start: last ? last.start + last.length : 0, length: frame.length });
      watcher.decode?.(frame);
    },
  };
}
