import type { Fields } from "./head/fields.ts";
import type { HttpQuestion } from "./request-to-send.ts";

/**
 * What a server has answered. `Body` is `Buffer` for a whole body, `IncomingBody` for one that is read as it comes.
 */
export interface HttpResponseReceived<Body = Buffer> {
  /** 200 to 599, and 101 when the server switches to the protocol that was offered. Others, to 999, are taken as they come. */
  readonly status: number;
  /** What the server calls the status; it means nothing to programs. */
  readonly reason: string;
  readonly version: "1.0" | "1.1";
  readonly headers: Fields;
  readonly body: Body;
  /** The fields behind a chunked body; they count for nothing else. Of a body that is read as it comes: once it has ended. */
  readonly trailers: Fields | undefined;
  /** What this answers, as it was given to `send`. */
  readonly request: HttpQuestion;
}
