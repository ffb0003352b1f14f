/** Expands texts of a config file: `~` and `${NAME}` in paths, `${NAME}` in addresses. Mistakes are added to `issues`. */
import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import type {z} from 'zod';
import {escapeName} from '../core/escape.js';
import {isName, osPath} from '../core/name.js';
import {isRemote, remoteRoot} from '../core/remote.js';
import {withHome} from './home.js';

/** The folder to which paths in a config file are relative, and the environment for `~` and `${NAME}`. */
export interface PathContext {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Expands to an absolute path. */
export function expandPath(text: string, context: PathContext, issues: z.RefinementCtx): string {
  return absolute(expandText(text, context, issues), context, issues);
}

/** Expands to an absolute path that must be on this machine. */
export function expandRoot(text: string, context: PathContext, issues: z.RefinementCtx): string {
  const expanded = expandText(text, context, issues);
  if (isRemote(expanded)) {
    const {message, hint} = remoteRoot(expanded);
    issues.addIssue({code: 'custom', message: `${message}; ${hint}`});
  }
  return absolute(expanded, context, issues);
}

/** Expands `~` and `${NAME}`; returns an empty text after a mistake. */
function expandText(text: string, context: PathContext, issues: z.RefinementCtx): string {
  if (text === '') issues.addIssue({code: 'custom', message: 'expected a path, found ""'});
  if (text.includes('\0')) issues.addIssue({code: 'custom', message: 'a path cannot contain a NUL'});
  const home = withHome(text, context.env);
  if (home === undefined) issues.addIssue({code: 'custom', message: '"~" has no meaning, because there is no home folder'});
  return expand(home ?? text, context, issues) ?? '';
}

function absolute(text: string, context: PathContext, issues: z.RefinementCtx): string {
  const path = resolve(context.folder, text);
  checkName(path, issues);
  return path;
}

/** Checks a name. In a config, `"\udce9"` means the byte E9, as in the names of plans in JSON. */
export function checkName(text: string, issues: z.RefinementCtx): void {
  if (!isName(text))
    issues.addIssue({code: 'custom', message: `"${escapeName(text)}" contains a surrogate that represents no byte`});
}

/** Checks a text that is passed to Node as text, which would turn bytes that are not UTF-8 into U+FFFD. */
export function checkUtf8(text: string, issues: z.RefinementCtx): void {
  if (!text.isWellFormed()) issues.addIssue({code: 'custom', message: 'contains a byte that is not UTF-8'});
}

/** Expands to an absolute path that keeps a final "/", which means a folder even if it does not exist yet. */
export function expandFileOrFolder(text: string, context: PathContext, issues: z.RefinementCtx): string {
  return withSlashOf(text, expandPath(text, context, issues));
}

/** Adds a final "/" to `path` if `text` has one. */
export function withSlashOf(text: string, path: string): string {
  return text.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
}

/** Whether a path means a folder: it ends with "/", or is an existing folder. */
export function isFolder(path: string): boolean {
  if (path.endsWith('/')) return true;
  try {
    return statSync(osPath(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Expands to an address that begins with http:// or https://. */
export function expandUrl(text: string, context: PathContext, issues: z.RefinementCtx): string {
  const expanded = expand(text, context, issues);
  if (expanded === undefined) return text;
  if (/^https?:\/\//i.test(expanded) && expanded.isWellFormed() && URL.canParse(expanded)) return expanded;
  // The value is not repeated: an address is often a secret.
  issues.addIssue({code: 'custom', message: 'expected an address that begins with http:// or https://'});
  return expanded;
}

/** Expands variables. An unset or empty variable is a mistake, because the rest could be a very different folder or address. */
function expand(text: string, {env}: PathContext, issues: z.RefinementCtx): string | undefined {
  const unset = new Set<string>();
  const expanded = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name];
    if (!value) unset.add(`"${escapeName(name)}"`);
    return value ?? '';
  });
  if (unset.size === 0) return expanded;
  // One issue for all variables: zod cannot take more issues than a call takes arguments.
  const names = [...unset].join(', ');
  const message =
    unset.size === 1 ? `the environment variable ${names} is not set` : `the environment variables ${names} are not set`;
  issues.addIssue({code: 'custom', message});
  return undefined;
}
