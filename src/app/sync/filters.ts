/** Patterns as they were typed or stand in files: read, and doubted where they can match nothing. */
import {existsSync} from 'node:fs';
import type {FilterFlag} from '../../config/settings.js';
import {readBytes, TextRefused} from '../../config/text.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import {osPath} from '../../core/name.js';
import {decodeText, noText} from '../../core/text.js';
import {absolutePath} from '../../platform/environment.js';
import {formatPlural} from '../../report/words/units.js';
import type {Idle, PatternAt} from '../../scan/idle.js';

/** All patterns of the command line and the config, in order. @throws DirsyncError FILTER_UNREADABLE. */
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

/**
 * The absolute paths by which people call the roots, `given` as they were typed. A pattern that begins with one is meant so, unless
 * that path stands in a root: `/srv` in a copy of `/`.
 */
export function rootNames(roots: readonly string[], given: readonly string[] = []): string[] {
  const names = new Set([...roots, ...given.map(absolutePath)]);
  return [...names].filter((name) => name !== '/' && !roots.some((root) => existsSync(osPath(root + name))));
}

const MOST_TOLD = 10;

/** As warnings of a plan, which views escape. */
export function idleWarnings(idle: readonly Idle[]): string[] {
  const all = [...new Set(idle.map(idleWords))];
  const more = all.length - MOST_TOLD;
  const rest = more > 0 ? [`${formatPlural(more, 'more pattern')} cannot match anything`] : [];
  return [...all.slice(0, MOST_TOLD), ...rest];
}

function idleWords({pattern, at, why, instead}: Idle): string {
  const where = at === undefined ? '' : `${at}: `;
  const what = `the pattern "${pattern}" cannot match anything, since ${why}`;
  return `${where}${what}${instead === undefined ? '' : `; write "${instead}"`}`;
}
