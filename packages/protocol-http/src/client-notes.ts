import type { Fields } from "./head/fields.ts";
import type { HttpQuestion } from "./request-to-send.ts";

/** What a client's connection tells beside answers. */
export type HttpClientNote =
  /** The answer is still to come: 100, go on; 102, have patience; 103, early hints. */
  | { readonly type: "informational"; readonly status: number; readonly headers: Fields }
  /**
   * The connection ends in good order, and this will not be answered on it. When it was not sent, nothing of it was: it
   * may be sent elsewhere, but for a streamed body, which has been let go of. When it was, the server may have done what it
   * asks for.
   */
  | { readonly type: "unanswered"; readonly request: HttpQuestion; readonly isSent: boolean };
