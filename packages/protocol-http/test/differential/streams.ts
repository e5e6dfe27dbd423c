import fc from "fast-check";

// Streams of requests, most of them right: what the two servers are given.

const word = fc.constantFrom("a", "b-c", "x", "0", "hello", "A.b~c");
const method = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH") },
  { weight: 1, arbitrary: fc.constantFrom("FOO", "get", "G", "M-SEARCH", "CONNECT", "PRI", "G@T", "") },
);
const target = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("/", "/a", "/a?b=c", "/%2e", "*", "http://y/a", "//a") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("a", "", "/a#b", "/\xe9", "/a b", "/\0", "ftp://y/", "y:443", "/\t"),
  },
);
const version = fc.oneof(
  { weight: 12, arbitrary: fc.constant("HTTP/1.1") },
  { weight: 2, arbitrary: fc.constant("HTTP/1.0") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1", "HTTP/1.10", ""),
  },
);
const goodField = fc.oneof(
  fc.tuple(word, word).map(([name, value]) => `X-${name.replace(/[.~]/g, "")}: ${value}`),
  fc.constantFrom(
    "Connection: close",
    "Connection: keep-alive",
    "Accept:  a \t",
    "A:",
    "B: \xe9",
    "__proto__: 1",
  ),
);
const badField = fc.constantFrom(
  ..."A|: b|A : b|A\t: b| A: b|\tb|A: b\rc|A: b\0|A: \x01|A: \x7f|A@: b|\xe9: b|A: b\n|A(: b|: ".split("|"),
  "Host: y",
  "Host:",
  "Host: a b",
  "Expect: x",
  "Expect: 100-continue",
  "Connection: Upgrade\r\nUpgrade: x",
);
const host = fc.oneof(
  { weight: 10, arbitrary: fc.constant(["Host: x"]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom([], ["Host:"], ["Host: x", "Host: x"], ["Host: a/b"], ["host: y:80"]),
  },
);

const goodChunk = fc
  .tuple(word, fc.constantFrom("", "", "", ";a", ";a=b", ';a="b;c"'))
  .map(([data, extension]) => `${data.length.toString(16)}${extension}\r\n${data}\r\n`);
const badChunk = fc.constantFrom(
  ...'+1|-1|0x1|1_|1 | 1|g|;|1;\0|1;a=|1; a|1 ;a|1;a="b|10000000000000001|ffffffffffffffff|00000000000000001'
    .split("|")
    .map((size) => `${size}\r\nx\r\n`),
  "1\nx\r\n",
  "1\r\nx\n",
  "1\r\nxX\r\n",
  "1;a\nx\r\n",
  "1\r\rx\r\n",
  "1\r\nx\r\r",
);
const end = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("0\r\n\r\n", "0\r\nA: b\r\n\r\n", "00\r\n\r\n", "0;a\r\n\r\n") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("0\r\nXX", "0\r\n\n", "0\n\r\n", "0\r\nA : b\r\n\r\n", "0\r\n b\r\n\r\n", ""),
  },
);
const chunks = fc
  .tuple(
    fc.array(fc.oneof({ weight: 8, arbitrary: goodChunk }, { weight: 1, arbitrary: badChunk }), {
      maxLength: 3,
    }),
    end,
  )
  .map(([all, end]) => all.join("") + end);

const framing = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ fields: [] as string[], body: "" }) },
  { weight: 4, arbitrary: word.map((body) => ({ fields: [`Content-Length: ${body.length}`], body })) },
  { weight: 4, arbitrary: chunks.map((body) => ({ fields: ["Transfer-Encoding: chunked"], body })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        "+1",
        "-1",
        "0x1",
        "1, 1",
        "1,1",
        "1 1",
        "",
        "1.0",
        "01",
        "1e0",
        "99999999999999999999",
        "1\t",
        "a",
      )
      .map((length) => ({ fields: [`Content-Length: ${length}`], body: "x" })),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(
        ["Content-Length: 1", "Content-Length: 1"],
        ["Content-Length: 1", "Content-Length: 2"],
        ["Content-Length: 1", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 1"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked, gzip"],
        ["Transfer-Encoding: chunked, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: identity"],
        ["Transfer-Encoding: Chunked"],
        ["Transfer-Encoding:"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding:\r\n chunked"],
        ["Transfer-Encoding : chunked"],
      )
      .map((fields) => ({ fields, body: "1\r\nx\r\n0\r\n\r\n" })),
  },
);

const request = fc
  .record({
    method,
    target,
    version,
    host,
    fields: fc.array(fc.oneof({ weight: 8, arbitrary: goodField }, { weight: 1, arbitrary: badField }), {
      maxLength: 3,
    }),
    framing,
  })
  .map(({ method, target, version, host, fields, framing }) => {
    const lines = [`${method} ${target} ${version}`, ...host, ...fields, ...framing.fields];
    return `${lines.join("\r\n")}\r\n\r\n${framing.body}`;
  });

/** Bytes put in, or left out, anywhere. */
const mutation = fc.option(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    skipped: fc.integer({ min: 0, max: 3 }),
    put: fc.constantFrom(
      "",
      "\r",
      "\n",
      "\r\n",
      " ",
      "\t",
      ":",
      ";",
      ",",
      "\0",
      "0",
      "a",
      "\xa0",
      "\x7f",
      '"',
    ),
  }),
  { nil: undefined, freq: 2 },
);

export const streams = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 3 }), mutation)
  .map(([requests, mutation]) => {
    const text = requests.join("");
    if (mutation === undefined) return text;
    const at = Math.floor(mutation.at * text.length);
    return text.slice(0, at) + mutation.put + text.slice(at + mutation.skipped);
  });
