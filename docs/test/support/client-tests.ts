import { type Origins, ping } from "@sock/protocol-websocket";
import { describe, expect, test } from "vitest";
import type { Dialled } from "./dial.ts";
import { serve } from "./web-server.ts";

/** What a client does once it is connected. Its source may be run in a page, so it uses nothing from around it. */
export type Conversation<Result, Argument = undefined> = (
  dialled: Dialled,
  argument: Argument,
) => Result | Promise<Result>;

/** Somebody else's WebSocket. */
export interface Client {
  /** Whether it compresses what it sends. */
  readonly compresses: boolean;

  /** What lets it in. */
  readonly origins: Origins;

  /** Connects, and resolves with what the conversation gives. */
  talk<Result, Argument>(
    url: string,
    conversation: Conversation<Result, Argument>,
    argument?: Argument,
    protocols?: readonly string[],
  ): Promise<Result>;
}

const clean = { wasClean: true };

/** What each such client and our server have to say to each other. */
export function clientTests({ talk, compresses, origins }: Client): void {
  describe("messages", () => {
    test("text comes back as text: empty, of all lengths, of all characters", async () => {
      await using echo = await serve({ origins });
      const texts = [
        "",
        "\0 \x7f \r\n",
        "grüß dich, 日本語, 😀 👩‍👩‍👧‍👦 🏳️‍🌈",
        String.fromCodePoint(0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x10000, 0x10ffff),
        ...[125, 126, 127, 65_535, 65_536].map((length) => "x".repeat(length)),
      ];
      const come = await talk(
        echo.url,
        async ({ socket, next }, texts) => {
          for (const text of texts) socket.send(text);
          const come: unknown[] = [];
          while (come.length < texts.length) come.push(await next());
          return come;
        },
        texts,
      );
      expect(come).toEqual(texts);
    });

    test("bytes come back as bytes: none, each of the 256, of all lengths", async () => {
      await using echo = await serve({ origins });
      const come = await talk(echo.url, async ({ socket, next }) => {
        const come: number[][] = [];
        for (const length of [0, 1, 125, 126, 127, 256, 65_535, 65_536]) {
          socket.send(Uint8Array.from({ length }, (_, at) => at));
          come.push(Array.from(new Uint8Array((await next()) as ArrayBuffer)));
        }
        return come;
      });
      const bytes = (length: number) => Array.from({ length }, (_, at) => at % 256);
      expect(come).toEqual([0, 1, 125, 126, 127, 256, 65_535, 65_536].map(bytes));
    });

    test("a Blob is bytes as well, either way", async () => {
      await using echo = await serve({ origins });
      const come = await talk(echo.url, async ({ socket, next }) => {
        socket.binaryType = "blob";
        socket.send(new Blob(["a blob"]));
        const blob = (await next()) as Blob;
        return [blob instanceof Blob, await blob.text()];
      });
      expect(come).toEqual([true, "a blob"]);
    });

    test("1 MiB of each comes back unchanged", async () => {
      await using echo = await serve({ origins });
      const isSame = await talk(echo.url, async ({ socket, next }) => {
        const text = "0123456789 ä 😀 ".repeat(2 ** 20 / 20);
        const bytes = Uint8Array.from({ length: 2 ** 20 }, (_, at) => at ^ (at >> 8));
        socket.send(text);
        socket.send(bytes);
        const isSameText = (await next()) === text;
        const come = new Uint8Array((await next()) as ArrayBuffer);
        return [isSameText, come.length === bytes.length && come.every((byte, at) => byte === bytes[at])];
      });
      expect(isSame).toEqual([true, true]);
    });

    test("ten thousand in a burst keep their order", async () => {
      await using echo = await serve({ origins });
      const come = await talk(echo.url, async ({ socket, next }) => {
        for (let n = 0; n < 10_000; n++) socket.send(String(n));
        const come: unknown[] = [];
        while (come.length < 10_000) come.push(await next());
        return come;
      });
      expect(come).toEqual(Array.from({ length: 10_000 }, (_, n) => String(n)));
    });

    test("what the server says first comes first", async () => {
      await using server = await serve(
        { origins },
        { onConnect: (connection) => connection.send("welcome") },
      );
      expect(await talk(server.url, ({ next }) => next())).toBe("welcome");
    });
  });

  describe("permessage-deflate", () => {
    test("is agreed on, and makes a megabyte of prose small", async () => {
      await using echo = await serve({ origins, deflate: true });
      const [extensions, isSame] = await talk(echo.url, async ({ socket, next }) => {
        const text = "prose repeats itself, 😀 and again. ".repeat(2 ** 20 / 35);
        socket.send(text);
        return [socket.extensions, (await next()) === text];
      });
      expect(extensions).toMatch(/^permessage-deflate\b/);
      expect(isSame).toBe(true);
      expect(await echo.note("open")).toMatchObject({ isDeflating: true });
      const { bytesRead, bytesWritten } = echo.server.stats();
      expect(bytesWritten).toBeLessThan(50_000);
      if (compresses) expect(bytesRead).toBeLessThan(50_000);
    });

    test.each([
      { sendTakeover: true },
      { sendTakeover: true, receiveTakeover: true },
      { sendTakeover: true, receiveTakeover: true, sendWindowBits: 9, receiveWindowBits: 9 },
      { sendWindowBits: 8, receiveWindowBits: 8, level: 9, memLevel: 1 },
    ])("with %j, messages that are alike come back", async (deflate) => {
      await using echo = await serve({ origins, deflate: { ...deflate, threshold: 0 } });
      const come = await talk(echo.url, async ({ socket, next }) => {
        const come: boolean[] = [];
        for (let n = 0; n < 5; n++) {
          const bytes = Uint8Array.from({ length: 10_000 }, (_, at) => (at * at) >> (n + 3));
          socket.send(bytes);
          const echoed = new Uint8Array((await next()) as ArrayBuffer);
          come.push(echoed.length === 10_000 && echoed.every((byte, at) => byte === bytes[at]));
          socket.send("");
          come.push((await next()) === "");
        }
        return come;
      });
      expect(await echo.note("open")).toMatchObject({ isDeflating: true });
      expect(come).toEqual(Array(10).fill(true));
    });

    test("is not in use unless the server wants it", async () => {
      await using echo = await serve({ origins });
      expect(await talk(echo.url, ({ socket }) => socket.extensions)).toBe("");
      expect(await echo.note("open")).toMatchObject({ isDeflating: false });
    });
  });

  describe("the handshake", () => {
    test("chooses a subprotocol that both speak", async () => {
      await using server = await serve({ origins, protocols: ["v1.chat", "v2.chat"] });
      const chosen = await talk(server.url, ({ socket }) => socket.protocol, undefined, [
        "v3.chat",
        "v2.chat",
      ]);
      expect(chosen).toBe("v2.chat");
      expect(await server.note("open")).toMatchObject({ protocol: "v2.chat" });
    });

    test("without one, a client that asked for some goes", async () => {
      await using server = await serve({ origins });
      await expect(talk(server.url, () => {}, undefined, ["v3.chat"])).rejects.toThrow("did not open");
    });

    test("tells the server what it is asked for", async () => {
      await using server = await serve({ origins });
      await talk(`${server.url}/room/1?name=t%20m`, () => {});
      const { request } = await server.note("open");
      expect(request).toMatchObject({ path: "/room/1", query: "name=t%20m", host: new URL(server.url).host });
    });

    test("may be refused", async () => {
      await using server = await serve({ origins, verify: () => ({ status: 401 }) });
      await expect(talk(server.url, () => {})).rejects.toThrow("did not open");
      expect(await server.note("refused")).toMatchObject({ status: 401 });
    });
  });

  describe("the end", () => {
    test("the server's code and reason reach the client", async () => {
      await using server = await serve(
        { origins },
        {
          onConnect: (connection) => connection.close("last words", { code: 4001, reason: "enough ✓" }),
        },
      );
      const come = await talk(server.url, async ({ next }) => [await next(), await next()]);
      expect(come).toEqual(["last words", { code: 4001, reason: "enough ✓", ...clean }]);
      expect(await server.note("close")).toMatchObject({ code: 4001 });
    });

    test("the client's code and reason reach the server", async () => {
      await using server = await serve({ origins });
      const come = await talk(server.url, ({ socket, next }) => {
        socket.close(4002, "bye ✓");
        return next();
      });
      expect(come).toMatchObject({ code: 4002, ...clean });
      expect(await server.note("close")).toEqual({ type: "close", code: 4002, reason: "bye ✓" });
    });

    test("a close without a code is 1005 to both", async () => {
      await using server = await serve({ origins });
      const come = await talk(server.url, ({ socket, next }) => {
        socket.close();
        return next();
      });
      expect(come).toEqual({ code: 1005, reason: "", ...clean });
      expect(await server.note("close")).toEqual({ type: "close", code: 1005, reason: "" });
    });

    test.each([
      ["that stops", {}, 1001],
      ["that drains", { drain: 10_000 }, 1012],
    ])("a server %s says so", async (_, how, code) => {
      await using server = await serve({ origins });
      const come = talk(server.url, ({ next }) => next());
      await server.connected;
      await server.server.close(how);
      expect(await come).toEqual({ code, reason: "", ...clean });
    });

    test("a message over the limit is answered with 1009 and the numbers", async () => {
      const errors: unknown[] = [];
      await using server = await serve(
        { origins, maxMessageSize: 1000 },
        { onError: (_, error) => errors.push(error) },
      );
      const come = await talk(server.url, async ({ socket, next }) => {
        socket.send("x".repeat(1000));
        socket.send("x".repeat(1001));
        return [await next(), await next()];
      });
      const reason = "a message of 1001 bytes or more, over the limit of 1000";
      expect(come).toEqual(["x".repeat(1000), { code: 1009, reason, ...clean }]);
      expect(errors).toMatchObject([{ code: "WS_TOO_LARGE", message: reason }]);
    });

    test("a handler that throws is answered with 1011", async () => {
      const errors: unknown[] = [];
      await using server = await serve(
        { origins },
        {
          onMessage() {
            throw new Error("a secret of the server's");
          },
          onError: (_, error) => errors.push(error),
        },
      );
      const come = await talk(server.url, ({ socket, next }) => {
        socket.send("hello");
        return next();
      });
      expect(come).toEqual({ code: 1011, reason: "", ...clean });
      expect(errors).toMatchObject([{ message: "a secret of the server's" }]);
    });

    test("a connection that is cut is 1006", async () => {
      await using server = await serve({ origins }, { onMessage: (connection) => connection.destroy() });
      const come = await talk(server.url, ({ socket, next }) => {
        socket.send("hello");
        return next();
      });
      expect(come).toEqual({ code: 1006, reason: "", wasClean: false });
    });
  });

  describe("pings", () => {
    test("one that is sent is answered with its data", async () => {
      await using server = await serve(
        { origins },
        {
          onConnect: (connection) => connection.send(ping("there?")),
        },
      );
      const come = talk(server.url, ({ next }) => next());
      expect(await server.note("pong")).toEqual({ type: "pong", data: Buffer.from("there?") });
      await server.server.close();
      expect(await come).toMatchObject({ code: 1001 });
    });

    test("the heartbeat's are answered, and tell the round-trip time", async () => {
      await using server = await serve({ origins }, { pingInterval: 1 });
      const come = talk(server.url, ({ next }) => next());
      const connection = await server.connected;
      await server.note("pong");
      expect(connection.roundTripTime).toBeGreaterThanOrEqual(0);
      await server.server.close();
      expect(await come).toMatchObject({ code: 1001 });
    });
  });
}
