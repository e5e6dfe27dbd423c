const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
// What terminals give two columns: East Asian wide and fullwidth characters, and emoji.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}|\ufe0f|^[\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
const ASCII = /^[ -~]*$/;
// Control characters and line separators would break the row; format characters turn its direction, or show nothing. Emoji are
// joined by U+200D.
const CONTROL = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Columns that a terminal gives to text without control characters. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text with a question mark for whatever would do more to a terminal, or to what stands beside it, than show something. */
export function printable(text: string): string {
  if (ASCII.test(text)) return text;
  const shown = text.toWellFormed().replace(CONTROL, "?");
  const joinsBefore = firstOf(` ${shown}`).length - 1;
  const joinsBehind = lastOf(`${shown} `).length - 1;
  const start = joinsBefore === 0 ? "" : "?";
  const end = joinsBehind === 0 ? "" : "?";
  return `${start}${shown.slice(joinsBefore, shown.length - joinsBehind)}${end}`;
}

/** An accent with nothing under it would sit on the space before … */
function firstOf(text: string): string {
  for (const { segment } of graphemes.segment(text)) return segment;
  return "";
}

/** … and some Indic letters take what follows with them. */
function lastOf(text: string): string {
  let last = "";
  for (const { segment } of graphemes.segment(text)) last = segment;
  return last;
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
