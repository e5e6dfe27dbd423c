import { METHODS } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Served } from "../server.ts";
import { CONNECT_REFUSED, NodeHttp, type Seen, type SeenRequest } from "./node-http.ts";
import { streams } from "./streams.ts";

// The same bytes given to our server and to Node's own: the same must come of them, but for what is listed here.

/** Where the two part: behind requests that both have seen alike. */
interface Parting {
  text: string;
  ours: Seen;
  theirs: Seen;
  /** What we took there, and what they did. */
  we: SeenRequest | undefined;
  they: SeenRequest | undefined;
  /** The last that both took. */
  last: SeenRequest | undefined;
}

interface Difference {
  what: string;
  because: string;
  example: string;
  holds(parting: Parting): boolean;
}

/** What they take and we refuse, for that reason and no other. */
function refused(code: string, applies: (they: SeenRequest, text: string) => boolean): Difference["holds"] {
  return ({ ours, we, they, text }) =>
    we === undefined && they !== undefined && ours.refusal === code && applies(they, text);
}

/** What we refuse in front of a request, or of the end, and they leave out. */
function leftOut(code: string, what: RegExp): Difference["holds"] {
  return ({ ours, theirs, we, they, text }) => {
    if (we !== undefined || ours.refusal !== code) return false;
    // What stands there at the end may look otherwise for what stands before it: a body that ends with CR.
    return they === undefined ? theirs.refusal === undefined && /[\r\n]$/.test(text) : what.test(text);
  };
}

const values = ({ fields }: SeenRequest, name: string) =>
  fields.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);

const HOST = "Host: x\r\n\r\n";

