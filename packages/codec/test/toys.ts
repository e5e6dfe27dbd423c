import type { Bytes } from "../src/bytes.ts";
import { toBuffer } from "../src/bytes.ts";
import type { Codec, CodecFactory, CodecLink } from "../src/codec.ts";
import { Framed, type FramedOptions } from "../src/framed.ts";
import { ProtocolError } from "../src/protocol-error.ts";

const LF = 10;

/** What a script codec does at each call that is not told by a frame or a message. */
export interface Plan {
  factory?: string;
  farewell?: string;
  closed?: (error?: Error) => void;
  /** Present, even empty: the codec has a `finish`. */
  finish?: string;
  opening?: boolean;
  /** Who takes over at `upgrade`. */
  next?: CodecFactory<unknown, never, never>;
  /** Is given the link, to ask for things outside any codec call. */
  link?: (link: CodecLink<string>) => void;
}

/**
 * Lines that say what the codec shall do: `reply pong; say hello` replies "pong" and returns the message "hello".
 * Messages to be sent are such lines too.
 */
export function script(plan: Plan = {}): CodecFactory<string, string, string> {
  return (link) => {
    plan.link?.(link);
    perform(link, plan, plan.factory);
    const codec: Codec<string> = {
      opening: plan.opening === true,
      input: (buffer) => buffer.indexOf(LF) + 1,
      decode: (frame) => perform(link, plan, textOf(frame).slice(0, -1)),
      encode(message) {
        perform(link, plan, message);
        return `${message}\n`;
      },
    };
    if (plan.finish !== undefined) codec.finish = (rest) => perform(link, plan, plan.finish + textOf(rest));
    if (plan.farewell !== undefined)
      codec.farewell = ({ why }) => void perform(link, plan, `${plan.farewell} ${why}`);
    if (plan.closed !== undefined) codec.closed = plan.closed;
    return codec;
  };
}

/** Carries out `commands`. Answers what the last `say` said. */
function perform(link: CodecLink<string>, plan: Plan, commands = ""): string | undefined {
  let said: string | undefined;
  for (const command of commands.split(";")) {
    const [verb, ...words] = command.trim().split(" ");
    const rest = words.join(" ");
    if (verb === "say") said = rest;
    else if (verb === "reply") link.reply(rest);
    else if (verb === "note") link.note(rest);
    else if (verb === "phase") link.phase(rest, { within: 5 });
    else if (verb === "hold" || verb === "release" || verb === "end") link[verb]();
    else if (verb === "upgrade") link.upgrade(plan.next!);
    else if (verb === "break") throw new ProtocolError("BROKEN", "the script says so");
    else if (verb === "throw") throw new Error(rest);
  }
  return said;
}

/** A length in four bytes, itself included, and so many bytes less four. */
export const sized: CodecFactory<Buffer> = () => ({
  input: (buffer) => (buffer.length < 4 ? 0 : toBuffer(buffer).readUint32BE()),
  decode: (frame) => toBuffer(frame).subarray(4),
  encode: (message) => [sizedHeader(4 + message.length), message],
});

export function sizedHeader(length: number): Buffer {
  const header = Buffer.alloc(4);
  header.writeUint32BE(length);
  return header;
}

export interface Recorded<In, Out> {
  framed: Framed<In, Out, string>;
  /** One line for each thing that came out. */
  log: string[];
}

export interface RecordOptions<In, Out> extends FramedOptions {
  /** Handles a message, when it was logged. */
  message?: (message: In, framed: Framed<In, Out, string>) => unknown;
  /** Is called with each line, when it was logged. */
  watch?: (line: string, framed: Framed<In, Out, string>) => void;
}

/** A `Framed` that logs what comes out. It was not started. */
export function record<In, Out = In>(
  factory: CodecFactory<In, Out, string>,
  { message: handle, watch, ...options }: RecordOptions<In, Out> = {},
): Recorded<In, Out> {
  const log: string[] = [];
  const say = (line: string) => {
    log.push(line);
    watch?.(line, framed);
  };
  const framed: Framed<In, Out, string> = new Framed(
    factory,
    {
      message(message) {
        say(`message ${message}`);
        return handle?.(message, framed);
      },
      write: (encoded) => say(`write ${textOf(encoded as Bytes).trim()}`),
      failed: (error, phase) => say(`failed ${nameOf(error)} in ${phase}`),
      reply: (bytes) => say(`reply ${textOf(bytes)}`),
      note: (note) => say(`note ${note}`),
      opened: () => say("opened"),
      ended: (staysWritable) => say(staysWritable ? "ended, stays writable" : "ended"),
      end: () => say("end"),
      phase: (name, limits) => say(`phase ${name} ${JSON.stringify(limits)}`),
      now: () => 42,
    },
    options,
  );
  return { framed, log };
}

/** As `record`, and started. What starting logs is forgotten. */
export function start<In, Out = In>(
  factory: CodecFactory<In, Out, string>,
  options: RecordOptions<In, Out> = {},
): Recorded<In, Out> {
  const recorded = record(factory, options);
  recorded.framed.start();
  recorded.log.length = 0;
  return recorded;
}

type Feed = (framed: { receive(chunk: Uint8Array): void }, bytes: Bytes) => void;

/** How bytes may come: nothing else may depend on it. */
export const ways: [string, Feed][] = [
  ["whole", (framed, bytes) => framed.receive(toBuffer(bytes))],
  [
    "byte by byte",
    (framed, bytes) => {
      for (const byte of toBuffer(bytes)) framed.receive(Buffer.of(byte));
    },
  ],
];

/** Lets all promise callbacks run that can. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function textOf(bytes: Bytes): string {
  return toBuffer(bytes).toString("latin1");
}

function nameOf(error: unknown): string {
  return ProtocolError.is(error) ? error.code : (error as Error).message;
}
