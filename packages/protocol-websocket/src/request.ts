import { type Fields, isToken, readTarget } from "@sock/protocol-http/head";
import { type Extension, parseExtensions } from "./extensions.ts";

/** What a client asks for, when all that RFC 6455 4.2.1 demands of it was found right. */
export interface WebSocketRequest {
  /** As the request line has it. */
  readonly target: string;
  /** The target without its query: `/chat`. */
  readonly path: string;
  /** What follows the question mark, undecoded; `""` without one. */
  readonly query: string;
  /** The host, with its port if there is one. */
  readonly host: string;
  /** The page the request comes from, as browsers tell it. */
  readonly origin: string | undefined;
  /** The subprotocols that the client can speak, the one it likes best first. */
  readonly protocols: readonly string[];
  /** The extensions that the client offers. */
  readonly extensions: readonly Extension[];
  readonly key: string;
  readonly headers: Fields;
}

/** An HTTP request that may ask for a WebSocket; one of `@sock/protocol-http` will do. */
export interface UpgradeRequest {
  readonly method: string;
  /** As the request line has it. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly headers: Fields;
}

/** What is wrong with a request, and the answer that RFC 6455 4.2.2 has for it. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly sentence: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** What a request asks for, or the first demand of RFC 6455 4.2.1 that it does not meet. */
export function readRequest({
  method,
  target,
  version: httpVersion,
  headers: fields,
}: UpgradeRequest): WebSocketRequest | Fault {
  // RFC 6455 4.2.1, 1: a GET of HTTP/1.1 or higher.
  if (method !== "GET") return fault(405, "WS_METHOD", `the method is ${method}, not GET`, { Allow: "GET" });
  if (httpVersion === "1.0") return fault(400, "WS_HTTP_VERSION", "HTTP/1.0 cannot be upgraded");
  // RFC 9110 7.8: bytes of a body would be taken for frames.
  if (fields.has("transfer-encoding") || (fields.get("content-length") ?? "0") !== "0") {
    return fault(400, "WS_BODY", "the request has a body");
  }
  const asked = readTarget(method, target, 1, fields);
  if ("part" in asked) return fault(400, `WS_${asked.part}`, asked.sentence);
  const { host, path, query } = asked;
  // 3 and 4.
  if (!fields.hasToken("upgrade", "websocket")) return fault(400, "WS_UPGRADE", "no Upgrade: websocket");
  if (!fields.hasToken("connection", "upgrade")) return fault(400, "WS_CONNECTION", "no Connection: Upgrade");
  // 6, before the key: older drafts had other keys. RFC 6455 4.4 on what to answer.
  const version = fields.get("sec-websocket-version");
  if (version !== "13") {
    const status = version === undefined ? 400 : 426;
    const sentence = version === undefined ? "no Sec-WebSocket-Version" : "a version other than 13";
    return fault(status, "WS_VERSION", sentence, { "Sec-WebSocket-Version": "13" });
  }
  // 5: 16 bytes in base64.
  const key = fields.get("sec-websocket-key") ?? "";
  if (!KEY.test(key)) return fault(400, "WS_KEY", "no Sec-WebSocket-Key of 16 bytes");
  // 7. RFC 6454 7.3: at most one.
  const origins = fields.all("origin");
  if (origins.length > 1) return fault(400, "WS_ORIGIN", "more than one Origin");
  const protocols = readProtocols(fields);
  if (protocols === undefined)
    return fault(400, "WS_PROTOCOL", "a subprotocol is no token, or stands there twice");
  const extensions = parseExtensions(fields.get("sec-websocket-extensions") ?? "");
  if (extensions === undefined) return fault(400, "WS_EXTENSION", "Sec-WebSocket-Extensions cannot be read");
  return {
    target,
    path,
    query,
    host,
    origin: origins[0],
    protocols,
    extensions,
    key,
    headers: fields,
  };
}

/** RFC 6455 4.1, 10: tokens, each once. */
function readProtocols(fields: Fields): string[] | undefined {
  const protocols = fields.list("sec-websocket-protocol");
  return protocols.every(isToken) && new Set(protocols).size === protocols.length ? protocols : undefined;
}

function fault(status: number, code: string, sentence: string, headers?: Fault["headers"]): Fault {
  return headers === undefined ? { status, code, sentence } : { status, code, sentence, headers };
}
