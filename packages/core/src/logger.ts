/**
 * Where things go that no handler hears of. A pino logger is one, and so is `console`.
 *
 * @example
 * await listen("tcp://127.0.0.1:2347", { codec: text(), logger: pino() });
 */
export interface Logger {
  /** Something that should be looked at: a handler threw, and there is no `onError`. `err` is what was thrown. */
  error(details: { err: unknown }, sentence: string): void;
}

/** What is used unless another is given. */
export const stderrLogger: Logger = {
  error: ({ err }, sentence) => console.error(`${sentence}:`, err),
};
