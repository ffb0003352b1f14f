/** Parses a search: a text that is found anywhere in a path, or a glob in gitignore syntax. */
import ignore from 'ignore';
import type {RelPath} from '../../core/path.js';

export type Query = (path: RelPath, isFolder: boolean) => boolean;

/** Returns a test for paths; undefined for an empty text. A text with `*`, `?` or `[` is a glob. Other texts ignore case. */
export function parseQuery(text: string): Query | undefined {
  if (text.trim() === '') return undefined;
  if (!/[*?[]/.test(text)) {
    const wanted = text.toLowerCase();
    return (path) => path.toLowerCase().includes(wanted);
  }
  const glob = ignore({ignorecase: false}).add(['', text]);
  return (path, isFolder) => path !== '' && glob.ignores(isFolder ? `${path}/` : path);
}
