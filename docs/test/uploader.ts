import type { Bytes, CodecFactory } from "@sock/codec";
import { text } from "@sock/protocol-text";

export interface File {
  name: string;
  file: Uint8Array;
}

/** What talks to a server that takes files: sends them its way, and reads its answers. */
export function uploader(encode: (name: string, file: Uint8Array) => Bytes): CodecFactory<string, File> {
  return (link) => {
    const answers = text()(link);
    return {
      input: (buffer) => answers.input(buffer),
      decode: (line) => answers.decode(line),
      encode: ({ name, file }) => encode(name, file),
    };
  };
}
