import { asBuffer, ProtocolError } from "@sock/codec";
import type { HeadKind } from "./head-parser.ts";

/** What a status line says. */
export interface StatusLine {
  readonly status: number;
  readonly reason: string;
  /** The digit after the point: HTTP/1.1 has 1. */
  readonly minor: number;
}

/** Heads that servers send. Nothing is answered to what is wrong with one. */
export const RESPONSE: HeadKind<StatusLine> = { check, make, fail };

// RFC 9112 4: the space behind the status stays when the reason is empty.
const STATUS_LINE = /^HTTP\/([0-9])\.[0-9] [1-9][0-9]{2} [\t -~\x80-\xff]*$/;

function check(bytes: Uint8Array, start: number, end: number): void {
  const [, major] = STATUS_LINE.exec(asBuffer(bytes).toString("latin1", start, end)) ?? [];
  if (major === undefined) throw fail(0, "HTTP_START_LINE", "no status line of HTTP/1");
  if (major !== "1") throw fail(0, "HTTP_VERSION", `the server answers in HTTP/${major}`);
}

function make(text: string, start: number, end: number, fields: StatusHead["fields"]): StatusHead {
  return {
    status: Number(text.slice(start + 9, start + 12)),
    reason: text.slice(start + 13, end),
    minor: Number(text[start + 7]),
    fields,
  };
}

type StatusHead = ReturnType<HeadKind<StatusLine>["make"]>;

function fail(_status: number, code: string, sentence: string): ProtocolError {
  return new ProtocolError(code, sentence);
}
