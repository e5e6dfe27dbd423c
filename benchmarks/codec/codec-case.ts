import type { CodecFactory } from "@sock/codec";

/** A codec to be measured, and what is said with it. The module given to `bench codec` exports these names. */
export interface CodecCase<In = never, Out = never, Sent = never> {
  /** Makes the codec under test, for one connection after the other. */
  codec: CodecFactory<In, Out, never>;

  /** What talks to it. Default: the codec itself. A client for a server, and the other way round. */
  peer?: CodecFactory<unknown, Sent, never>;

  /** What the peer says, in turn, over and over. */
  messages: readonly Sent[];

  /** What the codec under test answers. Default: what it got. */
  answer?: (message: In) => Out;

  /** What the codec under test says first, for the peer to answer with a message: a client's request. */
  ask?: Out;

  /** Whether what arrives at once is one message, as for a codec without frames: nothing is then put behind another. */
  isUnframed?: boolean;

  /** The bytes that the peer says, in place of a peer and its messages. */
  wire?: readonly Uint8Array[];
}

/** @throws TypeError naming what is missing from the module */
export function checkCase(module: Partial<CodecCase>, file: string): CodecCase {
  const { codec, messages, wire } = module;
  if (typeof codec !== "function")
    throw new TypeError(`${file} exports no \`codec\`: a function that makes one for a link`);
  const samples = wire ?? messages;
  if (!Array.isArray(samples) || samples.length === 0)
    throw new TypeError(`${file} exports no \`messages\`: an array of what the peer says, at least one`);
  return { ...module, codec, messages: messages ?? [] };
}
