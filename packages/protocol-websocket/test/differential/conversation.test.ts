import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PerMessageDeflateOptions, WebSocket, WebSocketServer } from "ws";
import { type DeflateOptions, ping, websocket, websocketClient } from "../../src/index.ts";
import { describeMessage } from "../observe.ts";
import { OverTcp } from "../over-tcp.ts";

// Our codec and `ws` talk to each other over loopback: whatever one says, the other hears, in its order.

/** What one of the two does. */
type Step =
  | { who: "us" | "ws"; says: string | Uint8Array; turn: boolean }
  | { who: "us" | "ws"; pings: Uint8Array; turn: boolean }
  /** Only `ws` sends fragments. */
  | { who: "ws"; fragments: (string | Uint8Array)[]; turn: boolean };

interface Conversation {
  steps: Step[];
  closing: { who: "us" | "ws"; code: number; reason: string };
}

const who = fc.constantFrom<"us" | "ws">("us", "ws");
const turn = fc.boolean();
const repetitive = fc.integer({ min: 1, max: 3000 }).map((count) => "the same again, ".repeat(count));
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  repetitive,
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300, size: "max" }),
  fc.constantFrom(125, 126, 2048, 2049, 65535, 65536).map((size) => Buffer.alloc(size, "ab")),
);
const pieces = fc.oneof(
  fc.array(fc.string({ unit: "grapheme", maxLength: 20 }), { minLength: 2, maxLength: 5 }),
  fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 2, maxLength: 5 }),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ who, says: fc.oneof(texts, bytes), turn }) },
  { weight: 1, arbitrary: fc.record({ who, pings: fc.uint8Array({ maxLength: 125 }), turn }) },
  { weight: 1, arbitrary: fc.record({ who: fc.constant("ws" as const), fragments: pieces, turn }) },
);

const conversations: fc.Arbitrary<Conversation> = fc.record({
  steps: fc.array(step, { maxLength: 12 }),
  closing: fc.record({
    who,
    code: fc.oneof(fc.constantFrom(1000, 1001, 1011, 1012), fc.integer({ min: 3000, max: 4999 })),
    reason: fc
      .string({ unit: "grapheme", maxLength: 20 })
      .filter((reason) => Buffer.byteLength(reason) <= 123),
  }),
});

interface Terms {
  name: string;
  ours: DeflateOptions | false;
  theirs: PerMessageDeflateOptions | false;
}

const always = { threshold: 0 };
const takeover = { ...always, sendTakeover: true, receiveTakeover: true };

const terms: Terms[] = [
  { name: "plain", ours: false, theirs: false },
  { name: "offered by one of the two", ours: always, theirs: false },
  { name: "deflated", ours: always, theirs: always },
  { name: "deflated above a threshold", ours: { threshold: 100 }, theirs: { threshold: 100 } },
  { name: "deflated, with windows taken over", ours: takeover, theirs: always },
  { name: "ours taken over", ours: { ...always, sendTakeover: true }, theirs: always },
  { name: "theirs taken over", ours: { ...always, receiveTakeover: true }, theirs: always },
  {
    name: "deflated, with small windows taken over",
    ours: { ...takeover, sendWindowBits: 9, receiveWindowBits: 10 },
    theirs: always,
  },
  {
    name: "deflated, with windows that ws makes small",
    ours: takeover,
    theirs: { ...always, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
  },
  {
    name: "deflated, with windows that ws refuses to take over",
    ours: takeover,
    theirs: { ...always, serverNoContextTakeover: true, clientNoContextTakeover: true },
  },
];

const numRuns = Number(process.env.SOCK_DIFFERENTIAL_RUNS ?? 40);

describe.each(terms)("$name", ({ ours, theirs }) => {
  const isDeflating = ours !== false && theirs !== false;

  describe("our server, a client of ws", () => {
    let server: Server;
    let accepted: (socket: Socket) => void;
    beforeAll(async () => {
      server = createServer({ allowHalfOpen: true }, (socket) => accepted(socket)).listen(0, "127.0.0.1");
      await once(server, "listening");
    });
    afterAll(() => server.close());

    test("both hear what the other says", async () => {
      const codec = websocket({ deflate: ours });
      await fc.assert(
        fc.asyncProperty(conversations, async (conversation) => {
          const us = new Promise<OverTcp>((resolve) => {
            accepted = (socket) => resolve(new OverTcp(socket, codec));
          });
          const them = new WebSocket(`ws://127.0.0.1:${portOf(server)}`, { perMessageDeflate: theirs });
          await talk(await us, them, conversation, isDeflating);
        }),
        { numRuns },
      );
    });
  });

  describe("our client, a server of ws", () => {
    let server: WebSocketServer;
    beforeAll(async () => {
      server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: theirs });
      await once(server, "listening");
    });
    afterAll(() => server.close());

    test("both hear what the other says", async () => {
      const port = portOf(server);
      const codec = websocketClient({ url: `ws://127.0.0.1:${port}`, deflate: ours });
      await fc.assert(
        fc.asyncProperty(conversations, async (conversation) => {
          const them = once(server, "connection");
          const us = new OverTcp(connect({ host: "127.0.0.1", port, allowHalfOpen: true }), codec);
          await talk(us, (await them)[0] as WebSocket, conversation, isDeflating);
        }),
        { numRuns },
      );
    });
  });
});

