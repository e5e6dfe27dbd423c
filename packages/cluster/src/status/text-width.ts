const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// What terminals give two columns: East Asian wide and fullwidth characters, and emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}|\ufe0f|^[\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
const ASCII = /^[ -~]*$/;
// C0, DEL and C1, line separators, and what turns the direction of text: they would break the row, or pass for another text.
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Columns that a terminal gives to text without control characters. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text with a question mark for whatever would do more to a terminal than show something. */
export function printable(text: string): string {
  return ASCII.test(text) ? text : text.toWellFormed().replace(CONTROL, "?");
}

/** As much of the text as fits `most` columns; two dots at its end tell that there was more. */
export function cutText(text: string, most: number): string {
  if (textWidth(text) <= most) return text;
  const end = "..".slice(0, most);
  let kept = "";
  let width = end.length;
  for (const { segment } of graphemes.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > most) break;
    kept += segment;
  }
  return kept + end;
}
