import { binary, close, more, open, ping, pong, text } from "../frames.ts";
import { type Case, conform, SERVER_ENDS } from "./suite.ts";

const refused = ["sends close 1002", "fails WS_FRAGMENT"];

conform("fragmentation, RFC 6455 5.4", [
  { rule: "a text in two fragments", peer: [text("frag1", open), more("frag2")], lines: ["text frag1frag2"] },
  { rule: "a binary message in two", peer: [binary("a", open), more("b")], lines: ["binary 6162"] },
  {
    rule: "in many, the empty ones among them",
    peer: [text("", open), more("a", open), more("", open), more("b", open), more("c", open), more("")],
    lines: ["text abc"],
  },
  { rule: "all of them empty, text", peer: [text("", open), more("", open), more()], lines: ["text "] },
  { rule: "all of them empty, binary", peer: [binary("", open), more("", open), more()], lines: ["binary "] },
  {
    rule: "controls between fragments are answered at once",
    peer: [text("a", open), ping("1"), more("b", open), pong("2"), ping("3"), more("c"), ping("4")],
    lines: [
      "sends pong 1",
      "note ping 1",
      "note pong 2",
      "sends pong 3",
      "note ping 3",
      "text abc",
      "sends pong 4",
      "note ping 4",
    ],
  },
  {
    rule: "a Close between fragments closes",
    peer: [text("a", open), close(1000), more("b")],
    lines: ["sends close 1000", "note close 1000", SERVER_ENDS],
  },
  { rule: "a continuation of nothing, last", peer: [more("lost")], lines: refused },
  { rule: "a continuation of nothing, not last", peer: [more("lost", open), text("a")], lines: refused },
  { rule: "a continuation of nothing, empty", peer: [more("")], lines: refused },
  {
    rule: "a continuation after the last fragment",
    peer: [text("a", open), more("b"), more("c")],
    lines: ["text ab", ...refused],
  },
  {
    rule: "a continuation after a whole message",
    peer: [text("a"), more("b")],
    lines: ["text a", ...refused],
  },
  { rule: "a text within a text", peer: [text("he", open), text("XX")], lines: refused },
  { rule: "a fragmented text within a text", peer: [text("he", open), text("XX", open)], lines: refused },
  { rule: "a binary message within a text", peer: [text("he", open), binary("XX")], lines: refused },
  { rule: "a text within a binary message", peer: [binary("he", open), text("XX")], lines: refused },
  {
    rule: "fragmented messages one after the other",
    peer: [text("a", open), more("b"), binary("c", open), more("d"), text("e", open), more("f")],
    lines: ["text ab", "binary 6364", "text ef"],
  },
  ...[2, 3, 5, 8].map(
    (count): Case => ({
      rule: `${count} fragments with a ping behind each`,
      peer: Array.from({ length: count }, (_, i) => [
        i === 0 ? text(`${i}`, open) : more(`${i}`, { fin: i === count - 1 }),
        ping(`${i}`),
      ]).flat(),
      lines: Array.from({ length: count }, (_, i) => [
        ...(i === count - 1 ? [`text ${Array.from({ length: count }, (_, n) => n).join("")}`] : []),
        `sends pong ${i}`,
        `note ping ${i}`,
      ]).flat(),
    }),
  ),
]);
