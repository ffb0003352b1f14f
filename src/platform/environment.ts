/**
 * The arguments, environment variables and current folder of this process, as names (core/name). Node decodes all three as UTF-8
 * and puts U+FFFD in place of other bytes, which makes the path of a different file. Linux has the bytes in /proc; if they cannot
 * be read, text with U+FFFD is refused.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {decodeName, lossyName, osPath} from '../core/name.js';
import {errnoOf, orNothing} from './platform.js';

const LOST = '\ufffd';
const NO_PROC = 'it may stand for bytes that are not UTF-8, and without /proc they cannot be found out';

/** The arguments after the program's name. @throws DirsyncError USAGE. */
export function commandLine(): string[] {
  const words = process.argv.slice(2);
  const odd = words.find((word) => word.includes(LOST));
  if (odd === undefined) return words;
  const names = startedWith('cmdline').slice(-words.length);
  if (names.length === words.length && names.every((name, i) => isOnce(name, words[i] as string))) return names;
  throw new DirsyncError('USAGE', `"${escapeName(odd)}" contains U+FFFD: ${NO_PROC}`, 'use a symlink with another name');
}

/** Why the folder in which this process was started cannot be used any more. */
let lost: string | undefined;

/**
 * Node starts no thread in a deleted folder. This moves the process to a folder of the kernel, in which relative paths lead to
 * nothing and nothing can be made. False if there is no such folder.
 */
export function leaveDeletedFolder(): boolean {
  const fault = faultOf(() => process.cwd());
  if (fault === undefined) return true;
  lost = fault;
  return faultOf(() => process.chdir('/proc/self/fdinfo')) === undefined;
}

/** @throws DirsyncError CURRENT_FOLDER. */
export function currentFolder(): string {
  const hint = 'go to another folder, or give absolute paths';
  const fault = lost ?? faultOf(() => process.cwd());
  if (fault !== undefined) throw new DirsyncError('CURRENT_FOLDER', fault === 'ENOENT' ? 'it was deleted' : fault, hint);
  const folder = process.cwd();
  if (!folder.includes(LOST)) return folder;
  const name = orNothing(() => decodeName(fs.readlinkSync('/proc/self/cwd', {encoding: 'buffer'})));
  if (name !== undefined && isOnce(name, folder)) return name;
  throw new DirsyncError('CURRENT_FOLDER', `"${escapeName(folder)}" contains U+FFFD: ${NO_PROC}`, hint);
}

/** Undefined if there is no usable one. */
export function currentFolderIfAny(): string | undefined {
  try {
    return currentFolder();
  } catch (error) {
    if (error instanceof DirsyncError) return undefined;
    throw error;
  }
}

/** In its shortest form. @throws DirsyncError CURRENT_FOLDER if the path is relative. */
export function absolutePath(given: string): string {
  return path.isAbsolute(given) ? path.resolve(given) : path.resolve(currentFolder(), given);
}

/** The absolute path without symlinks. @throws Node's error, or the error of `absolutePath`. */
export function realPath(given: string): string {
  return decodeName(fs.realpathSync.native(osPath(absolutePath(given)), {encoding: 'buffer'}));
}

/** For reading only; set variables in `process.env`. Reading a variable whose bytes cannot be known throws a DirsyncError. */
export function environment(): NodeJS.ProcessEnv {
  const odd = Object.entries(process.env).filter(([, value]) => value?.includes(LOST));
  if (odd.length === 0) return process.env;
  // If a name occurs twice, the first one counts.
  const started = new Map(startedWith('environ').reverse().map(splitVariable));
  const env = {...process.env};
  for (const [name, value = ''] of odd) {
    const found = started.get(name);
    if (found !== undefined && isOnce(found, value)) env[name] = found;
    // Hidden, so that child processes do not get it either.
    else Object.defineProperty(env, name, {enumerable: false, get: () => refuseVariable(name)});
  }
  return env;
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function refuseVariable(name: string): never {
  const detail = `the environment variable "${escapeName(name)}" contains U+FFFD: ${NO_PROC}`;
  throw new DirsyncError('USAGE', detail, 'use a symlink with another name');
}

/** Whether Node decodes this name as that text. */
function isOnce(name: string, text: string): boolean {
  return lossyName(name) === lossyName(text);
}

/** The strings of a file in which each string ends with a NUL. */
function startedWith(file: 'cmdline' | 'environ'): string[] {
  const bytes = orNothing(() => fs.readFileSync(`/proc/self/${file}`));
  return bytes === undefined ? [] : decodeName(bytes).split('\0').slice(0, -1);
}

function faultOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}
