import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { listen } from "@sock/core";
import { eventStream, http } from "@sock/protocol-http";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { type Conversation, clientTests } from "./support/client-tests.ts";
import { dial } from "./support/dial.ts";
import { serve } from "./support/web-server.ts";

inChromium((browser) => {
  let page: Page;
  let origin: string;
  const site = createServer((_, response) => void response.end("a page"));

  beforeAll(async () => {
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    page = await browser().newPage();
    await page.goto(origin);
  });
  afterAll(() => {
    site.closeAllConnections();
    site.close();
  });

  test("is what runs the pages", async () => {
    expect(await page.evaluate(() => navigator.userAgent)).toContain("HeadlessChrome");
  });

  clientTests({
    talk: (...args) => talkIn(page, ...args),
    compresses: true,
    origins: (theirs) => theirs === origin,
  });

  describe("origins", () => {
    test("a page of another host is turned away with 403", async () => {
      const errors: unknown[] = [];
      await using server = await serve({}, { onError: (_, error) => errors.push(error) });
      const told = page.waitForEvent("console");
      await expect(talkIn(page, server.url, () => {})).rejects.toThrow("did not open");
      expect((await told).text()).toContain("Unexpected response code: 403");
      expect(errors).toMatchObject([{ code: "WS_ORIGIN" }]);
    });

    test("a page of the same host and port is let in", async () => {
      await using server = await serve({});
      // A page that Playwright makes up comes from no address, and Chromium asks before such a page may come to this one.
      await using page = await browser().newPage({ permissions: ["local-network-access"] });
      const home = server.url.replace("ws:", "http:");
      await page.route(`${home}/**`, (route) => route.fulfill({ body: "a page of the server's own" }));
      await page.goto(home);
      expect(await talkIn(page, server.url, ({ socket }) => socket.readyState)).toBe(1);
      expect((await server.note("open")).request.origin).toBe(home);
    });
  });

  test("EventSource hears events, comes back where it was, and hears no comment", async () => {
    const left: string[] = [];
    async function* events(from: number, signal: AbortSignal) {
      try {
        yield { comment: "nobody hears this", retry: 1 };
        yield { data: "two\r\nlines", id: String(from + 1) };
        if (from === 0) return;
        yield { data: "ünother 😀", event: "other", id: String(from + 2) };
        if (!signal.aborted) await once(signal, "abort");
      } finally {
        left.push(`behind ${from}`);
      }
    }
    const server = await listen("tcp://127.0.0.1:0", {
      codec: http(),
      pingInterval: 1,
      onMessage(connection, { path, headers, signal }) {
        const from = Number(headers.get("last-event-id") ?? 0);
        if (path === "/events") connection.send(eventStream(events(from, signal)));
        else connection.send({ headers: { "Content-Type": "text/html" }, body: "a page" });
      },
    });
    const page = await browser().newPage();
    await page.goto(server.address.replace("tcp:", "http:"));
    const heard = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const source = new EventSource("/events");
          const heard: unknown[] = [];
          const hear = ({ type, data, lastEventId }: MessageEvent) => heard.push([type, data, lastEventId]);
          source.onmessage = hear;
          source.onerror = () => heard.push("came back");
          source.addEventListener("other", (event) => {
            hear(event as MessageEvent);
            source.close();
            resolve(heard);
          });
        }),
    );
    expect(heard).toEqual([
      ["message", "two\nlines", "1"],
      "came back",
      ["message", "two\nlines", "2"],
      ["other", "ünother 😀", "3"],
    ]);
    await page.close();
    await server.close();
    expect(left).toEqual(["behind 0", "behind 1"]);
  });
});

/** Holds the conversation in the page. Nothing but what it is given goes there with it. */
function talkIn<Result, Argument>(
  page: Page,
  url: string,
  conversation: Conversation<Result, Argument>,
  argument?: Argument,
  protocols?: readonly string[],
): Promise<Result> {
  return page.evaluate(`(async () => {
    const dialled = await (${dial})(...${JSON.stringify([url, protocols ?? []])});
    try {
      return await (${conversation})(dialled, ${JSON.stringify(argument)});
    } finally {
      dialled.socket.close();
    }
  })()`);
}
