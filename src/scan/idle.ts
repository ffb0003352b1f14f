/** Finds patterns that cannot match any path of a tree, which are probably mistakes. */
import type {PatternAt} from '../core/filter.js';

/** A pattern that cannot match. */
export interface Idle extends PatternAt {
  /** The reason, as the end of a sentence. */
  readonly why: string;
  /** The pattern that was probably meant, if there is one. */
  readonly instead?: string;
}

/** `rootNames`: absolute paths that mean a root itself. */
export function idlePatterns(patterns: readonly PatternAt[], rootNames: readonly string[]): Idle[] {
  return patterns.flatMap((each) => {
    const found = idleness(each.pattern, rootNames);
    return found === undefined ? [] : [{...each, ...found}];
  });
}

function idleness(text: string, rootNames: readonly string[]): Pick<Idle, 'why' | 'instead'> | undefined {
  if (/^(?:#|!? *$)/.test(text)) return undefined;
  const not = text.startsWith('!') ? '!' : '';
  // An escaped blank at the end is part of the name.
  const body = text.slice(not.length).replace(/(?<!\\) +$/, '');
  const isBelow = (name: string) => body === name || body.startsWith(`${name}/`);
  const root = rootNames.filter(isBelow).sort((a, b) => b.length - a.length)[0];
  if (root !== undefined) return {why: 'a "/" at its beginning means the root itself', ...instead(not, body.slice(root.length))};
  // A "/" at the end asks for a folder.
  const names = body.replace(/^\//, '').replace(/\/$/, '').split('/');
  if (names.length === 1 && names[0] === '') return {why: 'the root itself is never left out'};
  const odd = names.find((name) => name === '' || name === '.' || name === '..');
  if (odd === undefined) return undefined;
  const why = odd === '' ? 'no path contains "//"' : `no name is "${odd}"`;
  return {why, ...(names.includes('..') ? {} : instead(not, body))};
}

/** The pattern without parts that no path contains, anchored at the root if its beginning shows that. */
function instead(not: string, body: string): {instead?: string} {
  const names = body.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0) return {};
  const text = `${not}${/^\.?\//.test(body) ? '/' : ''}${names.join('/')}${body.endsWith('/') ? '/' : ''}`;
  // A blank from its middle may be at its end now, where it would be ignored.
  return idleness(text, []) === undefined ? {instead: text} : {};
}
