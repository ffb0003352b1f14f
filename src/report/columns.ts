/** Texts in the columns of a terminal. They hold no control characters: names are escaped before. */

const MARK = /^\p{M}/u;
const WIDE = /^[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** Columns that a terminal gives to a text. */
export function columns(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += charColumns(char);
  return width;
}

function charColumns(char: string): number {
  return MARK.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
}

export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** At most `width` columns of a text; what is cut is shown as "…". */
export function cut(text: string, width: number): string {
  if (columns(text) <= width) return text;
  return width < 1 ? '' : `${head(text, width - 1)}…`;
}

/** As `cut`, keeping the end too: of a path the file's name says more than the folders in the middle. */
export function cutMiddle(text: string, width: number): string {
  if (columns(text) <= width) return text;
  if (width < 4) return cut(text, width);
  const left = Math.floor((width - 1) / 3);
  return `${head(text, left)}…${tail(text, width - 1 - left)}`;
}

/** As `cut`, keeping the end. */
export function cutStart(text: string, width: number): string {
  return columns(text) <= width ? text : `…${tail(text, width - 1)}`;
}

function tail(text: string, width: number): string {
  return [...head([...text].reverse().join(''), width)].reverse().join('');
}

/** As much of a text as fits in so many columns. */
export function head(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width));
  let taken = '';
  let used = 0;
  for (const char of text) {
    used += charColumns(char);
    if (used > width) break;
    taken += char;
  }
  return taken;
}
