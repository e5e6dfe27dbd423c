import type { CodecFactory } from "@sock/codec";
import { codecLaws } from "../src/index.ts";
import { Answering, Asking, Parcels } from "./codecs.ts";
import { prove } from "./prove.ts";
import { lines, parcels } from "./specs.ts";

const answering: CodecFactory<string> = (link) => new Answering(link);
const asking: CodecFactory<string> = () => new Asking();

prove("questions and answers", (seed) =>
  seed % 2 === 0
    ? codecLaws({ ...lines, codec: answering, peer: asking, answer: (line) => `${line}!`, seed })
    : codecLaws({ ...lines, codec: asking, peer: answering, ask: (line) => `${line}?`, seed }),
);

prove("streams", (seed) => codecLaws({ ...parcels, codec: (link) => new Parcels(link), seed }));
