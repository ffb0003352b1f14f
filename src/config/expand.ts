/** What texts of a config file stand for: `~` and `${NAME}` in paths, `${NAME}` in addresses. */
import {statSync} from 'node:fs';
import {resolve} from 'node:path';
import type {z} from 'zod';
import {escapeName} from '../core/escape.js';
import {isName, osPath} from '../core/name.js';
import {isRemote, remoteRoot} from '../core/remote.js';
import {withHome} from './home.js';

/** What paths in a config file are relative to, and where their `~` and `${NAME}` come from. */
export interface PathContext {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** An absolute path. */
export function expandPath(text: string, context: PathContext, issues: z.RefinementCtx): string {
  return absolute(expandText(text, context, issues), context, issues);
}

/** An absolute path on this machine. */
export function expandRoot(text: string, context: PathContext, issues: z.RefinementCtx): string {
  const expanded = expandText(text, context, issues);
  if (isRemote(expanded)) {
    const {message, hint} = remoteRoot(expanded);
    issues.addIssue({code: 'custom', message: `${message}; ${hint}`});
  }
  return absolute(expanded, context, issues);
}

/** What is meant with `~` and `${NAME}`; empty where that is a mistake. */
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

/** In a config, `"\udce9"` is the byte E9 where no text can stand for it: so do names of plans in JSON. */
export function checkName(text: string, issues: z.RefinementCtx): void {
  if (!isName(text))
    issues.addIssue({code: 'custom', message: `"${escapeName(text)}" contains a surrogate that represents no byte`});
}

/** What goes to Node as text, which makes U+FFFD of all that is not UTF-8. */
export function checkUtf8(text: string, issues: z.RefinementCtx): void {
  if (!text.isWellFormed()) issues.addIssue({code: 'custom', message: 'contains a byte that is not UTF-8'});
}

/** An absolute path that ends with "/" where it was written so: a folder, also one that is not there yet. */
export function expandFileOrFolder(text: string, context: PathContext, issues: z.RefinementCtx): string {
  return withSlashOf(text, expandPath(text, context, issues));
}

export function withSlashOf(text: string, path: string): string {
  return text.endsWith('/') && !path.endsWith('/') ? `${path}/` : path;
}

/** Whether a path that may lead to a file or a folder leads to a folder. */
export function isFolder(path: string): boolean {
  if (path.endsWith('/')) return true;
  try {
    return statSync(osPath(path)).isDirectory();
  } catch {
    return false;
  }
}

export function expandUrl(text: string, context: PathContext, issues: z.RefinementCtx): string {
  const expanded = expand(text, context, issues);
  if (expanded === undefined) return text;
  if (/^https?:\/\//i.test(expanded) && expanded.isWellFormed() && URL.canParse(expanded)) return expanded;
  // What is found is not repeated: an address is often a secret.
  issues.addIssue({code: 'custom', message: 'expected an address that begins with http:// or https://'});
  return expanded;
}

/** An unset or empty variable is a mistake, since what is left could be a very different folder or address. */
function expand(text: string, {env}: PathContext, issues: z.RefinementCtx): string | undefined {
  const unset = new Set<string>();
  const expanded = text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name];
    if (!value) unset.add(`"${escapeName(name)}"`);
    return value ?? '';
  });
  if (unset.size === 0) return expanded;
  // One issue for all: zod takes no more of them than a call takes arguments.
  const names = [...unset].join(', ');
  const message =
    unset.size === 1 ? `the environment variable ${names} is not set` : `the environment variables ${names} are not set`;
  issues.addIssue({code: 'custom', message});
  return undefined;
}
