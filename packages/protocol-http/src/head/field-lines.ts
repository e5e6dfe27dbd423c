import { isFieldValue, isToken } from "./grammar.ts";

/** Fields to be sent: an object, or pairs where a name repeats; a `Headers` of the web, or the `Fields` of a request. */
export type HeadersToSend =
  | Readonly<Record<string, string | number>>
  | Iterable<readonly [name: string, value: string | number]>;

/** Takes a field to be sent, checked. */
export type OnField = (name: string, value: string) => void;

/**
 * The fields as lines without their ends.
 * @throws TypeError for what would break out of its line, and for fields that are `reserved`: ours to say
 */
export function fieldLines(headers: HeadersToSend, reserved: ReadonlySet<string>): string[] {
  const lines: string[] = [];
  eachField(headers, (name, value) => {
    if (reserved.has(name.toLowerCase())) throw new TypeError(`the header ${name} is the codec's to say`);
    lines.push(`${name}: ${value}`);
  });
  return lines;
}

/**
 * Calls `onField` with each field.
 * @throws TypeError for what would break out of its line
 */
export function eachField(headers: HeadersToSend, onField: OnField): void {
  if (Symbol.iterator in headers) {
    for (const [name, value] of headers) onField(checkName(name), checkValue(name, value));
  } else {
    for (const name of Object.keys(headers)) onField(checkName(name), checkValue(name, headers[name]));
  }
}

function checkName(name: string): string {
  if (typeof name !== "string" || !isToken(name))
    throw new TypeError(`${JSON.stringify(name)} is not the name of a header`);
  return name;
}

/** A value that is neither text nor number would be judged as one text and written as another. */
function checkValue(name: string, value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !isFieldValue(text))
    throw new TypeError(`the value of ${name} cannot be sent`);
  return text;
}
