/** Collects filter patterns in order: typed ones, and those in named files. */
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {PatternAt} from '../core/filter.js';
import {decodeText, noText} from '../core/text.js';
import type {FilterFlag} from './settings.js';
import {readBytes, TextRefused} from './text.js';

/** All patterns from the command line and the config, in order. @throws DirsyncError FILTER_UNREADABLE. */
export function typedPatterns(filters: readonly FilterFlag[]): PatternAt[] {
  return filters.flatMap(({flag, value}) => {
    if (flag !== 'exclude-from') return [{pattern: flag === 'include' ? `!${value}` : value}];
    return patternsIn(value).map((pattern, i) => ({pattern, at: `${value}:${i + 1}`}));
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
        ? [`: ${error.message}`, '--exclude-from takes a UTF-8 text file with one pattern per line']
        : [` (${code})`, 'check the path given to --exclude-from'];
    throw new DirsyncError('FILTER_UNREADABLE', `${escapeName(file)}${why}`, hint, {cause: error});
  }
}
