import type { Fields } from "./head/fields.ts";
import type { Head } from "./head/head-parser.ts";
import type { RequestLine } from "./head/request-line.ts";
import { splitPath, type Target } from "./head/target.ts";

/** What a client asks. `Body` is `Buffer` for a whole body, `IncomingBody` for one that is read as it comes. */
export interface HttpRequest<Body = Buffer> {
  /** As it came: methods are told apart by case, and unknown ones are yours to refuse. */
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  /** The target without its query, undecoded: `/chat`. `*` for the server itself, `""` for CONNECT. */
  readonly path: string;
  /** What follows the question mark, undecoded; `""` without one. `new URLSearchParams(request.query)` takes it apart. */
  readonly query: string;
  /** The host, with its port if there is one; what CONNECT asks for. `""` when a client of HTTP/1.0 names none. */
  readonly host: string;
  readonly version: "1.0" | "1.1";
  readonly headers: Fields;
  readonly body: Body;
  /** The fields behind a chunked body, once it has been read; they count for nothing else. */
  readonly trailers: Fields | undefined;
  /** The protocol that the client would rather speak from here on, in small letters: `"websocket"`. */
  readonly upgrade: string | undefined;
  /**
   * Aborted when the client leaves before the answer is out: it ended its side, or the connection broke. A client may
   * end its side and still read: an answer sent all the same is sent.
   */
  readonly signal: AbortSignal;
}

/** A request as its codec makes it. What few ask for is made when it is asked for. */
export class Request<Body> implements HttpRequest<Body> {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly minor: number;
  readonly headers: Fields;
  #place: { readonly path: string; readonly query: string } | undefined;
  #body: Body;
  #trailers: Fields | undefined;
  #controller: AbortController | undefined;
  #isLeft = false;

  /** @param target what was made of the request's, if that is more than a path */
  constructor(head: Head<RequestLine>, host: string, target: Target | undefined, body: Body) {
    this.method = head.method;
    this.target = head.target;
    this.host = host;
    this.minor = head.minor;
    this.headers = head.fields;
    this.#place = target;
    this.#body = body;
  }

  get path(): string {
    this.#place ??= splitPath(this.target);
    return this.#place.path;
  }

  get query(): string {
    this.#place ??= splitPath(this.target);
    return this.#place.query;
  }

  get body(): Body {
    return this.#body;
  }

  /** The body has come whole. */
  setBody(body: Body): void {
    this.#body = body;
  }

  get version(): "1.0" | "1.1" {
    // RFC 9110 2.5: one of a higher minor is answered as the highest that is known.
    return this.minor === 0 ? "1.0" : "1.1";
  }

  get trailers(): Fields | undefined {
    return this.#trailers;
  }

  set trailers(trailers: Fields | undefined) {
    this.#trailers = trailers;
  }

  get upgrade(): string | undefined {
    // RFC 9110 7.8: it is hop by hop, which Connection says, and not for HTTP/1.0.
    if (this.minor === 0 || !this.headers.hasToken("connection", "upgrade")) return undefined;
    return this.headers.get("upgrade")?.toLowerCase();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isLeft) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** Whether the client has left before the answer was out. */
  get isLeft(): boolean {
    return this.#isLeft;
  }

  /** The client has left. */
  left(): void {
    this.#isLeft = true;
    this.#controller?.abort();
  }
}
