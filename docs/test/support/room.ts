import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Example } from "./example.ts";

export interface OpenRoom extends AsyncDisposable {
  readonly chat: Example;
  /** Where its doors are. */
  readonly page: string;
  readonly web: string;
  readonly lines: string;
  readonly frames: string;
  readonly echo: string;
  readonly greeter: string;
  /** Its first port: another may take its place there. */
  readonly first: number;
  /** What `reload`, `status` and their like print, and with what they ended. */
  command(...words: string[]): Promise<{ code: number | NodeJS.Signals; output: string }>;
}

/** The chat, as the demo starts it, with its files in a folder of its own: at `first` and the four ports behind it. */
export async function openRoom(first?: number): Promise<OpenRoom> {
  const port = first ?? (await fivePorts());
  const TMPDIR = mkdtempSync(join(tmpdir(), "sock-room-"));
  const chat = new Example({ TMPDIR }, "chat", "start", "-q", String(port));
  const page = await chat.address();
  const [, host, texts, web, frames, echo, greeter] = await chat.says(
    /\n {2}nc (\S+) (\d+)\n.* join (ws:\S+)\n.* join (frame:\S+)\n[\s\S]* nc \S+ (\d+)\n +curl (\S+)\n[\s\S]*Ctrl\+C here ends it\.\n$/,
  );
  return {
    chat,
    page,
    web: web!,
    lines: `text://${host}:${texts}`,
    frames: frames!,
    echo: `text://${host}:${echo}`,
    greeter: greeter!,
    first: port,
    async command(...words) {
      const command = new Example({ TMPDIR }, "chat", ...words);
      return { code: await command.ended, output: command.stdout + command.stderr };
    },
    async [Symbol.asyncDispose]() {
      await chat[Symbol.asyncDispose]();
      rmSync(TMPDIR, { recursive: true, force: true });
    },
  };
}

/** Outside of what the kernel gives to whoever asks for any port; those of other test files are elsewhere. */
let next = 20_000 + 500 * Number(process.env.VITEST_POOL_ID ?? 0);

async function fivePorts(): Promise<number> {
  for (;;) {
    const first = next;
    next += 5;
    if ((await Promise.all([0, 1, 2, 3, 4].map((offset) => isFree(first + offset)))).every(Boolean))
      return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
