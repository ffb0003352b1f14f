/** Patterns that can match no path of a tree, so that whoever wrote them meant another. */

export interface PatternAt {
  readonly pattern: string;
  /** The file that holds it, with its line; undefined on a command line or in a config. */
  readonly at?: string;
}

export interface Idle extends PatternAt {
  /** As the end of a sentence. */
  readonly why: string;
  /** The pattern that was meant, where that shows. */
  readonly instead?: string;
}

/** `rootNames`: absolute paths that mean a root, and nothing in one. */
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
  if (root !== undefined) return {why: 'a "/" at its beginning is the root itself', ...instead(not, body.slice(root.length))};
  // A "/" at the end asks for a folder.
  const names = body.replace(/^\//, '').replace(/\/$/, '').split('/');
  if (names.length === 1 && names[0] === '') return {why: 'the root itself is never left out'};
  const odd = names.find((name) => name === '' || name === '.' || name === '..');
  if (odd === undefined) return undefined;
  const why = odd === '' ? 'no path holds "//"' : `no name is "${odd}"`;
  return {why, ...(names.includes('..') ? {} : instead(not, body))};
}

/** Without what no path holds, and tied to the root where the beginning shows that. */
function instead(not: string, body: string): {instead?: string} {
  const names = body.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0) return {};
  const text = `${not}${/^\.?\//.test(body) ? '/' : ''}${names.join('/')}${body.endsWith('/') ? '/' : ''}`;
  // A blank that stood in its middle may be one at its end now, which is no part of it.
  return idleness(text, []) === undefined ? {instead: text} : {};
}
