// The letters of HTTP: RFC 9110 5.5 and 5.6.

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;

/** What a token is made of, for use in a regular expression's class. */
export const TOKEN = "!#$%&'*+\\-.^_`|~0-9A-Za-z";

/** 1 for each byte that a token may hold. */
export const IS_TOKEN = tableOf(new RegExp(`[${TOKEN}]`));

/** 1 for each byte that the value of a field may hold: no control but the tab. */
export const IS_VALUE = tableOf(/[\t -~\x80-\xff]/);

const ONE_TOKEN = new RegExp(`^[${TOKEN}]+$`);
const FIELD_VALUE = /^[\t -~\x80-\xff]*$/;

/** Whether `text` may be the name of a field, a method, a subprotocol. */
export function isToken(text: string): boolean {
  return ONE_TOKEN.test(text);
}

/** Whether `text` may be the value of a field that we send: no control, nothing above latin1. */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text);
}

export function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}

/** `text` without the blanks around it. Not `trim`, which takes a no-break space for one. */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (from < to && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** 1 for each byte that `one` matches. */
export function tableOf(one: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(one.test(String.fromCharCode(byte))));
}
