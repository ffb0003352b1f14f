/** The JSON forms of what leaves paths out: rules of folders, and tags. */
import type {Tagged} from '../core/filter.js';
import {ROOT} from '../core/path.js';
import type {Rules} from '../core/plan.js';
import {decodePath} from './json.js';
import {list, refuse, text} from './shapes.js';

/** Decodes a folder and the text of its .dirsyncignore. @throws FormatError. */
export function decodeRule(value: unknown, what: string): Rules[number] {
  const parts = list(value, what, text);
  if (parts.length !== 2) refuse(what, value, 'a path and a string');
  return [decodePath(parts[0], what), parts[1] as string];
}

/** Decodes a folder and the name of its tag. @throws FormatError. */
export function decodeTagged(value: unknown, what: string): Tagged[number] {
  const parts = list(value, what, text);
  if (parts.length !== 2) refuse(what, value, 'a path and a name');
  return [decodePath(parts[0], what), decodeFileName(parts[1], what)];
}

/** Decodes a name without a path; `what` names it in errors. @throws FormatError. */
export function decodeFileName(value: unknown, what: string): string {
  const name = decodePath(value, what);
  if (name === ROOT || name.includes('/')) refuse(what, value, 'a name without a path');
  return name;
}
