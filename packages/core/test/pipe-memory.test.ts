import { describe, expect, test } from "vitest";
import { raw } from "../src/index.ts";
import { overFake } from "./support/fake-transport.ts";

// Node 20 cannot give memory back.
const canFree = "transfer" in ArrayBuffer.prototype;

describe.runIf(canFree)("a raw pipe", () => {
  // In memory of its own, as a read of some size is.
  const chunkOf = (size: number) => Buffer.alloc(size, 1);

  test.each([4, 8, 16, 64])("that passes chunks of %i KiB on keeps none but the last", (kibibytes) => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.pipe(connection);
    const chunks = Array.from({ length: 10 }, () => chunkOf(kibibytes * 1024));
    for (const chunk of chunks) transport.handler.received(chunk);
    expect(transport.taken).toEqual(Buffer.alloc(10 * kibibytes * 1024, 1));
    expect(chunks.slice(0, -1).filter((chunk) => chunk.length > 0)).toEqual([]);
  });

  test("keeps chunks until the destination has taken them", () => {
    const { connection, transport } = overFake({ codec: raw() });
    connection.pipe(connection);
    transport.room = 0;
    const chunks = [chunkOf(20_000), chunkOf(20_000)];
    for (const chunk of chunks) transport.handler.received(chunk);
    expect(chunks.map((chunk) => chunk.length)).toEqual([20_000, 20_000]);
    transport.take();
    transport.handler.received(chunkOf(20_000));
    expect(chunks.map((chunk) => chunk.length)).toEqual([0, 0]);
    expect(transport.taken).toEqual(Buffer.alloc(60_000, 1));
  });
});
