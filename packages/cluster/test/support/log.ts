import type { ClusterLogger } from "../../src/index.ts";

/** Lines as they come, and those who wait for one. */
export class Log {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const look of this.#waiting) look();
  }

  /** The first line that matches, from the one numbered `from` on. */
  until(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.lines.slice(from).find((line) => pattern.test(line));
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** When so many lines match. */
  async times(pattern: RegExp, count: number): Promise<string[]> {
    for (let from = 0; ; from = this.lines.length) {
      const found = this.lines.filter((line) => pattern.test(line));
      if (found.length >= count) return found;
      await this.until(/^/, Math.max(from, this.lines.length));
    }
  }

  get logger(): ClusterLogger {
    return {
      info: (_, sentence) => this.add(sentence),
      warn: (_, sentence) => this.add(`warn: ${sentence}`),
      error: ({ err }, sentence) => this.add(`error: ${sentence}${err === undefined ? "" : ` ${err}`}`),
    };
  }
}
