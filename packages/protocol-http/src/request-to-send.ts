import type { HeadersToSend } from "./head/field-lines.ts";
import type { BodyToSend } from "./response.ts";

/** What a client asks. */
export interface HttpRequestToSend {
  /** Any token; methods are told apart by case. Default `"GET"`. */
  readonly method?: string | undefined;
  /**
   * As it stands in the request line: `/path?query`, encoded already; `*` for OPTIONS; `host:port` for CONNECT; a whole
   * address for a proxy. No fragment.
   */
  readonly target: string;
  /**
   * `Host` comes from the target or the client's options, unless it stands here. `Connection: close` makes this the last
   * request. A `Content-Length` is checked against the body. `Transfer-Encoding` is the codec's to say.
   */
  readonly headers?: HeadersToSend | undefined;
  /**
   * A text without a `Content-Type` gets `text/plain; charset=utf-8`. A stream is sent in chunks, unless the headers say
   * its length.
   */
  readonly body?: BodyToSend | undefined;
  /** Fields that follow the body, which is sent in chunks then; a function is called when the body has been sent. */
  readonly trailers?: HeadersToSend | (() => HeadersToSend) | undefined;
}

/** What may be sent: a request, or the target of a GET. */
export type HttpQuestion = string | HttpRequestToSend;
