import { type CodecFactory, Framed, type FramedOptions, ProtocolError } from "@sock/codec";
import { expect } from "vitest";

/** What came of a stream: its messages in order, and the code of the error that ended it. */
export interface Outcome<In> {
  messages: In[];
  error: string | undefined;
}

/** Reads a whole stream, all at once and byte by byte: the same comes of it. */
export function read<In>(
  factory: CodecFactory<In, never>,
  stream: string | Uint8Array,
  options?: FramedOptions,
): Outcome<In> {
  const bytes = Buffer.from(stream as Uint8Array);
  const whole = readChunks(factory, [bytes], options);
  const dripped = readChunks(
    factory,
    Array.from(bytes, (byte) => Buffer.of(byte)),
    options,
  );
  expect(dripped).toEqual(whole);
  return whole;
}

function readChunks<In>(
  factory: CodecFactory<In, never>,
  chunks: Buffer[],
  options?: FramedOptions,
): Outcome<In> {
  const outcome: Outcome<In> = { messages: [], error: undefined };
  const framed = new Framed<In, never>(
    factory,
    {
      message: (message) => void outcome.messages.push(message),
      write: () => {},
      failed(error) {
        if (!ProtocolError.is(error)) throw error;
        outcome.error = error.code;
      },
    },
    options,
  );
  framed.start();
  for (const chunk of chunks) framed.receive(chunk);
  framed.finish();
  return outcome;
}
