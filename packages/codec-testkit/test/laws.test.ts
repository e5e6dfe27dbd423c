import { codecLaws } from "../src/index.ts";
import { greeting, Lines, Pieces, Sized } from "./codecs.ts";
import { prove } from "./prove.ts";
import { bytes, lines } from "./specs.ts";

prove("lines", (seed) => codecLaws({ ...lines, codec: () => new Lines(), seed }));

prove("lengths before bytes", (seed) => codecLaws({ ...bytes, codec: () => new Sized(), seed }));

const server = greeting("server", (link) => new Pieces(link));
const client = greeting("client", (link) => new Pieces(link));

prove("a handshake, and pieces, pings and goodbyes", (seed) =>
  seed % 2 === 0
    ? codecLaws({ ...bytes, codec: server, peer: client, seed })
    : codecLaws({ ...bytes, codec: client, peer: server, seed }),
);
