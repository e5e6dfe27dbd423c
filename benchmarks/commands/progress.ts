/** One line at the end of the terminal that says what is going on; nothing where there is no terminal. */
export class Progress {
  readonly #total: number;
  readonly #out: NodeJS.WriteStream;
  readonly #began = performance.now();
  #done = 0;
  #row = "";

  constructor(total: number, out: NodeJS.WriteStream = process.stderr) {
    this.#total = total;
    this.#out = out;
  }

  begin(row: string): void {
    this.#row = row;
    this.tell("starts");
  }

  tell(what: string): void {
    if (!this.#out.isTTY) return;
    const line = `[${this.#done + 1}/${this.#total}] ${this.#row}: ${what}${this.#left()}`;
    this.#out.write(`\r\x1b[K${line.slice(0, (this.#out.columns ?? 80) - 1)}`);
  }

  end(): void {
    this.#done++;
    if (this.#out.isTTY) this.#out.write("\r\x1b[K");
  }

  /** Where there is no terminal, a line that stays says how far it is. */
  get counter(): string {
    return this.#out.isTTY ? "" : `[${this.#done}/${this.#total}] `;
  }

  #left(): string {
    if (this.#done === 0) return "";
    const each = (performance.now() - this.#began) / this.#done;
    const seconds = (each * (this.#total - this.#done)) / 1000;
    return seconds < 90
      ? `, about ${Math.ceil(seconds)} s left`
      : `, about ${Math.ceil(seconds / 60)} min left`;
  }
}
