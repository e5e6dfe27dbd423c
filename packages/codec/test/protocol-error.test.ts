import { expect, test } from "vitest";
import { ProtocolError } from "../src/protocol-error.ts";

test("it has a code for programs and a sentence for people", () => {
  const error = new ProtocolError("BAD_HEADER", "the header is 3 bytes too long");
  expect(error).toBeInstanceOf(Error);
  expect(error.code).toBe("BAD_HEADER");
  expect(error.message).toBe("the header is 3 bytes too long");
  expect(error.farewell).toBeUndefined();
  expect(String(error)).toBe("ProtocolError: the header is 3 bytes too long");
});

test("it may carry the last bytes worth sending, and its cause", () => {
  const cause = new RangeError("inside");
  const error = new ProtocolError("BAD_HEADER", "bad", { farewell: "HTTP/1.1 400\r\n\r\n", cause });
  expect(error.farewell).toBe("HTTP/1.1 400\r\n\r\n");
  expect(error.cause).toBe(cause);
});

test("one of another copy of this package is told as one", async () => {
  // @ts-expect-error: a query makes it another module, of which the compiler knows nothing
  const copy = (await import("../src/protocol-error.ts?copy")) as { ProtocolError: typeof ProtocolError };
  const error = new copy.ProtocolError("BAD_HEADER", "bad");
  expect(error).not.toBeInstanceOf(ProtocolError);
  expect(ProtocolError.is(error)).toBe(true);
  expect(copy.ProtocolError.is(new ProtocolError("BAD_HEADER", "bad"))).toBe(true);
});

test.each([undefined, null, "BAD_HEADER", 1, {}, { code: "BAD_HEADER", message: "bad" }, new Error("bad")])(
  "%o is not one",
  (value) => {
    expect(ProtocolError.is(value)).toBe(false);
  },
);
