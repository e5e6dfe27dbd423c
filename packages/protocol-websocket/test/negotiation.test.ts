import { describe, expect, test } from "vitest";
import { type DeflateOptions, settleDeflate } from "../src/deflate-options.ts";
import { parseExtensions } from "../src/extensions.ts";
import { acceptOffer, makeOffer, readAnswer } from "../src/negotiation.ts";

describe("the grammar of Sec-WebSocket-Extensions, RFC 6455 9.1", () => {
  const rows: [text: string, extensions: [name: string, ...parameters: [string, string | undefined][]][]][] =
    [
      ["", []],
      ["a", [["a"]]],
      ["a, b", [["a"], ["b"]]],
      ["a;b", [["a", ["b", undefined]]]],
      ["a; b=1; c", [["a", ["b", "1"], ["c", undefined]]]],
      ['a; b="1"', [["a", ["b", "1"]]]],
      ['a; b="\\1\\a"', [["a", ["b", "1a"]]]],
      [" a ; b = 1 , c ", [["a", ["b", "1"]], ["c"]]],
      ["a,, ,b,", [["a"], ["b"]]],
      ["a; b; b", [["a", ["b", undefined], ["b", undefined]]]],
      ["__proto__; constructor=1", [["__proto__", ["constructor", "1"]]]],
    ];
  test.each(rows)("%j", (text, extensions) => {
    const parsed = parseExtensions(text)?.map(({ name, parameters }) => [name, ...parameters]);
    expect(parsed).toEqual(extensions);
  });

  test.each([
    "a b",
    "a;",
    ";a",
    "a; =1",
    "a; b=",
    "a; b=,",
    'a; b=""',
    'a; b="1',
    'a; b="1 2"',
    'a; b="1\\',
    "a=1",
    "a@",
    "a; b=1 2",
    "é",
    "a\0",
    '"a"',
  ])("%j cannot be read", (text) => {
    expect(parseExtensions(text)).toBe(undefined);
  });

  test("it is read in one pass: BAD-INPUT 4, a megabyte of anything", () => {
    const size = 1024 * 1024;
    const texts = [
      " ".repeat(size),
      "a".repeat(size),
      ",".repeat(size),
      "a;".repeat(size / 2),
      `a; b="${"\\a".repeat(size / 2)}`,
    ];
    texts.push(`a${" ".repeat(size)}b`, `a; b=${" ".repeat(size)}`, `a; b="${"a".repeat(size)}`);
    const start = performance.now();
    for (const text of texts) parseExtensions(text);
    // Ten times what it takes; in steps that grow with the square of the size it would be hours.
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("as a server", () => {
  const accept = (offer: string, options: DeflateOptions = {}) =>
    acceptOffer(parseExtensions(offer)!, settleDeflate(options)!)?.answer;
  const none = "server_no_context_takeover; client_no_context_takeover";
  const both = { sendTakeover: true, receiveTakeover: true };

  const accepted: [offer: string, options: DeflateOptions, answer: string][] = [
    ["permessage-deflate", {}, `permessage-deflate; ${none}`],
    ["permessage-deflate", both, "permessage-deflate"],
    ["permessage-deflate; client_max_window_bits", {}, `permessage-deflate; ${none}`],
    [
      "permessage-deflate; server_no_context_takeover",
      both,
      "permessage-deflate; server_no_context_takeover",
    ],
    [
      "permessage-deflate; client_no_context_takeover",
      both,
      "permessage-deflate; client_no_context_takeover",
    ],
    ["permessage-deflate; server_max_window_bits=10", both, "permessage-deflate; server_max_window_bits=10"],
    ["permessage-deflate; server_max_window_bits=15", both, "permessage-deflate; server_max_window_bits=15"],
    [
      'permessage-deflate; server_max_window_bits="10"',
      both,
      "permessage-deflate; server_max_window_bits=10",
    ],
    [
      "permessage-deflate; server_max_window_bits=12",
      { ...both, sendWindowBits: 9 },
      "permessage-deflate; server_max_window_bits=9",
    ],
    ["permessage-deflate", { ...both, sendWindowBits: 9 }, "permessage-deflate; server_max_window_bits=9"],
    ["permessage-deflate; client_max_window_bits=9", both, "permessage-deflate; client_max_window_bits=9"],
    [
      "permessage-deflate; client_max_window_bits",
      { ...both, receiveWindowBits: 9 },
      "permessage-deflate; client_max_window_bits=9",
    ],
    [
      "permessage-deflate; client_max_window_bits=12",
      { ...both, receiveWindowBits: 9 },
      "permessage-deflate; client_max_window_bits=9",
    ],
    [
      "permessage-deflate; client_max_window_bits=8",
      { ...both, receiveWindowBits: 9 },
      "permessage-deflate; client_max_window_bits=8",
    ],
    ["unknown, permessage-deflate; unknown, permessage-deflate", both, "permessage-deflate"],
    [
      "permessage-deflate; client_max_window_bits=9, permessage-deflate",
      both,
      "permessage-deflate; client_max_window_bits=9",
    ],
  ];
  test.each(accepted)("%s with %j: %s", (offer, options, answer) => {
    expect(accept(offer, options)).toBe(answer);
  });

  const wrong = [
    "",
    "=",
    "=7",
    "=16",
    "=0",
    "=08",
    "=010",
    "=1000",
    "=-9",
    "=9.0",
    "=0x9",
    "=9a",
    '="7"',
    "=true",
  ];
  const declined = [
    "permessage-deflate; unknown",
    "permessage-deflate; __proto__",
    "permessage-deflate; constructor=1",
    "permessage-deflate; server_no_context_takeover=1",
    "permessage-deflate; server_no_context_takeover=true",
    "permessage-deflate; client_no_context_takeover=0",
    "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
    "permessage-deflate; server_max_window_bits=9; server_max_window_bits=9",
    "permessage-deflate; client_max_window_bits; client_max_window_bits",
    "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
    "permessage-deflate; Server_no_context_takeover",
    "x-webkit-deflate-frame",
    "Permessage-Deflate",
    ...wrong
      .filter((value) => value !== "=")
      .map((value) => `permessage-deflate; server_max_window_bits${value}`),
    ...wrong
      .filter((value) => value.length > 1)
      .map((value) => `permessage-deflate; client_max_window_bits${value}`),
  ];
  test.each(declined)("declined, and the connection goes on without: %s", (offer) => {
    expect(accept(offer)).toBe(undefined);
  });

  test("a client that cannot be held to a smaller window is declined", () => {
    expect(accept("permessage-deflate", { receiveWindowBits: 14 })).toBe(undefined);
  });
});

describe("as a client", () => {
  const read = (answer: string, options: DeflateOptions | boolean = {}) =>
    readAnswer(parseExtensions(answer)!, settleDeflate(options));
  const both = { sendTakeover: true, receiveTakeover: true };
  const agreed = { sendTakeover: true, receiveTakeover: true, sendWindowBits: 15, receiveWindowBits: 15 };

  const accepted: [answer: string, options: DeflateOptions, agreement: object | undefined][] = [
    ["", {}, undefined],
    ["permessage-deflate", both, agreed],
    ["permessage-deflate; server_no_context_takeover", both, { ...agreed, receiveTakeover: false }],
    ["permessage-deflate; client_no_context_takeover", both, { ...agreed, sendTakeover: false }],
    [
      "permessage-deflate; server_no_context_takeover",
      {},
      { ...agreed, sendTakeover: false, receiveTakeover: false },
    ],
    ["permessage-deflate; server_max_window_bits=9", both, { ...agreed, receiveWindowBits: 9 }],
    ['permessage-deflate; server_max_window_bits="9"', both, { ...agreed, receiveWindowBits: 9 }],
    ["permessage-deflate; client_max_window_bits=8", both, { ...agreed, sendWindowBits: 8 }],
    [
      "permessage-deflate; client_max_window_bits=9",
      { ...both, sendWindowBits: 10 },
      { ...agreed, sendWindowBits: 9 },
    ],
    ["permessage-deflate", { ...both, sendWindowBits: 10 }, { ...agreed, sendWindowBits: 10 }],
  ];
  test.each(accepted)("%j to an offer of %j", (answer, options, agreement) => {
    expect(read(answer, options)).toEqual(agreement);
  });

  const refused: [what: string, answer: string, options: DeflateOptions | boolean][] = [
    ["deflate that was not offered", "permessage-deflate", false],
    ["another extension", "x-unknown", {}],
    ["two extensions", "permessage-deflate; server_no_context_takeover, x-unknown", {}],
    ["the same twice", "permessage-deflate, permessage-deflate", both],
    ["a parameter that is unknown", "permessage-deflate; unknown", both],
    ["a flag with a value", "permessage-deflate; client_no_context_takeover=1", both],
    ["a parameter twice", "permessage-deflate; client_max_window_bits=9; client_max_window_bits=9", both],
    ["a window of 7 bits", "permessage-deflate; server_max_window_bits=7", both],
    ["a window of 16 bits", "permessage-deflate; server_max_window_bits=16", both],
    ["a window of 1000 bits, CVE-2026-2229", "permessage-deflate; server_max_window_bits=1000", both],
    ["a leading zero", "permessage-deflate; server_max_window_bits=09", both],
    ["a window without a value", "permessage-deflate; server_max_window_bits", both],
    ["our window without a value", "permessage-deflate; client_max_window_bits", both],
    ["a takeover that we refused, RFC 7692 7.1.1.1", "permessage-deflate", {}],
    [
      "a larger window than we allow, 7.1.2.1",
      "permessage-deflate; server_max_window_bits=12",
      { ...both, receiveWindowBits: 10 },
    ],
    ["no word on the window that we asked for", "permessage-deflate", { ...both, receiveWindowBits: 10 }],
    [
      "a larger window than ours, 7.1.2.2",
      "permessage-deflate; client_max_window_bits=12",
      { ...both, sendWindowBits: 10 },
    ],
  ];
  test.each(refused)("fails: %s", (_, answer, options) => {
    expect(read(answer, options)).toEqual(expect.any(String));
  });
});

test("what every client offers, every server accepts, and its answer is what both keep to", () => {
  const bits = [8, 9, 15];
  const all: DeflateOptions[] = [true, false].flatMap((sendTakeover) =>
    [true, false].flatMap((receiveTakeover) =>
      bits.flatMap((sendWindowBits) =>
        bits.map((receiveWindowBits) => ({
          sendTakeover,
          receiveTakeover,
          sendWindowBits,
          receiveWindowBits,
        })),
      ),
    ),
  );
  for (const clients of all) {
    for (const servers of all) {
      const client = settleDeflate(clients)!;
      const accepted = acceptOffer(parseExtensions(makeOffer(client))!, settleDeflate(servers)!)!;
      const ours = readAnswer(parseExtensions(accepted.answer)!, client);
      expect(ours, `${JSON.stringify([clients, servers])}: ${accepted.answer}`).toEqual({
        sendTakeover: accepted.agreement.receiveTakeover,
        receiveTakeover: accepted.agreement.sendTakeover,
        sendWindowBits: accepted.agreement.receiveWindowBits,
        receiveWindowBits: accepted.agreement.sendWindowBits,
      });
    }
  }
});
