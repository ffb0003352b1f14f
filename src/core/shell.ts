/** Words of commands. */
import {escapeLine} from './escape.js';

/** A word as a POSIX shell reads it: in quotes where it needs them. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A word of a command that a person is to read and to type. */
export function typedWord(word: string): string {
  return shellWord(escapeLine(word));
}
