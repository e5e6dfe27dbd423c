import type { CodecFactory } from "@sock/codec";
import { type CodecSpec, codecLaws } from "@sock/codec-testkit";
import fc from "fast-check";
import { describe, test } from "vitest";
import { type HttpAnswer, type HttpRequest, http, type IncomingBody } from "../src/index.ts";

/** Says requests as they are, and takes anything for an answer. */
const teller: CodecFactory<unknown, Uint8Array> = () => ({
  input: (buffer) => buffer.length,
  decode: () => undefined,
  encode: (bytes) => bytes,
  finish: () => undefined,
});

interface Asked {
  method: string;
  path: string;
  fields: [string, string][];
  body: Uint8Array | undefined;
  chunks: number[] | undefined;
  trailers: [string, string][];
}

const name = fc.stringMatching(/^X-[A-Za-z]{1,6}$/);
const value = fc.stringMatching(/^[!-~]{0,8}$/);
const field = fc.tuple(name, value);

const asked: fc.Arbitrary<Asked> = fc.record({
  method: fc.constantFrom("GET", "POST", "PUT", "PURGE"),
  path: fc.stringMatching(/^\/[a-z0-9]{0,6}$/),
  fields: fc.array(field, { maxLength: 3 }),
  body: fc.option(fc.uint8Array({ maxLength: 24 }), { nil: undefined }),
  chunks: fc.option(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), {
    nil: undefined,
  }),
  trailers: fc.array(field, { maxLength: 2 }),
});

function bytesOf({ method, path, fields, body, chunks, trailers }: Asked): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: x",
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ];
  if (body === undefined) return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (chunks === undefined) {
    return Buffer.concat([
      Buffer.from(`${lines.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n`),
      body,
    ]);
  }
  const parts: Uint8Array[] = [Buffer.from(`${lines.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0, nth = 0; at < body.length; nth++) {
    const piece = body.subarray(at, at + chunks[nth % chunks.length]!);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
    at += piece.length;
  }
  parts.push(Buffer.from(`0\r\n${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`));
  return Buffer.concat(parts);
}

const read = (request: HttpRequest<Buffer | IncomingBody>) => ({
  method: request.method,
  path: request.path,
  fields: [...request.headers].filter(([name]) => name.startsWith("X-")),
  body: request.body,
});

const expected = ({ method, path, fields, body }: Asked) => ({
  method,
  path,
  fields,
  body: Buffer.from(body ?? []),
});

/** What has broken others. */
const attacks = fc
  .array(
    fc.constantFrom(
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      "5\r\nhello\r\n",
      "5;a=b\r\nhello\r\n",
      "5\nhello\n",
      "0\r\n\r\n",
      "0\r\nA: b\r\n\r\n",
      "0\r\nXX",
      "ffffffffffffffffff\r\n",
      "-1\r\n",
      "\r\n",
    ),
    { maxLength: 6 },
  )
  .map((pieces) => Buffer.from(pieces.join("")));

const answer = (request: HttpRequest<Buffer | IncomingBody>): HttpAnswer =>
  request.method === "PURGE"
    ? {
        status: 202,
        body: (async function* () {
          yield "a";
          yield "bc";
        })(),
      }
    : `${request.method} ${request.path}`;

type Spec = CodecSpec<HttpRequest<Buffer | IncomingBody>, HttpAnswer, Asked, Uint8Array>;
const options = { maxHeadSize: 2048, maxBodySize: 2048, date: false };

const specs: [name: string, spec: Spec][] = [
  [
    "a server, bodies whole",
    {
      codec: http(options) as never,
      peer: teller,
      message: asked,
      make: bytesOf,
      read,
      expect: expected,
      answer,
      noise: attacks,
    },
  ],
  [
    "a server, bodies as they come",
    {
      codec: http({ ...options, body: "stream" }) as never,
      peer: teller,
      message: asked,
      make: bytesOf,
      read: async (request) => ({ ...read(request), body: await (request.body as IncomingBody).bytes() }),
      expect: expected,
      answer,
      noise: attacks,
    },
  ],
];

for (const [name, spec] of specs) {
  describe(name, () => {
    for (const law of codecLaws(spec)) test.skipIf(law.skipped)(law.name, law.run);
  });
}
