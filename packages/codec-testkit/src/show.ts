import { inspect } from "node:util";

/** Bytes of one value that are shown. What matters was made small by then. */
const SHOWN = 256;

/** A value for people: bytes as hexadecimal and as the text they may be. */
export function show(value: unknown): string {
  return inspect(legible(value), { depth: 8, breakLength: 100, maxArrayLength: 40, maxStringLength: 2000 });
}

/** Bytes in hexadecimal, and what of them can be printed. */
export function showBytes(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, SHOWN));
  const hex = shown.toString("hex").replace(/..(?=.)/g, "$& ");
  const text = shown.toString("latin1").replace(/[^ -~]/g, "·");
  const more = bytes.length > SHOWN ? ` … ${bytes.length} bytes` : "";
  return bytes.length === 0 ? "<no bytes>" : `<${hex}${more}> "${text}"`;
}

function legible(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return new Legible(`${value.constructor.name} ${showBytes(value)}`);
  if (Array.isArray(value)) return value.map(legible);
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value))) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, legible(field)]));
}

/** Text that is shown without quotes. */
class Legible {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  [inspect.custom](): string {
    return this.#text;
  }
}
