import type { Farewell } from "@sock/codec";
import { CLOSE_CODES, isCloseCode } from "./close-codes.ts";
import { MAX_CONTROL } from "./header.ts";

/** A code takes two bytes of the frame. */
const MAX_REASON = MAX_CONTROL - 2;

/**
 * What our Close frame says, by why it is sent.
 * @throws RangeError, TypeError when the application gives what may not stand in one
 */
export function goodbye(why: Farewell): Buffer {
  switch (why.why) {
    case "close":
      return closeData(why.code ?? CLOSE_CODES.normal, why.reason);
    case "drain":
      return closeData(CLOSE_CODES.serviceRestart);
    case "stop":
      return closeData(CLOSE_CODES.goingAway);
    case "fault":
      return closeData(CLOSE_CODES.internalError);
    case "deadline":
      // There is no code for slowness. 1008 is for those who break a rule of ours and not of the protocol.
      return closeData(CLOSE_CODES.policyViolation, `too slow: ${why.phase}`);
    case "limit":
      return closeData(
        why.what === "rate" ? CLOSE_CODES.policyViolation : CLOSE_CODES.tooLarge,
        `the limit is ${why.limit}`,
      );
  }
}

/** The payload of a Close frame, RFC 6455 5.5.1. */
export function closeData(code: number, reason = ""): Buffer {
  if (!isCloseCode(code)) throw new RangeError(`${code} is not a code to close with`);
  // What is no string would be measured as one thing and written as another.
  if (typeof reason !== "string" || !reason.isWellFormed())
    throw new TypeError("a reason is well-formed text");
  const length = Buffer.byteLength(reason);
  if (length > MAX_REASON) throw new RangeError(`a reason of ${length} bytes, ${MAX_REASON} are allowed`);
  const data = Buffer.allocUnsafe(2 + length);
  data.writeUInt16BE(code);
  data.write(reason, 2);
  return data;
}
