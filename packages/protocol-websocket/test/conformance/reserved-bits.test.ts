import { close, more, open, ping, text } from "../frames.ts";
import { type Case, conform } from "./suite.ts";

const refused = ["sends close 1002", "fails WS_RSV"];
const bits = [1, 2, 3, 4, 5, 6, 7];

conform("reserved bits without an extension, RFC 6455 5.2", [
  ...bits.map((rsv): Case => ({ rule: `RSV ${rsv} on a text`, peer: [text("*", { rsv })], lines: refused })),
  ...bits.map((rsv): Case => ({ rule: `RSV ${rsv} on a ping`, peer: [ping("*", { rsv })], lines: refused })),
  ...bits.map(
    (rsv): Case => ({ rule: `RSV ${rsv} on a Close`, peer: [close(1000, "", { rsv })], lines: refused }),
  ),
  ...bits.map(
    (rsv): Case => ({
      rule: `RSV ${rsv} on a continuation`,
      peer: [text("a", open), more("b", { rsv })],
      lines: refused,
    }),
  ),
  {
    rule: "what came before was delivered, what follows is not looked at",
    peer: [text("before"), ping("p"), text("*", { rsv: 4 }), text("after"), ping("q")],
    lines: ["text before", "sends pong p", "note ping p", ...refused],
  },
]);

conform("reserved bits with permessage-deflate, RFC 7692 6", [
  ...[1, 2, 3, 5, 6, 7].map(
    (rsv): Case => ({
      rule: `RSV ${rsv} on a text`,
      peer: [text("*", { rsv })],
      terms: { deflate: {} },
      lines: refused,
    }),
  ),
  { rule: "RSV1 on a ping", peer: [ping("*", { rsv: 4 })], terms: { deflate: {} }, lines: refused },
  { rule: "RSV1 on a Close", peer: [close(1000, "", { rsv: 4 })], terms: { deflate: {} }, lines: refused },
  {
    rule: "RSV1 on a continuation",
    peer: [text("a", open), more("b", { rsv: 4 })],
    terms: { deflate: {} },
    lines: refused,
  },
]);
