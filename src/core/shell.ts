/** Quotes words of shell commands. */
import {escapeLine} from './escape.js';

/** Quotes a word for a POSIX shell if necessary. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Quotes a word of a command that is shown to a user; unsafe characters are escaped. */
export function typedWord(word: string): string {
  return shellWord(escapeLine(word));
}
