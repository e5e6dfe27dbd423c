import { close, more, open, ping, pong, text } from "../frames.ts";
import { short } from "../observe.ts";
import { conform, SERVER_ENDS } from "./suite.ts";

const LONG = "p".repeat(125);

conform("pings and pongs, RFC 6455 5.5.2 and 5.5.3", [
  { rule: "an empty ping is answered", peer: [ping()], lines: ["sends pong", "note ping"] },
  {
    rule: "a pong has the data of its ping",
    peer: [ping("hello")],
    lines: ["sends pong hello", "note ping hello"],
  },
  {
    rule: "the data may be any bytes",
    peer: [ping(Buffer.of(0, 0xff, 0xfe, 0xfd))],
    lines: ["sends pong \0\ufffd\ufffd\ufffd", "note ping \0\ufffd\ufffd\ufffd"],
  },
  {
    rule: "125 bytes are allowed",
    peer: [ping(LONG), text("on")],
    lines: [`sends pong ${short(LONG)}`, `note ping ${short(LONG)}`, "text on"],
  },
  { rule: "126 are not", peer: [ping(`${LONG}!`)], lines: ["sends close 1002", "fails WS_CONTROL"] },
  {
    rule: "126 of a pong are not either",
    peer: [pong(`${LONG}!`)],
    lines: ["sends close 1002", "fails WS_CONTROL"],
  },
  { rule: "a pong that nobody asked for is noted", peer: [pong("news")], lines: ["note pong news"] },
  {
    rule: "each of many pings is answered, in order",
    peer: Array.from({ length: 10 }, (_, i) => ping(`${i}`)),
    lines: Array.from({ length: 10 }, (_, i) => [`sends pong ${i}`, `note ping ${i}`]).flat(),
  },
  {
    rule: "a ping between fragments is answered at once, and leaves the message alone",
    peer: [text("he", open), ping("P"), more("llo")],
    lines: ["sends pong P", "note ping P", "text hello"],
  },
  {
    rule: "a fragmented ping is refused, 5.5",
    peer: [ping("a", open), more("b")],
    lines: ["sends close 1002", "fails WS_CONTROL"],
  },
  {
    rule: "a fragmented pong is refused, 5.5",
    peer: [pong("a", open), more("b")],
    lines: ["sends close 1002", "fails WS_CONTROL"],
  },
  {
    rule: "a ping after the peer's Close is not looked at",
    peer: [close(1000), ping("late")],
    lines: ["sends close 1000", "note close 1000", SERVER_ENDS],
  },
]);
