// What the heads of HTTP/1 are made of, for codecs that begin as HTTP does: `@sock/protocol-http/head`.
export { fieldLines, type HeadersToSend } from "./head/field-lines.ts";
export { Fields } from "./head/fields.ts";
export { finalResponse, type ResponseParts } from "./head/final-response.ts";
export { isFieldValue, isToken, TOKEN } from "./head/grammar.ts";
export { DEFAULT_HEAD_LIMITS, type Head, type HeadLimits, HeadParser } from "./head/head-parser.ts";
export { REQUEST, type RequestLine } from "./head/request-line.ts";
export { RESPONSE, type StatusLine } from "./head/status-line.ts";
export { type BadTarget, isHost, readTarget, type Target } from "./head/target.ts";