const differences: Difference[] = [
  {
    what: "a Host that is repeated, empty or no host: refused here, taken there",
    because: "RFC 9112 3.2 asks for 400: whoever is behind us may believe the other one",
    example: "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    holds: refused("HTTP_HOST", (they) => {
      const hosts = values(they, "host");
      return hosts.length !== 1 || !/^[\w.:-]+$/.test(hosts[0]!);
    }),
  },
  {
    what: "what stands behind a request without a Host: thrown away here, handled there",
    because: "where one request was refused, nobody knows what the next bytes are",
    example: `GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n${HOST}`,
    // Behind a request of HTTP/1.0 it says nothing, though it takes nothing either.
    holds: ({ ours, theirs, we, they }) =>
      we === undefined &&
      ours.refusal === "HTTP_HOST" &&
      (theirs.statuses.includes(400) || they === undefined),
  },
  {
    what: "a target that is no path and no address, or * for another method than OPTIONS: refused here, taken there",
    because: "RFC 9112 3.2: there are four forms",
    example: `GET * HTTP/1.1\r\n${HOST}`,
    holds: refused(
      "HTTP_TARGET",
      ({ method, target }) => method === "CONNECT" || !/^(\/|https?:\/\/\w)/.test(target),
    ),
  },
  {
    what: "a fragment in a target: refused here, taken there",
    because: "RFC 9110 4.2.5: a client keeps it to itself, and one that is sent has fooled caches",
    example: `GET /a#b HTTP/1.1\r\n${HOST}`,
    holds: refused("HTTP_START_LINE", ({ target }) => target.includes("#")),
  },
  {
    what: "CR alone in front of a request: refused here, left out there",
    because: "RFC 9112 2.2: a CR that ends no line makes an element invalid",
    example: `\rGET / HTTP/1.1\r\n${HOST}`,
    holds: leftOut("HTTP_START_LINE", /\r(?!\n)/),
  },
  {
    what: "LF alone in front of a request: refused here, left out there",
    because: "no line ends without CR here, and an empty one is a line",
    example: `\nGET / HTTP/1.1\r\n${HOST}`,
    holds: leftOut("HTTP_LINE_END", /(?<!\r)\n/),
  },
  {
    what: "more than one empty line in front of a request: refused here, left out there",
    because: "RFC 9112 2.2 asks to ignore one at least; a flood of them would cost without end",
    example: `\r\n\r\nGET / HTTP/1.1\r\n${HOST}`,
    holds: leftOut("HTTP_START_LINE", /(^|\r\n)\r\n\r\n/),
  },
  {
    what: "HTTP/2.0 and HTTP/0.9 in a request line: 505 here, taken there",
    because: "RFC 9110 15.6.6: what they would mean is not known",
    example: `GET / HTTP/2.0\r\n${HOST}`,
    holds: refused("HTTP_VERSION", ({ version }) => !version.startsWith("1.")),
  },
  {
    what: "a line without a version: refused here, taken there as HTTP/0.9",
    because: "RFC 9112 3: a version there is",
    example: `CONNECT  HTTP/1.1\r\n${HOST}`,
    holds: refused("HTTP_START_LINE", ({ version }) => version === "0.9"),
  },
  {
    what: "Transfer-Encoding in HTTP/1.0: refused here, taken there",
    because: "RFC 9112 6.1: its framing is to be treated as faulty",
    example: `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    holds: refused(
      "HTTP_FRAMING",
      (they) => they.version === "1.0" && values(they, "transfer-encoding").length > 0,
    ),
  },
  {
    what: "CONNECT with a body: refused here, taken there as the first bytes of the tunnel",
    because: "RFC 9110 9.3.6: it has none, so whoever sends one means something else",
    example: `CONNECT y:443 HTTP/1.1\r\nContent-Length: 1\r\n${HOST}x`,
    holds: refused("HTTP_FRAMING", ({ method }) => method === "CONNECT"),
  },
  {
    what: "other codings in front of chunked: 501 here, taken there, and not decoded",
    because: "RFC 9112 6.1 asks for 501 where a coding is not understood",
    example: `POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n${HOST}0\r\n\r\n`,
    holds: refused("HTTP_TRANSFER_CODING", (they) => values(they, "transfer-encoding").join() !== "chunked"),
  },
  {
    what: "sizes of chunks of more than sixteen digits, most of them zeros: refused here, taken there",
    because: "they would cost without end",
    example: `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HOST}00000000000000001\r\nx\r\n0\r\n\r\n`,
    holds: refused("HTTP_CHUNK", (_, text) => /[0-9a-f]{17}/.test(text)),
  },
  {
    what: "extensions of chunks that are none, like `;a=`: refused here, taken there",
    because: "RFC 9112 7.1.1 says what they are; what two parsers end in two places has smuggled requests",
    example: `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HOST}1;a=\r\nx\r\n0\r\n\r\n`,
    holds: refused("HTTP_CHUNK", (_, text) => /\n[0-9a-fA-F]+;/.test(text)),
  },
  {
    what: "an expectation that is not known: 417 and the end here, 417 and the next request there",
    because: "its body may come or not, so nobody knows where the next request begins",
    example: `GET / HTTP/1.1\r\nExpect: x\r\n${HOST}GET / HTTP/1.1\r\n${HOST}`,
    holds: ({ ours, theirs, we }) =>
      we === undefined && ours.refusal !== undefined && theirs.statuses.includes(417),
  },
  {
    what: "methods that Node does not list: taken here, refused there",
    because: "RFC 9110 9.1: methods can be added; the handler answers 405 or 501",
    example: `FOO / HTTP/1.1\r\n${HOST}`,
    holds: ({ we, theirs, they }) =>
      we !== undefined && they === undefined && theirs.refusal !== undefined && !METHODS.includes(we.method),
  },
  {
    what: "HTTP/1.2 and later: taken here as 1.1, refused there",
    because: "RFC 9110 2.5: a higher minor version is answered as the highest that is known",
    example: `GET / HTTP/1.2\r\n${HOST}`,
    holds: ({ we, they, theirs, text }) =>
      we !== undefined &&
      they === undefined &&
      theirs.refusal === "HPE_INVALID_VERSION" &&
      /HTTP\/1\.[2-9]\r/.test(text),
  },
  {
    what: "what stands behind a request of HTTP/1.0 that says both close and keep-alive: thrown away here, read there",
    because: "RFC 9112 9.3: close is looked at first",
    example: `GET / HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.1\r\n${HOST}`,
    holds: ({ ours, we, last }) =>
      we === undefined &&
      ours.refusal === undefined &&
      last?.version === "1.0" &&
      values(last, "connection").includes("close"),
  },
  {
    what: "bytes behind the last request: thrown away here, an error there",
    because:
      "RFC 9112 9.6: whoever has said close reads on for a while, so that its answer is not lost to a reset",
    example: `GET / HTTP/1.1\r\nConnection: close\r\n${HOST}GET / HTTP/1.1\r\n${HOST}`,
    holds: ({ we, they, ours, theirs }) =>
      we === undefined &&
      they === undefined &&
      ours.refusal === undefined &&
      theirs.refusal === "HPE_CLOSED_CONNECTION",
  },
  {
    what: "what stands behind a request for another protocol, or a CONNECT that is refused: read here, left alone there",
    because: "RFC 9110 7.8: a server may ignore the request to upgrade, and HTTP goes on",
    example: `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n${HOST}GET / HTTP/1.1\r\n${HOST}`,
    holds: ({ they, theirs, last }) =>
      they === undefined &&
      theirs.refusal === undefined &&
      last !== undefined &&
      (last.method === "CONNECT" || values(last, "upgrade").length > 0),
  },
];

let node: NodeHttp;
beforeAll(async () => {
  node = await NodeHttp.listening();
});
afterAll(() => node[Symbol.asyncDispose]());

// The same streams in each run, lest a change of Node's fails somebody else's; others, and longer: SOCK_DIFFERENTIAL_SECONDS=60.
const seconds = process.env.SOCK_DIFFERENTIAL_SECONDS;
const bounds =
  seconds === undefined
    ? { numRuns: 150, seed: 1 }
    : { numRuns: Infinity, interruptAfterTimeLimit: Number(seconds) * 1000 };

test("the same requests are taken and refused, and seen alike", {
  timeout: (Number(seconds ?? 3) + 60) * 1000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(streams, { minLength: 20, maxLength: 20 }), async (texts) => {
      const unlisted = await Promise.all(
        texts.map(async (text) => {
          const parting = await partingOf(text);
          return parting === undefined || differences.some(({ holds }) => holds(parting)) ? [] : [parting];
        }),
      );
      expect(unlisted.flat()).toEqual([]);
    }),
    bounds,
  );
});

describe("they differ in", () => {
  test.each(differences)("$what ($because)", async ({ example, holds }) => {
    const parting = await partingOf(example);
    expect(parting).toBeDefined();
    expect(parting).toSatisfy(holds);
  });

  test("nothing else, where a request is right", async () => {
    for (const text of [
      `GET / HTTP/1.1\r\n${HOST}`,
      `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n${HOST}1;a="b"\r\nx\r\n0\r\nA: b\r\n\r\n`,
    ])
      expect(await partingOf(text)).toBeUndefined();
  });
});

async function partingOf(text: string): Promise<Parting | undefined> {
  const bytes = Buffer.from(text, "latin1");
  const ours = look(bytes);
  const theirs = await node.see(bytes);
  const { length } = theirs.requests;
  let at = 0;
  while (at < length && alike(ours.requests[at], theirs.requests[at])) at++;
  const isDone = at === length && at === ours.requests.length;
  if (isDone && (ours.refusal === undefined) === (theirs.refusal === undefined)) return undefined;
  return {
    text,
    ours,
    theirs,
    we: ours.requests[at],
    they: theirs.requests[at],
    last: ours.requests[at - 1],
  };
}

function alike(we: SeenRequest | undefined, they: SeenRequest | undefined): boolean {
  return JSON.stringify(we) === JSON.stringify(they);
}

function look(bytes: Buffer): Seen {
  const served = new Served();
  served.onRequest = ({ method }) =>
    void served.send({ status: method === "CONNECT" ? CONNECT_REFUSED : 200 });
  served.receive(bytes).finish();
  const requests = served.requests.map(({ method, target, version, headers, body, trailers = [] }) => ({
    method,
    target,
    version,
    fields: [...headers],
    body: body.toString("latin1"),
    trailers: [...trailers],
  }));
  return { requests, statuses: served.statuses, ...(served.code !== undefined && { refusal: served.code }) };
}
