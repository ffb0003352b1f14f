/**
 * What is remembered of a target outside of it, in `$XDG_STATE_HOME/dirsync/targets/`: so a run knows that a disk is missing, or that
 * it is another's. A file for each path of a target; what it says of a source is kept by the source's path.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {withFileSystem} from '../core/file-system.js';
import {encodeName, osPath} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import type {Unread} from '../core/plan.js';
import {FormatError, list, refuse, text} from '../formats/shapes.js';
import {environment} from '../platform/environment.js';
import {errnoOf} from '../platform/platform.js';
import {privileges} from '../platform/privileges.js';

/** Disks that take turns at one path are all known. */
const MAX_NAMES = 16;
/** More than `remember` ever writes. */
const MAX_MIB = 16;

export interface Memory {
  /** The ids that the target had, the last one first. */
  readonly ids: readonly string[];
  /** The file systems that the source was on, likewise. */
  readonly fileSystems: readonly string[];
  /** The filters of the last run from this source. */
  readonly filters: RememberedFilters | undefined;
  /** Set where something is remembered and cannot be understood; all else is empty then. */
  readonly unread?: Unread | undefined;
}

export interface RememberedFilters {
  readonly lines: readonly string[];
  /** Each .dirsyncignore with its folder; undefined where they were too long. */
  readonly rules: readonly (readonly [folder: RelPath, text: string])[] | undefined;
}

/** Absolute paths, as they stand in a plan. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

export interface RunFacts {
  readonly id: string | undefined;
  readonly fileSystem: string | undefined;
  /** Undefined: those of an earlier run stay. */
  readonly filters: RememberedFilters | undefined;
  /** What cannot be understood may be replaced. */
  readonly anew: boolean;
}

interface Written {
  readonly target: string;
  readonly ids: readonly string[];
  readonly sources: readonly WrittenSource[];
}

interface WrittenSource {
  readonly source: string;
  readonly fileSystems: readonly string[];
  readonly filters?: RememberedFilters | undefined;
}

export function recall({source, target}: Pair): Memory {
  const note = read(target);
  if (typeof note === 'string') {
    return {ids: [], fileSystems: [], filters: undefined, unread: {file: fileOf(target) as string, why: note}};
  }
  const own = note?.sources.find((each) => each.source === source);
  return {ids: note?.ids ?? [], fileSystems: own?.fileSystems ?? [], filters: own?.filters};
}

/**
 * Adds what a run has found. Two runs of one target, from two sources, keep each other away by its lock; where that does not reach, one may
 * forget what the other adds: then a guard halts once more than needed, or judges by the filters of the run before.
 * @throws Node's error where it cannot be written; the file is as it was then.
 */
export function remember({source, target}: Pair, {id, fileSystem, filters, anew}: RunFacts): void {
  const file = fileOf(target);
  // Without a place there is nothing to be done; the plan has said so.
  if (file === undefined) return;
  const note = read(target);
  if (typeof note === 'string' && !anew) throw Object.assign(new Error(note), {code: 'EBADMSG'});
  const old: Written = typeof note === 'object' ? note : {target, ids: [], sources: []};
  const own = old.sources.find((each) => each.source === source);
  const next: Written = {
    target,
    ids: (id === undefined ? old.ids : [id, ...old.ids.filter((other) => other !== id)]).slice(0, MAX_NAMES),
    sources: [
      {
        source,
        fileSystems: withMost(own?.fileSystems ?? [], fileSystem),
        filters: filters ?? own?.filters,
      },
      ...old.sources.filter((each) => each !== own),
    ].slice(0, MAX_NAMES),
  };
  if (typeof note === 'object' && JSON.stringify(next) === JSON.stringify(note)) return;
  write(file, `${JSON.stringify(next)}\n`);
}

function withMost(names: readonly string[], name: string | undefined): readonly string[] {
  return name === undefined ? names : withFileSystem(names, name).slice(0, MAX_NAMES);
}

/** The old content or the new is there at any moment, also after a power cut. */
function write(file: string, content: string): void {
  const folder = path.dirname(file);
  const made = fs.mkdirSync(osPath(folder), {recursive: true, mode: 0o700});
  const [place, draft] = [osPath(file), osPath(`${file}.${process.pid}`)];
  // Of a killed process that had the same number.
  fs.rmSync(draft, {force: true, recursive: true});
  try {
    fs.writeFileSync(draft, content, {flag: 'wx', mode: 0o600, flush: true});
    // An empty folder in its place, which a file cannot replace.
    if (fs.lstatSync(place, {throwIfNoEntry: false})?.isDirectory()) fs.rmdirSync(place);
    fs.renameSync(draft, place);
  } catch (error) {
    fs.rmSync(draft, {force: true});
    throw error;
  }
  const top = path.dirname(made ?? file);
  for (let at = folder; ; at = path.dirname(at)) {
    flush(at);
    if (at.length <= top.length) break;
  }
}

