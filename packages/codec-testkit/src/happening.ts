import type { Bytes, FramedPhase } from "@sock/codec";

/** What came out of an endpoint beside encoded messages, in its order. */
export type Happening =
  /** A codec that is not `opening` is in charge. */
  | { what: "opened" }
  /** As the handler has read it, up to now. */
  | { what: "message"; message: unknown }
  | { what: "reply"; bytes: Bytes }
  | { what: "note"; note: unknown }
  /** The peer's end was reached. */
  | { what: "ended" }
  /** The codec wants to end our side. */
  | { what: "end" }
  /** `code` is that of a `ProtocolError`. Absent: the error is none, but a bug. */
  | { what: "failed"; phase: FramedPhase; code?: string; error: unknown }
  | { what: "farewell"; bytes: Bytes };
