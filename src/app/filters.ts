/** Patterns as they were typed or stand in files: read. */
import type {FilterFlag} from '../config/settings.js';
import {readBytes, TextRefused} from '../config/text.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {decodeText, noText} from '../core/text.js';

/** All patterns of the command line and the config, in order. @throws DirsyncError FILTER_UNREADABLE. */
export function typedPatterns(filters: readonly FilterFlag[]): string[] {
  return filters.flatMap(({flag, value}) => {
    if (flag !== 'exclude-from') return [flag === 'include' ? `!${value}` : value];
    return patternsIn(value);
  });
}

function patternsIn(file: string): string[] {
  try {
    const bytes = readBytes(file);
    const why = noText(bytes);
    if (why !== undefined) throw new TextRefused(file, why);
    return decodeText(bytes).split(/\r?\n/);
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException;
    const [why, hint] =
      error instanceof TextRefused
        ? [`: ${error.message}`, '--exclude-from takes a text file in UTF-8, a pattern in each line']
        : [` (${code})`, 'check the path given by --exclude-from'];
    throw new DirsyncError('FILTER_UNREADABLE', `${escapeName(file)}${why}`, hint, {cause: error});
  }
}
