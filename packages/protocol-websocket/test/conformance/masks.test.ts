import { binary, close, ping, text } from "../frames.ts";
import { conform } from "./suite.ts";

const refused = ["sends close 1002", "fails WS_MASK"];

conform("masks, RFC 6455 5.1: clients mask, servers do not", [
  { rule: "a text", peer: [text("hello", { isWronglyMasked: true })], lines: refused },
  { rule: "an empty text, of two bytes in all", peer: [text("", { isWronglyMasked: true })], lines: refused },
  {
    rule: "a binary message of many bytes",
    peer: [binary(Buffer.alloc(70_000), { isWronglyMasked: true })],
    lines: refused,
  },
  { rule: "a ping", peer: [ping("p", { isWronglyMasked: true })], lines: refused },
  { rule: "a Close", peer: [close(1000, "", { isWronglyMasked: true })], lines: refused },
  {
    rule: "after a good frame",
    peer: [text("good"), text("bad", { isWronglyMasked: true })],
    lines: ["text good", ...refused],
  },
]);

conform("masks, RFC 6455 5.3", [
  {
    rule: "a key of zeros is a key",
    peer: [Buffer.from("818500000000", "hex"), Buffer.from("Hello")],
    lines: ["text Hello"],
    role: "server",
  },
  {
    rule: "the example of RFC 6455 5.7, masked",
    peer: [Buffer.from("818537fa213d7f9f4d5158", "hex")],
    lines: ["text Hello"],
    role: "server",
  },
  {
    rule: "the example of RFC 6455 5.7, not masked",
    peer: [Buffer.from("810548656c6c6f", "hex")],
    lines: ["text Hello"],
    role: "client",
  },
]);
