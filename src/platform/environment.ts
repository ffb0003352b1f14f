/**
 * What this process was started with: its arguments, its variables and its folder, as names (core/name). Node gives all three as
 * UTF-8, with U+FFFD for every other byte: the path of another file. Linux has the bytes in /proc; where they cannot be had, what
 * holds U+FFFD is refused.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {decodeName, lossyName, osPath} from '../core/name.js';
import {errnoOf} from './platform.js';

const LOST = '\ufffd';
const NO_PROC = 'it may stand for bytes that are not UTF-8, and there is no /proc that tells them';

/** The words after the program. @throws DirsyncError USAGE. */
export function commandLine(): string[] {
  const words = process.argv.slice(2);
  const odd = words.find((word) => word.includes(LOST));
  if (odd === undefined) return words;
  const names = startedWith('cmdline').slice(-words.length);
  if (names.length === words.length && names.every((name, i) => isOnce(name, words[i] as string))) return names;
  throw new DirsyncError('USAGE', `"${escapeName(odd)}" holds U+FFFD: ${NO_PROC}`, 'give a path by a symlink with another name');
}

/** Why the folder in which this process was started is none any more. */
let lost: string | undefined;

/**
 * Node starts no thread in a folder that was deleted. Then this process moves to where no relative path leads to anything, nor can
 * anything be made. False where there is no such place.
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
  throw new DirsyncError('CURRENT_FOLDER', `"${escapeName(folder)}" holds U+FFFD: ${NO_PROC}`, hint);
}

/** Undefined where there is none that could be used. */
export function currentFolderIfAny(): string | undefined {
  try {
    return currentFolder();
  } catch (error) {
    if (error instanceof DirsyncError) return undefined;
    throw error;
  }
}

/** In its shortest form. @throws DirsyncError CURRENT_FOLDER for a relative path. */
export function absolutePath(given: string): string {
  return path.isAbsolute(given) ? path.resolve(given) : path.resolve(currentFolder(), given);
}

/** The absolute path without symlinks. @throws Node's error, or as `absolutePath` does. */
export function realPath(given: string): string {
  return decodeName(fs.realpathSync.native(osPath(absolutePath(given)), {encoding: 'buffer'}));
}

/** To be read: who sets a variable sets it in `process.env`. One whose bytes cannot be known throws a DirsyncError when it is asked for. */
export function environment(): NodeJS.ProcessEnv {
  const odd = Object.entries(process.env).filter(([, value]) => value?.includes(LOST));
  if (odd.length === 0) return process.env;
  // Of two of one name the first holds.
  const started = new Map(startedWith('environ').reverse().map(splitVariable));
  const env = {...process.env};
  for (const [name, value = ''] of odd) {
    const found = started.get(name);
    if (found !== undefined && isOnce(found, value)) env[name] = found;
    // Hidden, so that it is not handed on either.
    else Object.defineProperty(env, name, {enumerable: false, get: () => refuseVariable(name)});
  }
  return env;
}

function splitVariable(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

function refuseVariable(name: string): never {
  const detail = `the environment variable "${escapeName(name)}" holds U+FFFD: ${NO_PROC}`;
  throw new DirsyncError('USAGE', detail, 'give a path by a symlink with another name');
}

/** Whether Node makes this text of that name. */
function isOnce(name: string, text: string): boolean {
  return lossyName(name) === lossyName(text);
}

/** The texts of a file in which each ends with a NUL. */
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

function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}
