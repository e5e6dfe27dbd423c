import { isFieldValue, isToken } from "./grammar.ts";

/** Fields to be sent: an object, or pairs where a name repeats. */
export type HeadersToSend =
  | Readonly<Record<string, string>>
  | Iterable<readonly [name: string, value: string]>;

/**
 * The fields as lines without their ends.
 * @throws TypeError for what would break out of its line, and for fields that are `reserved`: ours to say
 */
export function fieldLines(headers: HeadersToSend, reserved: ReadonlySet<string>): string[] {
  return pairs(headers).map(([name, value]) => {
    if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is not the name of a header`);
    if (reserved.has(name.toLowerCase())) throw new TypeError(`the header ${name} is the codec's to say`);
    // A value that is no string would be judged as one text and written as another.
    if (typeof value !== "string" || !isFieldValue(value))
      throw new TypeError(`the value of ${name} cannot be sent`);
    return `${name}: ${value}`;
  });
}

function pairs(headers: HeadersToSend): (readonly [name: string, value: string])[] {
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers);
}
