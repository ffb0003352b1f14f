/** Reads the patterns of flags and files, and warns about those that cannot match anything. */
import {existsSync} from 'node:fs';
import {formatPlural} from '../../core/count.js';
import {osPath} from '../../core/name.js';
import {absolutePath} from '../../platform/environment.js';
import type {Idle} from '../../scan/idle.js';

/**
 * Returns the absolute paths that users may write for the roots; `given`: as typed. A pattern that begins with one is probably
 * meant as an absolute path, unless that path exists in a root, such as `/srv` in a copy of `/`.
 */
export function rootNames(roots: readonly string[], given: readonly string[] = []): string[] {
  const names = new Set([...roots, ...given.map(absolutePath)]);
  return [...names].filter((name) => name !== '/' && !roots.some((root) => existsSync(osPath(root + name))));
}

const MOST_TOLD = 10;

/** Returns warnings for a plan. Views escape them. */
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
