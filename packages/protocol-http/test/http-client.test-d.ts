import type { CodecFactory, Via } from "@sock/codec";
import { expectTypeOf, test } from "vitest";
import {
  type Fields,
  type HttpClientNote,
  type HttpQuestion,
  type HttpResponseReceived,
  httpClient,
  httpConnect,
  type IncomingBody,
} from "../src/index.ts";

test("answers have whole bodies, or such that are read as they come", () => {
  type Whole = CodecFactory<HttpResponseReceived<Buffer>, HttpQuestion, HttpClientNote>;
  type Streamed = CodecFactory<HttpResponseReceived<IncomingBody>, HttpQuestion, HttpClientNote>;
  expectTypeOf(httpClient()).toEqualTypeOf<Whole>();
  expectTypeOf(httpClient({ host: "a" })).toEqualTypeOf<Whole>();
  expectTypeOf(httpClient({ body: "buffer" })).toEqualTypeOf<Whole>();
  expectTypeOf(httpClient({ body: "stream", pipelining: true })).toEqualTypeOf<Streamed>();
});

test("a note is told apart by its type", () => {
  const read = (note: HttpClientNote) => {
    if (note.type === "informational") expectTypeOf(note.headers).toEqualTypeOf<Fields>();
    if (note.type === "unanswered") expectTypeOf(note.request).toEqualTypeOf<HttpQuestion>();
  };
  expectTypeOf(read).toBeFunction();
});

test("a request has a target; what is no body is none", () => {
  const sent = (_: HttpQuestion) => {};
  sent("/");
  sent({ target: "/", headers: [["A", 1]], body: process.stdin });
  sent({ method: "POST", target: "/", body: new Blob(["a"]).stream() });
  // @ts-expect-error no target
  sent({ method: "POST" });
  // @ts-expect-error a body is text or bytes
  sent({ target: "/", body: { a: 1 } });
});

test("a proxy is a stop on the way", () => {
  expectTypeOf(httpConnect({ address: "tcp://a:1" })).toEqualTypeOf<Via>();
});
