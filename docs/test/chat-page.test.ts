import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { inChromium } from "./support/chromium.ts";
import { type OpenRoom, openRoom } from "./support/room.ts";
import { Wire } from "./support/wire.ts";

inChromium((browser) => {
  test("two pages and a terminal talk in one room", async () => {
    await using room = await openRoom();
    const ann = await comeIn(room, "Ann");
    const ben = await comeIn(room, "Ben");
    using wire = await Wire.connect(room.lines);
    expect(await wire.readLine()).toBe("user[1] came\n");
    expect(await shown(ann.page, "#here li")).toEqual(["A Ann", "B Ben", "U1 user[1]"]);
    expect(await shown(ann.page, "#here .you")).toEqual(["A Ann"]);

    await say(ann.page, "hello <b>all</b> & <script>window.wasRun = true</script>");
    expect(await wire.readLine()).toBe(
      "Ann said: hello <b>all</b> & <script>window.wasRun = true</script>\n",
    );
    wire.send("and <img src=x onerror=alert(1)> hello\n");
    await wire.readLine();
    await say(ben.page, "two");
    await wire.readLine();

    // Markup is text, and one's own stands apart.
    const texts = [
      ["Ann", "hello <b>all</b> & <script>window.wasRun = true</script>"],
      ["user[1]", "and <img src=x onerror=alert(1)> hello"],
      ["Ben", "two"],
    ];
    expect(await said(ann.page, 3)).toEqual(texts);
    expect(await said(ben.page, 3)).toEqual(texts);
    expect(await ann.page.locator("#log :is(b, img, script)").count()).toBe(0);
    expect(await said(ann.page, 1, ".own")).toEqual([texts[0]]);
    expect(await said(ben.page, 1, ".own")).toEqual([texts[2]]);

    // Who comes later sees what was said.
    const late = await comeIn(room, "Late");
    expect(await said(late.page, 3)).toEqual(texts);
    await late.page.close();
    expect(await wire.readLine()).toBe("Late came\n");
    expect(await wire.readLine()).toBe("Late logout\n");
    expect([...ann.complaints, ...ben.complaints, ...late.complaints]).toEqual([]);
  });

  test("a name may be changed, and is kept when the page is loaded again", async () => {
    await using room = await openRoom();
    const { page } = await comeIn(room, "Ann");
    await page.click("#rename");
    await page.fill("#name", "Anna");
    await page.keyboard.press("Enter");
    await page.locator("#rename", { hasText: "Anna" }).waitFor();
    await page.reload();
    await page.locator("#rename", { hasText: "Anna" }).waitFor();
    expect(await shown(page, "#here li")).toEqual(["A Anna"]);
  });

  test("a page that has lost its room says so, keeps what is typed, and comes back", async () => {
    await using room = await openRoom();
    const { page } = await comeIn(room, "Ann");
    await room.chat.stop();
    await page.waitForSelector("#status[data-state=lost]");
    await page.fill("#text", "kept");
    await page.keyboard.press("Enter");
    expect(await page.inputValue("#text")).toBe("kept");
    expect(await page.isDisabled("#composer button")).toBe(true);

    await using again = await openRoom(room.first);
    await page.waitForSelector("#status[data-state=open]");
    await page.click("#composer button");
    expect(await said(page, 1)).toEqual([["Ann", "kept"]]);
    expect(again.chat.stderr).toBe("");
  });

  test("on a phone nothing is wider than its screen", async () => {
    await using room = await openRoom();
    const { page } = await comeIn(room, "A name of 24 characters.", { width: 360, height: 640 });
    await say(page, "x".repeat(500));
    await said(page, 1);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    const box = await page.locator(".bubble").boundingBox();
    expect(box!.x + box!.width).toBeLessThanOrEqual(360);
    expect(await page.isVisible("#text")).toBe(true);
  });

  /** Opens the page as somebody who was never there. */
  async function comeIn(room: OpenRoom, name: string, viewport = { width: 1000, height: 700 }) {
    const context = await browser().newContext({ viewport });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(room.page);
    await page.fill("#name", name);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#status[data-state=open]");
    return { page, complaints };
  }
});

async function say(page: Page, text: string): Promise<void> {
  await page.fill("#text", text);
  await page.keyboard.press("Enter");
}

/** Who said what, when so many have. */
async function said(page: Page, count: number, kind = ""): Promise<[name: string, text: string][]> {
  await expect.poll(() => page.locator(`.said${kind}`).count()).toBe(count);
  return page.$$eval(`.said${kind}`, (items) =>
    items.map((item): [string, string] => [
      item.querySelector(".from")!.textContent!,
      item.querySelector(".bubble")!.firstChild!.textContent!,
    ]),
  );
}

function shown(page: Page, selector: string): Promise<string[]> {
  return page.$$eval(selector, (items) =>
    items.map((item) => [...item.children].map((child) => child.textContent).join(" ")),
  );
}
