import type { CodecFactory } from "@sock/codec";
import type { Arbitrary } from "fast-check";

/**
 * What there is to know about a codec to put it to the proof. `codec` and `message` do for a symmetric one.
 *
 * `Message` is what is generated, `Sent` what the peer sends. When they are not the same, there must be a `make`.
 */
export type CodecSpec<In, Out = In, Message = Out, Sent = Out> = CodecFacts<In, Out, Message, Sent> &
  ([Message] extends [Sent] ? unknown : { make: (message: Message) => Sent });

export interface CodecFacts<In, Out, Message, Sent> {
  /**
   * Makes the codec under test, for one connection after the other. All must be alike: a codec that draws random
   * numbers gets a source that begins anew with each, `(link) => masked({ random: seeded() })(link)`.
   */
  codec: CodecFactory<In, Out>;

  /** What talks to it. Default: the codec itself. Give a client for a server, and once more the other way round. */
  peer?: CodecFactory<unknown, Sent>;

  /** What the peer may say. Short ones find more: a few bytes, the empty one and the odd ones among them. */
  message: Arbitrary<Message>;

  /** Makes what the peer sends of what was generated: a stream of its bytes. Default: that itself. */
  make?: (message: Message) => Sent;

  /**
   * Reads a message as its handler would, to be compared; perhaps later. Default: its fields and getters, and each
   * async iterable among them to its end.
   */
  read?: (message: In) => unknown;

  /** What `read` should make of a message. Default: what was sent. Bytes are compared as bytes, whatever their class. */
  expect?: (message: Message) => unknown;

  /** What the handler answers to a message that it has read. Servers need it: they deliver the next one after it. */
  answer?: (message: In) => Out | undefined;

  /** What the codec under test must have sent before the peer says `message`: a client's request. */
  ask?: (message: Message) => Out;

  /**
   * More that may be wrong: a corpus of attacks, tried from the start, behind a handshake and messages, and without end:
   * what the peer itself never sends. Corrupted valid streams and random bytes are tried anyway.
   */
  noise?: Arbitrary<Uint8Array>;

  /** Bytes a frame may take. Messages must fit; small, so that endless frames get there soon. Default 8 KiB. */
  maxPackageSize?: number;

  /** Where the generation of cases starts. A failure tells its own; the same seed makes the same failure. Default: random. */
  seed?: number;

  /** Where a failure was, from its text: goes straight there. */
  path?: string;

  /** Cases for each law. Default 100. */
  runs?: number;

  /** Laws that this codec does not keep, and why it need not. They stay in the list, and say so in their names. */
  skip?: readonly { law: LawName; because: string }[];
}

/** The names of the laws. */
export type LawName = (typeof lawNames)[number];

export const lawNames = [
  "what is encoded is decoded",
  "chunk boundaries change nothing",
  "a frame ends where it ends, whatever follows",
  "input only looks",
  "garbage is refused",
  "memory is bounded",
  "after the end, nothing",
  "connections share no state",
  "encode leaves the message alone",
  "time grows with size",
] as const;
