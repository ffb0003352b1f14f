/** Measures and cuts texts by terminal columns. They contain no control characters, because names are already escaped. */
import {eastAsianWidth} from 'get-east-asian-width';

const PLAIN = /^[\x20-\x7e]*$/;
/** Characters that join the one before and take no column: accents, emoji variation selectors, and parts of Hangul syllables. */
const JOINING = '[\\p{M}\\u1160-\\u11ff\\ud7b0-\\ud7fb]';
/** A skin tone joins an emoji that supports it; otherwise it is a separate character. */
const TONED = '\\p{Emoji_Modifier_Base}\\ufe0f?\\p{Emoji_Modifier}';
const CHARACTERS = new RegExp(`(?:${TONED}|(?!${JOINING})[^])${JOINING}*|${JOINING}+`, 'gu');
const JOINS = new RegExp(`^${JOINING}`, 'u');
/** An emoji that would be a plain character without its variation selector. */
const AS_EMOJI = /^\p{Emoji}\ufe0f/u;

/** Returns the number of columns that a text takes on a terminal. */
export function columns(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of charactersOf(text)) width += columnsOf(character);
  return width;
}

/** Splits a text into characters, each with those that join it. */
function charactersOf(text: string): readonly string[] {
  return text.match(CHARACTERS) ?? [];
}

function columnsOf(character: string): number {
  if (JOINS.test(character)) return 0;
  return AS_EMOJI.test(character) ? 2 : eastAsianWidth(character.codePointAt(0) as number);
}

/** Pads text with blanks to a width in terminal columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** Cuts a text to `width` columns. "…" marks the cut. */
export function cut(text: string, width: number): string {
  if (columns(text) <= width) return text;
  return width < 1 ? '' : `${head(text, width - 1)}…`;
}

/** As `cut`, but cuts the middle, because in a path the file name matters more than the folders. */
export function cutMiddle(text: string, width: number): string {
  if (columns(text) <= width) return text;
  if (width < 4) return cut(text, width);
  const left = Math.floor((width - 1) / 3);
  return `${head(text, left)}…${tail(text, width - 1 - left)}`;
}

/** As `cut`, but cuts the start. */
export function cutStart(text: string, width: number): string {
  return columns(text) <= width ? text : `…${tail(text, width - 1)}`;
}

function tail(text: string, width: number): string {
  return fitting([...charactersOf(text)].reverse(), width)
    .reverse()
    .join('');
}

/** Returns as much of a text as fits in `width` columns. */
export function head(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width));
  return fitting(charactersOf(text), width).join('');
}

/** Returns the first characters that fit in `width` columns. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => {
    left -= columnsOf(character);
    return left < 0;
  });
  return characters.slice(0, end === -1 ? undefined : end);
}
