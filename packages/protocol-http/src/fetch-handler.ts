import type { IncomingBody } from "./incoming-body.ts";
import type { HttpRequest } from "./request.ts";
import type { HttpAnswer, StreamedBody } from "./response.ts";
import { Rest, webBody } from "./web-body.ts";

/** What speaks the web's own words: `app.fetch` of Hono, and of others. */
export type FetchFunction = (request: Request) => Response | Promise<Response>;

/** What a handler needs of its connection. */
export interface Answering {
  send(answer: HttpAnswer): unknown;
}

export interface FetchOptions {
  /**
   * What the URL of a request begins with. Default: `http://` and the host that it names. `"https://example.com"` for a server
   * that is called so whatever it is told; a function for one behind a proxy that speaks TLS for several.
   */
  readonly origin?: string | ((request: HttpRequest<IncomingBody>) => string) | undefined;
}

/**
 * Runs a handler of the web's `Request` and `Response` on connections of `http({ body: "stream" })`.
 *
 * The body of a request is read at the pace that the handler reads, and that of a response at the pace that the client does.
 * `request.signal` is aborted when the client leaves, and the body of the response cancelled. What the handler throws is
 * thrown: the connection answers 500.
 *
 * Requests that have no web form get 501 (CONNECT, TRACE) or 400 (a host that is none to `URL`).
 *
 * @example
 * await listen("tcp://127.0.0.1:8080", { codec: http({ body: "stream" }), onMessage: fetchHandler(app.fetch) });
 */
export function fetchHandler(
  fetch: FetchFunction,
  { origin = ({ host }) => `http://${host || "localhost"}` }: FetchOptions = {},
): (connection: Answering, request: HttpRequest<IncomingBody>) => Promise<void> {
  const originOf = typeof origin === "string" ? () => origin : origin;
  return async (connection, asked) => {
    if (FORBIDDEN.has(asked.method)) return void connection.send({ status: 501 });
    const url = urlOf(originOf(asked), asked);
    if (url === undefined) return void connection.send({ status: 400 });
    let response: Response;
    try {
      response = await fetch(webRequest(url, asked));
    } catch (error) {
      if (!isAbort(error, asked.signal)) throw error;
      // It was told that the client has left, and stopped. One that has only ended its side learns that nothing comes.
      return void connection.send({ status: 500, headers: { Connection: "close" } });
    }
    await answer(connection, asked.method, response);
  };
}

/** The Fetch standard, 2.2.1: no `Request` has them. */
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

function urlOf(origin: string, { path, query }: HttpRequest<IncomingBody>): string | undefined {
  // OPTIONS for the server itself has an asterisk for a path.
  const slash = path.startsWith("/") ? "" : "/";
  const url = `${origin}${slash}${path}${query === "" ? "" : `?${query}`}`;
  return URL.canParse(url) ? url : undefined;
}

function webRequest(url: string, asked: HttpRequest<IncomingBody>): Request {
  const { method, headers, body, signal } = asked;
  const isEmpty = body.hasEnded && body.retained === 0;
  // The Fetch standard, 5.4: a `Request` to GET or HEAD has none.
  const hasBody = method !== "GET" && method !== "HEAD" && !isEmpty;
  return new Request(url, {
    method,
    headers: [...headers],
    signal,
    ...(hasBody && { body: webStream(body), duplex: "half" }),
  });
}

/** Nothing is read before somebody reads: a client that expects to be told to continue waits for that. */
function webStream(body: IncomingBody): ReadableStream<Uint8Array> {
  let pieces: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        pieces ??= body[Symbol.asyncIterator]();
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => body.abandon(),
    },
    { highWaterMark: 0 },
  );
}

/** What concerns the connection is the codec's to say: RFC 9110 7.6.1. Frameworks say it all the same. */
const HOP_BY_HOP = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** @throws TypeError, RangeError for a response that cannot be sent */
async function answer(connection: Answering, method: string, response: Response): Promise<void> {
  const { status, statusText, headers } = response;
  const body = response.body === null ? withoutBody(method) : await webBody(response.body);
  let result: unknown = "closed";
  try {
    result = connection.send({
      status,
      ...(statusText !== "" && { reason: statusText }),
      // In which cookies stand one by one, and all else joined.
      headers: [...headers].filter(([name]) => !HOP_BY_HOP.has(name)),
      body,
    });
  } finally {
    if (result === "closed" && body instanceof Rest) void body.return().catch(() => undefined);
  }
}

/** Handlers answer HEAD with the head alone: how long the body would be is not known by that. */
function withoutBody(method: string): StreamedBody | undefined {
  return method === "HEAD" ? new ReadableStream() : undefined;
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error as { name?: unknown })?.name === "AbortError");
}
