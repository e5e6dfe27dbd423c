import { fieldLines, type HeadersToSend } from "./field-lines.ts";
import { REASONS } from "./reasons.ts";

/** What an answer holds beside its status. */
export interface ResponseParts {
  readonly headers?: HeadersToSend | undefined;
  readonly body?: string | undefined;
}

/** They say where the answer ends, and that it is the last. */
const RESERVED = new Set(["connection", "content-length", "transfer-encoding"]);

/**
 * A whole HTTP answer, the last on its connection. Plain text, unless its headers say otherwise.
 * @throws TypeError, RangeError for what cannot be sent
 */
export function finalResponse(status: number, { headers = {}, body = "" }: ResponseParts = {}): string {
  if (!Number.isInteger(status) || status < 300 || status > 599)
    throw new RangeError(`${status} refuses nothing`);
  const given = fieldLines(headers, RESERVED);
  const isTyped = given.some((line) => /^content-type:/i.test(line));
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? ""}`,
    "Connection: close",
    ...(isTyped ? [] : ["Content-Type: text/plain; charset=utf-8"]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...given,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
