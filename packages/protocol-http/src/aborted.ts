import { ProtocolError } from "@sock/codec";

/** What reading a body throws when the connection has ended before it; `cause` is the network's error, if there was one. */
export function aborted(cause?: Error): ProtocolError {
  const sentence = "the connection ended before the body did";
  return new ProtocolError("ABORTED", sentence, cause && { cause });
}
