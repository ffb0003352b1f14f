import {escapeLine} from '../../core/escape.js';

/** A word of a command that a person is to type. */
export function shellWord(word: string): string {
  const shown = escapeLine(word);
  return /^[\w.,:@%+=/][\w.,:@%+=/-]*$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
