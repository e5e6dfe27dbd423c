import { TOKEN } from "@sock/protocol-http/head";

/** One element of `Sec-WebSocket-Extensions`. A parameter without a value has `undefined`. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

const BLANKS = /[ \t]*/y;
const NAME = new RegExp(`[${TOKEN}]+`, "y");
// RFC 6455 9.1: what is within the quotes must be a token too, so only its characters can have been escaped.
const QUOTED = new RegExp(`"((?:\\\\?[${TOKEN}])+)"`, "y");

/** The extensions that a field lists, or `undefined` when it breaks the grammar of RFC 6455 9.1. */
export function parseExtensions(text: string): Extension[] | undefined {
  const scanner = new Scanner(text);
  const extensions: Extension[] = [];
  while (!scanner.isAtEnd) {
    // RFC 9110 5.6.1.2: empty elements of a list are to be ignored.
    if (scanner.skip(",")) continue;
    const extension = parseExtension(scanner);
    if (extension === undefined || !(scanner.isAtEnd || scanner.skip(","))) return undefined;
    extensions.push(extension);
  }
  return extensions;
}

function parseExtension(scanner: Scanner): Extension | undefined {
  const name = scanner.take(NAME);
  if (name === undefined) return undefined;
  const parameters: [string, string | undefined][] = [];
  while (scanner.skip(";")) {
    const parameter = scanner.take(NAME);
    if (parameter === undefined) return undefined;
    let value: string | undefined;
    if (scanner.skip("=")) {
      value = scanner.take(NAME) ?? scanner.take(QUOTED)?.replace(/\\/g, "");
      if (value === undefined) return undefined;
    }
    parameters.push([parameter, value]);
  }
  return { name, parameters };
}

/** Goes through a text once. Stands on a character that is not blank, always. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#match(BLANKS);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  skip(mark: string): boolean {
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    this.#match(BLANKS);
    return true;
  }

  /** What `pattern` matches here: its group, if it has one. */
  take(pattern: RegExp): string | undefined {
    const match = this.#match(pattern);
    if (match === null) return undefined;
    this.#match(BLANKS);
    return match[1] ?? match[0];
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }
}