async function talk(
  us: OverTcp,
  them: WebSocket,
  { steps, closing }: Conversation,
  isDeflating: boolean,
): Promise<void> {
  const heard = { messages: [] as string[], pongs: [] as string[] };
  let news = () => {};
  us.onNews = () => news();
  them.on("message", (data, isBinary) => {
    heard.messages.push(describeMessage(isBinary ? data : data.toString()));
    news();
  });
  them.on("pong", (data) => {
    heard.pongs.push(data.toString("hex"));
    news();
  });
  const closed = once(them, "close") as Promise<[number, Buffer]>;
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      news = () => {
        if (us.error !== undefined) reject(us.error);
        else if (isThere()) resolve();
      };
      news();
    });

  try {
    await Promise.all([
      them.readyState === them.OPEN || once(them, "open"),
      until(() => us.notes.length > 0),
    ]);
    expect(us.notes[0]).toMatchObject({ type: "open", isDeflating });
    for (const one of steps) {
      if (one.who === "us") us.framed.send("says" in one ? one.says : ping(one.pings));
      else if ("says" in one) them.send(one.says);
      else if ("pings" in one) them.ping(one.pings);
      else
        one.fragments.forEach((piece, at) => void them.send(piece, { fin: at === one.fragments.length - 1 }));
      if (one.turn) await setImmediate();
    }
    const said = expected(steps);
    await until(
      () =>
        us.messages.length === said.ws.messages.length &&
        us.pongs.length === said.us.pings.length &&
        heard.messages.length === said.us.messages.length &&
        heard.pongs.length === said.ws.pings.length,
    );
    expect(us.messages.map(describeMessage)).toEqual(said.ws.messages);
    expect(us.pongs).toEqual(said.us.pings);
    expect(heard).toEqual({ messages: said.us.messages, pongs: said.ws.pings });

    const { code, reason } = closing;
    if (closing.who === "us") us.framed.farewell({ why: "close", code, reason });
    else them.close(code, reason);
    const [theirCode, theirReason] = await closed;
    await until(() => us.closeNote !== undefined);
    // The one that did not begin hears code and reason; the other its code again.
    if (closing.who === "us") expect([theirCode, theirReason.toString()]).toEqual([code, reason]);
    else expect(us.closeNote).toMatchObject({ code, reason });
    expect([theirCode, us.closeNote?.code]).toEqual([code, code]);
  } finally {
    them.terminate();
    us.destroy();
  }
}

interface Said {
  messages: string[];
  pings: string[];
}

function expected(steps: readonly Step[]): { us: Said; ws: Said } {
  const said = { us: { messages: [], pings: [] } as Said, ws: { messages: [], pings: [] } as Said };
  for (const one of steps) {
    if ("says" in one) said[one.who].messages.push(describeMessage(one.says));
    else if ("pings" in one) said[one.who].pings.push(Buffer.from(one.pings).toString("hex"));
    else said.ws.messages.push(describeMessage(joined(one.fragments)));
  }
  return said;
}

function joined(fragments: readonly (string | Uint8Array)[]): string | Uint8Array {
  return typeof fragments[0] === "string" ? fragments.join("") : Buffer.concat(fragments as Uint8Array[]);
}

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}
