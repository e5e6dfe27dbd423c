import { describe, expect, test } from "vitest";
import { DEFAULT_MAX_PACKAGE_SIZE } from "../src/framed.ts";
import { record, script, sized, sizedHeader, start, ways } from "./toys.ts";

const n = 100;

describe.each(ways)("fed %s", (_, feed) => {
  test("the limit is checked when the length is known, before the bytes are waited for", () => {
    const limited = (length: number) => {
      const { framed, log } = start(sized, { maxPackageSize: n });
      feed(framed, sizedHeader(length));
      return log;
    };
    expect(limited(n - 1)).toEqual([]);
    expect(limited(n)).toEqual([]);
    expect(limited(n + 1)).toEqual(["failed FRAME_TOO_LARGE in input"]);
    expect(limited(2 ** 32 - 1)).toEqual(["failed FRAME_TOO_LARGE in input"]);
  });

  test("a frame up to the limit is decoded, one over it is not", () => {
    const limited = (length: number) => {
      const { framed, log } = start(script(), { maxPackageSize: n });
      feed(framed, `${"reply x;".padEnd(length - 1)}\n`);
      return log;
    };
    expect(limited(n - 1)).toEqual(["reply x"]);
    expect(limited(n)).toEqual(["reply x"]);
    expect(limited(n + 1)).toEqual(["failed FRAME_TOO_LARGE in input"]);
  });

  test("a frame whose end is not in sight may grow to one byte less than the limit", () => {
    const limited = (length: number) => {
      const { framed, log } = start(script(), { maxPackageSize: n });
      feed(framed, "x".repeat(length));
      return log;
    };
    expect(limited(n - 1)).toEqual([]);
    expect(limited(n)).toEqual(["failed FRAME_TOO_LARGE in input"]);
    expect(limited(n + 1)).toEqual(["failed FRAME_TOO_LARGE in input"]);
  });

  test("the limit is of one frame, not of what has arrived", () => {
    const { framed, log } = start(script(), { maxPackageSize: 10 });
    feed(framed, "reply 1\n".repeat(50));
    expect(log).toHaveLength(50);
  });

  test("frames before the one that is too large are delivered", () => {
    const { framed, log } = start(script(), { maxPackageSize: 10 });
    feed(framed, "say a\nsay bcdefghijkl\nsay c\n");
    expect(log).toEqual(["message a", "failed FRAME_TOO_LARGE in input"]);
  });

  test("the codec says its farewell before the failure is told", () => {
    const { framed, log } = start(script({ farewell: "end; reply too much:" }), { maxPackageSize: 10 });
    feed(framed, "x".repeat(11));
    expect(log).toEqual(["reply too much: limit", "end", "failed FRAME_TOO_LARGE in input"]);
  });

  test("a farewell that throws is the failure", () => {
    const { framed, log } = start(script({ farewell: "throw oops" }), { maxPackageSize: 10 });
    feed(framed, "x".repeat(11));
    expect(log).toEqual(["failed oops limit in farewell"]);
  });
});

test("the limit is 10 MiB unless told otherwise", () => {
  const { framed } = start(script());
  expect(framed.maxPackageSize).toBe(10 * 1024 * 1024);
  expect(framed.maxPackageSize).toBe(DEFAULT_MAX_PACKAGE_SIZE);
});

test("a new limit holds from the next look on", () => {
  const { framed, log } = start(script(), { maxPackageSize: 10 });
  framed.maxPackageSize = 20;
  framed.receive(Buffer.from("say abcdefgh\n"));
  framed.maxPackageSize = 10;
  framed.receive(Buffer.from("say abcdefgh\n"));
  expect(log).toEqual(["message abcdefgh", "failed FRAME_TOO_LARGE in input"]);
});

test("a limit that the codec sets is its own: the user's does not touch it", () => {
  const { framed, log } = start(script({ link: (link) => (link.maxPackageSize = 10) }));
  framed.maxPackageSize = 1000;
  framed.receive(Buffer.from("say abcdefgh\n"));
  expect(log).toEqual(["failed FRAME_TOO_LARGE in input"]);
});

test("the codec may read the user's limit", () => {
  let limit = 0;
  record(script({ link: (link) => (limit = link.maxPackageSize) }), { maxPackageSize: 77 });
  expect(limit).toBe(77);
});

test("a frame of which little has arrived takes little memory", () => {
  const { framed } = start(sized);
  framed.receive(sizedHeader(10 * 1024 * 1024));
  framed.receive(Buffer.of(1));
  expect(framed.retained).toBeLessThan(1024);
});

test("a frame of known length takes no more memory than that", () => {
  const { framed } = start(sized);
  framed.receive(Buffer.concat([sizedHeader(2000), Buffer.alloc(1000)]));
  framed.receive(Buffer.alloc(500));
  expect(framed.retained).toBe(2000);
});

test("the few bytes left of a large chunk do not keep it", () => {
  const { framed } = start(script());
  framed.receive(Buffer.from(`${" ".repeat(60_000)}\nsay`));
  expect(framed.unread).toBe(3);
  expect(framed.retained).toBeLessThan(100);
});
