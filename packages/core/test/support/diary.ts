import type { ConnectionOptions, Handlers } from "../../src/index.ts";

/** What a connection told its user, one line for each callback. */
export class Diary {
  readonly lines: string[] = [];
  readonly errors: unknown[] = [];
  #wake: () => void = () => {};

  /** The handlers given, each of them writing here first; those that were not given only write. */
  keep<In, Out, Note, Context>(
    options: ConnectionOptions<In, Out, Note, Context>,
  ): ConnectionOptions<In, Out, Note, Context> {
    return {
      ...this.keepButMessages(options),
      onMessage: (connection, message) => {
        this.write(`message ${show(message)}`);
        return options.onMessage?.(connection, message);
      },
    };
  }

  /** As `keep`, but messages are taken only when there is a handler for them. */
  keepButMessages<In, Out, Note, Context>(
    options: ConnectionOptions<In, Out, Note, Context>,
  ): ConnectionOptions<In, Out, Note, Context> {
    type Told = "onConnect" | "onBufferFull" | "onBufferDrain" | "onEnd" | "onClose";
    const told =
      (name: Told, line: string): NonNullable<Handlers<In, Out, Note, Context>[Told]> =>
      (connection) => {
        this.write(line);
        return options[name]?.(connection);
      };
    return {
      ...options,
      onConnect: told("onConnect", "connect"),
      onBufferFull: told("onBufferFull", "full"),
      onBufferDrain: told("onBufferDrain", "drain"),
      onEnd: told("onEnd", "end"),
      onClose: told("onClose", "close"),
      onNote: (connection, note) => {
        this.write(`note ${note}`);
        return options.onNote?.(connection, note);
      },
      onError: (connection, error, phase) => {
        this.errors.push(error);
        this.write(`error ${nameOf(error)} in ${phase}`);
        return options.onError?.(connection, error, phase);
      },
    };
  }

  write(line: string): void {
    this.lines.push(line);
    this.#wake();
  }

  /** What was written since this was last asked. */
  news(): string[] {
    return this.lines.splice(0);
  }

  count(line: string): number {
    return this.lines.filter((other) => other === line).length;
  }

  /** Resolves when `line` has been written `times` times. */
  async until(line: string, times = 1): Promise<void> {
    while (this.count(line) < times) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function show(message: unknown): string {
  if (!(message instanceof Uint8Array)) return String(message);
  return message.length > 100 ? `${message.length} bytes` : Buffer.from(message).toString();
}

/** The code of an error that has one, the sentence of another. */
export function nameOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
