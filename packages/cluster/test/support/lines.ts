import { type CodecFactory, toBuffer } from "@sock/codec";

/** Lines of text, without a goodbye. */
export function lines(): CodecFactory<string> {
  return () => ({
    input: (buffer) => buffer.indexOf(10) + 1,
    decode: (frame) => toBuffer(frame).toString("utf8", 0, frame.length - 1),
    encode: (message) => `${message}\n`,
  });
}
