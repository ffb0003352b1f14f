/** Texts in the columns of a terminal. They hold no control characters: names are escaped before. */
import {eastAsianWidth} from 'get-east-asian-width';

const PLAIN = /^[\x20-\x7e]*$/;
/** What joins any character before it, and takes no column alone: accents, the form of an emoji, vowels and endings of Hangul in parts. */
const JOINING = '[\\p{M}\\u1160-\\u11ff\\ud7b0-\\ud7fb]';
/** The tone of a skin joins what has a skin; after anything else it is a character. */
const TONED = '\\p{Emoji_Modifier_Base}\\ufe0f?\\p{Emoji_Modifier}';
const CHARACTERS = new RegExp(`(?:${TONED}|(?!${JOINING})[^])${JOINING}*|${JOINING}+`, 'gu');
const JOINS = new RegExp(`^${JOINING}`, 'u');
/** An emoji that would be a plain character without its variation selector. */
const AS_EMOJI = /^\p{Emoji}\ufe0f/u;

/** Columns that a terminal gives to a text. */
export function columns(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of charactersOf(text)) width += columnsOf(character);
  return width;
}

/** Each with what joins it. */
function charactersOf(text: string): readonly string[] {
  return text.match(CHARACTERS) ?? [];
}

function columnsOf(character: string): number {
  if (JOINS.test(character)) return 0;
  return AS_EMOJI.test(character) ? 2 : eastAsianWidth(character.codePointAt(0) as number);
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
  return fitting([...charactersOf(text)].reverse(), width)
    .reverse()
    .join('');
}

/** As much of a text as fits in so many columns. */
export function head(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width));
  return fitting(charactersOf(text), width).join('');
}

/** The first of these that have room in so many columns. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => {
    left -= columnsOf(character);
    return left < 0;
  });
  return characters.slice(0, end === -1 ? undefined : end);
}