/** Not every system lets a folder be opened or flushed; the rename is done all the same. */
function flush(folder: string): void {
  try {
    const opened = fs.openSync(osPath(folder), 'r');
    try {
      fs.fsyncSync(opened);
    } finally {
      fs.closeSync(opened);
    }
  } catch (error) {
    errnoOf(error);
  }
}

/** Where nothing can be remembered and why, to follow "nothing can be remembered"; undefined when it can, as far as can be seen. */
export function memoryFault(): string | undefined {
  const wanted = memoryFolder();
  if (wanted === undefined) return 'without an absolute path in HOME or XDG_STATE_HOME';
  const code = folderFault(wanted);
  return code && `in ${wanted} (${code})`;
}

function folderFault(wanted: string): string | undefined {
  for (let folder = wanted; ; folder = path.dirname(folder)) {
    try {
      fs.accessSync(osPath(folder), fs.constants.W_OK | fs.constants.X_OK);
      return isFull(folder) ? 'ENOSPC' : undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOENT' || folder === path.dirname(folder)) return code;
    }
  }
}

function isFull(folder: string): boolean {
  const {blocks, bfree, bavail, files, ffree} = fs.statfsSync(osPath(folder));
  const free = privileges().usesReserve ? bfree : bavail;
  return (blocks > 0 && free === 0) || (files > 0 && ffree === 0);
}

/**
 * XDG Base Directory Specification: a relative path in the variable is to be ignored. So is one in HOME: whose folder that is depends on
 * where a run is started. Undefined where there is no place: a user may have no entry in passwd.
 */
export function memoryFolder(): string | undefined {
  const {XDG_STATE_HOME: xdg = '', HOME} = environment();
  if (path.isAbsolute(xdg)) return path.join(xdg, 'dirsync', 'targets');
  const own = HOME || passwdHome();
  return path.isAbsolute(own) ? path.join(own, '.local/state', 'dirsync', 'targets') : undefined;
}

function passwdHome(): string {
  try {
    return os.userInfo().homedir;
  } catch {
    return '';
  }
}

function fileOf(target: string): string | undefined {
  const folder = memoryFolder();
  return folder && path.join(folder, `${createHash('sha256').update(encodeName(target)).digest('hex').slice(0, 32)}.json`);
}

const {O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0} = fs.constants;

/** What is remembered of a target: undefined where nothing is, and a text that tells why where it cannot be understood. */
function read(target: string): Written | string | undefined {
  const file = fileOf(target);
  if (file === undefined) return undefined;
  let opened: number;
  try {
    opened = fs.openSync(osPath(file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error);
    // Where not even dirsync's own folder can be seen, this user has never had anything remembered: `memoryFault` tells that.
    const isNothing = code === 'ENOENT' || code === 'ENOTDIR' || !fs.existsSync(osPath(path.dirname(path.dirname(file))));
    return isNothing ? undefined : code;
  }
  try {
    const stat = fs.fstatSync(opened);
    if (!stat.isFile()) return 'it is no file';
    if (stat.size === 0) return 'it is empty';
    if (stat.size > MAX_MIB * 1024 ** 2) return `it is over ${MAX_MIB} MiB`;
    return decode(JSON.parse(fs.readFileSync(opened, 'utf8')), target);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    // Nested too deep to be read.
    if (error instanceof SyntaxError || error instanceof RangeError) return 'it is no JSON, or not all of it';
    return errnoOf(error);
  } finally {
    fs.closeSync(opened);
  }
}

/** Keys that this version does not know are of a later one, and no fault. @throws FormatError */
function decode(value: unknown, target: string): Written {
  const {target: its, ids, sources} = object(value, 'it');
  if (its !== target) refuse('its target', its, 'the one that it is named for');
  return {target, ids: list(ids, 'ids', text), sources: list(sources, 'sources', decodeSource)};
}

function decodeSource(value: unknown, what: string): WrittenSource {
  const {source, fileSystems, filters} = object(value, what);
  return {
    source: text(source, `${what}.source`),
    fileSystems: list(fileSystems, `${what}.fileSystems`, text),
    ...(filters !== undefined && {filters: decodeFilters(filters, `${what}.filters`)}),
  };
}

function decodeFilters(value: unknown, what: string): RememberedFilters {
  const {lines, rules} = object(value, what);
  return {
    lines: list(lines, `${what}.lines`, text),
    rules: rules === undefined ? undefined : list(rules, `${what}.rules`, decodeRule),
  };
}

function decodeRule(value: unknown, what: string): [RelPath, string] {
  const [folder, rule] = list(value, what, text);
  return [text(folder, what) as RelPath, text(rule, what)];
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  return value as Record<string, unknown>;
}
