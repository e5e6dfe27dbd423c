import { stat } from "node:fs/promises";
import type { Alarm } from "@sock/timer";
import type { EventLoop } from "../../event-loop.ts";

export interface CertificateWatchOptions {
  loop: EventLoop;
  /** Milliseconds from one look to the next. */
  interval: number;
  /** Those to look at. */
  files(): readonly string[];
  /** Reads them, and resolves with what is wrong. */
  reload(): Promise<Error | undefined>;
  /** They were read; or they were of no use, and will not be read again until they change. */
  reloaded(error?: Error): void;
}

/**
 * Looks at files again and again, and has them read when one is not what it was.
 *
 * Where a path leads is looked at, and not what happens in its folder: certbot and Kubernetes put a link in the place of
 * another, several links away. Files change one after the other, so what is of no use is read once more at the next look
 * before anybody hears of it.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #seen = "";
  #tried = "";
  #alarm: Alarm | undefined;
  #isOver = false;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
  }

  /** Remembers how the files are, and looks again from now on. To be awaited before they are read for the first time. */
  async start(): Promise<void> {
    this.#seen = await this.#describe();
    this.#wait();
  }

  stop(): void {
    this.#isOver = true;
    this.#alarm?.cancel();
  }

  #wait(): void {
    if (this.#isOver) return;
    const { loop, interval } = this.#options;
    this.#alarm = loop.after(interval, () => void this.#look());
    this.#alarm.unref();
  }

  async #look(): Promise<void> {
    const now = await this.#describe();
    if (now !== this.#seen && !this.#isOver) await this.#reload(now);
    this.#wait();
  }

  async #reload(now: string): Promise<void> {
    const error = await this.#options.reload();
    const isSettled = error === undefined || now === this.#tried;
    this.#tried = now;
    if (!isSettled || this.#isOver) return;
    this.#seen = now;
    this.#options.reloaded(error);
  }

  async #describe(): Promise<string> {
    return (await Promise.all(this.#options.files().map(describe))).join("\n");
  }
}

async function describe(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${path} ${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return `${path} ${(error as NodeJS.ErrnoException).code}`;
  }
}
