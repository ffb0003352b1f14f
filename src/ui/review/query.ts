/** What is typed after "/": a text to be found anywhere in a path, or a glob in gitignore syntax. */
import ignore from 'ignore';
import type {RelPath} from '../../core/path.js';

export type Query = (path: RelPath, isFolder: boolean) => boolean;

/** Globs have a `*`, `?` or `[`; any other text is found without regard to case. Undefined for an empty text. */
export function parseQuery(text: string): Query | undefined {
  if (text.trim() === '') return undefined;
  if (!/[*?[]/.test(text)) {
    const wanted = text.toLowerCase();
    return (path) => path.toLowerCase().includes(wanted);
  }
  const glob = ignore({ignorecase: false}).add(['', text]);
  return (path, isFolder) => path !== '' && glob.ignores(isFolder ? `${path}/` : path);
}
