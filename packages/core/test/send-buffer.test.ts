import { describe, expect, test } from "vitest";
import { listen, raw, type SendResult } from "../src/index.ts";
import { neverReads } from "./peers/never-reads.ts";
import { Diary } from "./support/diary.ts";
import { anyAddress, listening } from "./support/net-pair.ts";

const SIZE = 3_000_000;

describe.each(["tcp", "tls", "unix"] as const)("over %s, with maxSendBufferSize 100,000", (wire) => {
  test("messages of 3,000,000 bytes to a client that does not read", async () => {
    const answers: SendResult[] = [];
    const diary = new Diary();
    await using server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: raw(),
        ...listening(wire),
        maxSendBufferSize: 100_000,
        onMessage(connection) {
          while (answers.filter((answer) => answer === "dropped").length < 3) {
            const letter = String.fromCharCode(97 + answers.length);
            answers.push(connection.send(Buffer.alloc(SIZE, letter)));
          }
        },
        onBufferDrain: (connection) => connection.close("!"),
      }),
    );
    const client = await neverReads(server.address, "go");
    await diary.until("full");

    expect(answers.join(" ")).toMatch(/^(sent )*buffered dropped dropped dropped$/);
    const dropped = "error SEND_BUFFER_FULL in send";
    expect(diary.lines).toEqual(["connect", "message go", "full", dropped, dropped, dropped]);
    expect(server.stats().dropped).toBe(3);

    const received = await client.read();
    client.end();
    await diary.until("close");
    expect(diary.lines.slice(6)).toEqual(["drain", "close"]);

    const accepted = answers.filter((answer) => answer !== "dropped").length;
    expect(received.length).toBe(accepted * SIZE + 1);
    for (let i = 0; i < accepted; i++) {
      const message = Buffer.alloc(SIZE, String.fromCharCode(97 + i));
      expect(received.subarray(i * SIZE, (i + 1) * SIZE).equals(message)).toBe(true);
    }
  });

  test("the buffer fills and drains as often as it is filled", async () => {
    let rounds = 3;
    const fill = (connection: { send(message: Buffer): SendResult }) => {
      rounds -= 1;
      while (connection.send(Buffer.alloc(SIZE)) === "sent");
    };
    const diary = new Diary();
    await using server = await listen(
      anyAddress(wire),
      diary.keep({
        codec: raw(),
        ...listening(wire),
        maxSendBufferSize: 100_000,
        onConnect: fill,
        onBufferDrain(connection) {
          if (rounds > 0) fill(connection);
          else connection.close();
        },
      }),
    );
    const client = await neverReads(server.address);
    await client.read();
    client.end();
    await diary.until("close");
    expect(diary.lines).toEqual(["connect", "full", "drain", "full", "drain", "full", "drain", "close"]);
  });
});
