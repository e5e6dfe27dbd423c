import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { dial } from "./support/dial.ts";
import { Master } from "./support/master.ts";
import { Wire } from "./support/wire.ts";

const folder = mkdtempSync(join(tmpdir(), "sock-workers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const anyPort = "tcp://127.0.0.1:0";
const web = (address: string) => address.replace("tcp:", "http:");

async function ask(address: string, line: string): Promise<string> {
  using wire = await Wire.connect(address);
  wire.send(`${line}\n`);
  return await wire.readLine();
}

test("workers: several in one file, each with what it speaks, and all reloaded together", async () => {
  await using master = new Master("workers", { TEXT: anyPort, WEB: anyPort });
  const texts = await master.address("greeter");
  const pages = web(await master.address("web"));
  expect(await ask(texts, "tom")).toMatch(/^hello tom, says greeter [01]\n$/);
  expect(await (await fetch(`${pages}/tom`)).text()).toMatch(/^hello \/tom, says web [01]\n$/);
  await master.says(/^housekeeper: nothing to do yet$/);

  expect((await master.command("reload")).code).toBe(0);
  await master.says(/^housekeeper: nothing to do yet$/, 2);
  expect(await ask(texts, "ann")).toMatch(/^hello ann, says greeter [01]\n$/);
  expect(await master.stop()).toBe(0);
});

test("push: what comes to the internal port goes to whom it names, or to all", async () => {
  await using master = new Master("push", { PUBLIC: anyPort, INTERNAL: anyPort });
  const address = (await master.address("push")).replace("tcp:", "ws:");
  const [said] = await master.says(/^pushes come to (\S+)$/);
  const inside = said![1]!;
  const tom = await dial(address);
  const ann = await dial(address);
  for (const [name, { socket, next }] of Object.entries({ tom, ann })) {
    socket.send(name);
    expect(await next()).toBe(`you are ${name}`);
  }

  expect(await ask(inside, "tom:you have mail: 2")).toBe("ok\n");
  expect(await ask(inside, "all:back in five minutes")).toBe("ok\n");
  expect(await tom.next()).toBe("you have mail: 2");
  expect(await tom.next()).toBe("back in five minutes");
  expect(await ann.next()).toBe("back in five minutes");
  expect(await ask(inside, "bob:are you there?")).toBe("fail\n");
  expect(await ask(inside, "tom")).toBe("fail\n");

  const { connections } = JSON.parse((await master.command("connections", "--json")).output);
  expect(connections).toMatchObject([
    { worker: "push", transport: "tcp", protocol: "websocket", state: "open" },
    { worker: "push", transport: "tcp", protocol: "websocket", state: "open" },
  ]);

  // At a reload another process takes over: come back. At the end none does.
  expect((await master.command("reload")).code).toBe(0);
  expect(await tom.next()).toMatchObject({ code: 1012 });
  expect(await ann.next()).toMatchObject({ code: 1012 });
  const { next } = await dial(address);
  const stopped = master.stop();
  expect(await next()).toMatchObject({ code: 1001 });
  expect(await stopped).toBe(0);
});

test("tasks: a line of JSON, a line of JSON, and the end", async () => {
  await using master = new Master("tasks", { WEB: anyPort, TASKS: anyPort });
  const address = await master.address("task");
  const task = async (line: string) => {
    using wire = await Wire.connect(address);
    wire.send(`${line}\n`);
    return String(await wire.rest());
  };
  const primes = (below: unknown) => JSON.stringify({ function: "primes", args: { below } });
  expect(await task(primes(100))).toBe('{"result":25}\n');
  expect(await task(primes(-1))).toContain("RangeError");
  expect(await task('{"function":"toString"}')).toBe('{"error":"no function toString"}\n');
  expect(await task("no json")).toContain("SyntaxError");
  expect(await master.stop()).toBe(0);
});

test("tasks: a server asks them, and answers others meanwhile", async () => {
  await using master = new Master("tasks", { WEB: anyPort, TASKS: `unix:${join(folder, "tasks.sock")}` });
  const address = web(await master.address("web"));
  const slow = fetch(`${address}/primes?below=50000000`).then((response) => response.text());
  const quick = fetch(`${address}/tom`).then((response) => response.text());
  expect(await Promise.race([slow, quick])).toBe("hello /tom\n");
  expect(await slow).toBe('{"result":3001134}');
  const wrong = await fetch(`${address}/primes?below=many`);
  expect([wrong.status, await wrong.text()]).toEqual([500, expect.stringContaining("RangeError")]);
  expect(await master.stop()).toBe(0);
});

test("nightly: the timer is that of id 0, also when another process takes its place", async () => {
  await using master = new Master("nightly", { SECONDS_BETWEEN: "0.02" });
  await master.says(/^process [012] is up$/, 3);
  const [first] = await master.says(/^process (\d) cleans up, as pid (\d+)$/);
  process.kill(Number(first![2]), "SIGKILL");
  const other = new RegExp(`^process (\\d) cleans up, as pid (?!${first![2]}$)`);
  const later = await master.says(other, 3);
  expect([first, ...later].map((said) => said![1])).toEqual(["0", "0", "0", "0"]);
  expect(await master.stop()).toBe(0);
});
