/**
 * Facts about a target that are remembered outside of it, in `$XDG_STATE_HOME/dirsync/targets/`, so that a run notices that a disk
 * is missing or was exchanged. There is one file per path of a target, with facts about each of its sources by their paths.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {withFileSystem} from '../core/file-system.js';
import {encodeName, osPath} from '../core/name.js';
import type {KnownMount, MountFacts, RememberedFilters, Unread} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {decodeRule, decodeTagged} from '../formats/filter-json.js';
import {decodePath} from '../formats/json.js';
import {FormatError, list, refuse, text} from '../formats/shapes.js';
import {PRIVATE, removeDrafts, replaceFileSync} from '../formats/whole-file.js';
import {errnoOf} from '../platform/platform.js';
import {memoryFolder} from './memory-folder.js';

/** Several disks that take turns at one path are all remembered. */
const MAX_NAMES = 16;
/** More than `remember` ever writes, since the facts of one source are bounded. */
const MAX_MIB = 16;
/** Bytes of JSON for the mounts in one tree. */
const MAX_MOUNTS = 128 * 1024;

/** What is remembered about a pair of source and target. */
export interface Memory {
  /** The ids of the target, the last one first. */
  readonly ids: readonly string[];
  /** The file systems of the source, the last one first. */
  readonly fileSystems: readonly string[];
  /** The filters of the last whole run from this source. */
  readonly filters: RememberedFilters | undefined;
  /** The mounts inside both trees. */
  readonly mounts: Readonly<Record<Side, readonly KnownMount[]>>;
  /** Set if the file exists and is not valid; then all else is empty. */
  readonly unread?: Unread | undefined;
}

/** Absolute paths, as in a plan. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

/** The facts of a run that are remembered. */
export interface RunFacts {
  readonly id: string | undefined;
  readonly fileSystem: string | undefined;
  /** If undefined, the filters of an earlier run stay. */
  readonly filters: RememberedFilters | undefined;
  /** The mounts to remember. */
  readonly mounts: Readonly<Record<Side, readonly Pick<MountFacts, 'at' | 'now'>[]>>;
  /** Whether an invalid file may be replaced. */
  readonly anew: boolean;
}

interface Written {
  readonly target: string;
  readonly ids: readonly string[];
  readonly mounts?: readonly KnownMount[] | undefined;
  readonly sources: readonly WrittenSource[];
}

interface WrittenSource {
  readonly source: string;
  readonly fileSystems: readonly string[];
  readonly mounts?: readonly KnownMount[] | undefined;
  readonly filters?: RememberedFilters | undefined;
}

const NOTHING: Memory = {ids: [], fileSystems: [], filters: undefined, mounts: {source: [], target: []}};

/** What is remembered about this pair; empty if nothing is. */
export function recall({source, target}: Pair): Memory {
  const note = readNote(target);
  if (note === undefined) return NOTHING;
  if (typeof note === 'string') return {...NOTHING, unread: {file: fileOf(target) as string, why: note}};
  const own = note.sources.find((each) => each.source === source);
  return {
    ids: note.ids,
    fileSystems: own?.fileSystems ?? [],
    filters: own?.filters,
    mounts: {source: own?.mounts ?? [], target: note.mounts ?? []},
  };
}

/**
 * Whether an earlier run copied in the opposite direction, and none in this direction. A source that was a target has an id, which
 * identifies it at any path; otherwise its path does.
 */
export function isReversed({source, target}: Pair, sourceId: string | undefined): boolean {
  const own = readNote(target);
  if (typeof own === 'object' && own.sources.some((each) => each.source === source)) return false;
  const notes = sourceId === undefined ? [readNote(source)] : allNotes().filter(({ids}) => ids.includes(sourceId));
  return notes.some((note) => typeof note === 'object' && note.sources.some((each) => each.source === target));
}

/**
 * Adds the facts of a run. The target's lock prevents two runs at the same time. If the lock does not reach both, one run may lose
 * what the other adds: then a guard halts once more than needed, or uses the filters of the run before.
 * @throws Node's error if it cannot be written; then the file is unchanged.
 */
export function remember({source, target}: Pair, {id, fileSystem, filters, mounts, anew}: RunFacts): void {
  const file = fileOf(target);
  // Without a folder nothing can be remembered; the plan has warned about that.
  if (file === undefined) return;
  const note = readNote(target);
  if (typeof note === 'string' && !anew) throw Object.assign(new Error(note), {code: 'EBADMSG'});
  const old: Written = typeof note === 'object' ? note : {target, ids: [], sources: []};
  const own = old.sources.find((each) => each.source === source);
  const next: Written = {
    target,
    ids: (id === undefined ? old.ids : [id, ...old.ids.filter((other) => other !== id)]).slice(0, MAX_NAMES),
    mounts: withMounts(old.mounts ?? [], mounts.target),
    sources: [
      {
        source,
        fileSystems: fileSystem === undefined ? (own?.fileSystems ?? []) : withOne(own?.fileSystems ?? [], fileSystem),
        mounts: withMounts(own?.mounts ?? [], mounts.source),
        filters: filters ?? own?.filters,
      },
      ...old.sources.filter((each) => each !== own),
    ].slice(0, MAX_NAMES),
  };
  if (typeof note === 'object' && JSON.stringify(next) === JSON.stringify(note)) return;
  write(file, `${JSON.stringify(next)}\n`);
}

function withOne(names: readonly string[], name: string): readonly string[] {
  return withFileSystem(names, name).slice(0, MAX_NAMES);
}

/** The mounts that were seen now come first and stay if there are too many; mounts that were not examined are not forgotten. */
function withMounts(known: readonly KnownMount[], met: readonly Pick<MountFacts, 'at' | 'now'>[]): readonly KnownMount[] {
  const before = new Map(known.map(({at, fileSystems}) => [at, fileSystems]));
  const now = met.map(({at, now}) => ({at, fileSystems: withOne(before.get(at) ?? [], now)}));
  for (const {at} of met) before.delete(at);
  const all = [...now, ...[...before].map(([at, fileSystems]) => ({at, fileSystems}))];
  let room = MAX_MOUNTS;
  return all.filter((mount) => {
    room -= Buffer.byteLength(JSON.stringify(mount));
    return room >= 0;
  });
}

/** At any moment, also after a power cut, the file has either the old or the new content. */
function write(file: string, content: string): void {
  const folder = path.dirname(file);
  const made = fs.mkdirSync(osPath(folder), {recursive: true, mode: 0o700});
  removeDrafts(file);
  // An empty folder has its name, which a file cannot replace.
  if (fs.lstatSync(osPath(file), {throwIfNoEntry: false})?.isDirectory()) fs.rmdirSync(osPath(file));
  replaceFileSync(file, content, {mode: PRIVATE});
  const top = path.dirname(made ?? file);
  for (let at = folder; ; at = path.dirname(at)) {
    flush(at);
    if (at.length <= top.length) break;
  }
}

/** Not every system can open or flush a folder; the rename is done in any case. */
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

function fileOf(target: string): string | undefined {
  const folder = memoryFolder();
  return folder && path.join(folder, `${createHash('sha256').update(encodeName(target)).digest('hex').slice(0, 32)}.json`);
}

const {O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0} = fs.constants;

/** The remembered facts of a target: undefined if there are none, a text with the reason if they are not valid. */
function readNote(target: string): Written | string | undefined {
  const file = fileOf(target);
  return file && readFile(file, target);
}

/** The facts of all targets that can be read and are valid. */
function allNotes(): Written[] {
  const folder = memoryFolder();
  if (folder === undefined) return [];
  try {
    const names = fs.readdirSync(osPath(folder)).filter((name) => name.endsWith('.json'));
    return names.map((name) => readFile(path.join(folder, name))).filter((note) => typeof note === 'object');
  } catch (error) {
    errnoOf(error);
    return [];
  }
}

function readFile(file: string, target?: string): Written | string | undefined {
  let opened: number;
  try {
    opened = fs.openSync(osPath(file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = errnoOf(error);
    // If even dirsync's own folder cannot be accessed, nothing was ever remembered for this user: `memoryFault` reports that.
    const isNothing = code === 'ENOENT' || code === 'ENOTDIR' || !fs.existsSync(osPath(path.dirname(path.dirname(file))));
    return isNothing ? undefined : code;
  }
  try {
    const stat = fs.fstatSync(opened);
    if (!stat.isFile()) return 'it is not a file';
    if (stat.size === 0) return 'it is empty';
    if (stat.size > MAX_MIB * 1024 ** 2) return `it is larger than ${MAX_MIB} MiB`;
    return decode(JSON.parse(fs.readFileSync(opened, 'utf8')), target);
  } catch (error) {
    if (error instanceof FormatError) return error.message;
    // It is nested too deeply to be parsed.
    if (error instanceof SyntaxError || error instanceof RangeError) return 'it is not valid JSON, or it is cut off';
    return errnoOf(error);
  } finally {
    fs.closeSync(opened);
  }
}

/** Unknown keys come from a later version and are no error. @throws FormatError. */
function decode(value: unknown, target?: string): Written {
  const {target: its, ids, mounts, sources} = object(value, 'it');
  if (target !== undefined && its !== target) refuse('its target', its, 'the one in its file name');
  return {
    target: text(its, 'its target'),
    ids: list(ids, 'ids', text),
    mounts: mounts === undefined ? undefined : list(mounts, 'mounts', decodeMount),
    sources: list(sources, 'sources', decodeSource),
  };
}

function decodeMount(value: unknown, what: string): KnownMount {
  const {at, fileSystems} = object(value, what);
  return {at: decodePath(at, `${what}.at`), fileSystems: list(fileSystems, `${what}.fileSystems`, text)};
}

function decodeSource(value: unknown, what: string): WrittenSource {
  const {source, fileSystems, mounts, filters} = object(value, what);
  return {
    source: text(source, `${what}.source`),
    fileSystems: list(fileSystems, `${what}.fileSystems`, text),
    mounts: mounts === undefined ? undefined : list(mounts, `${what}.mounts`, decodeMount),
    filters: filters === undefined ? undefined : decodeFilters(filters, `${what}.filters`),
  };
}

function decodeFilters(value: unknown, what: string): RememberedFilters {
  const {lines, rules, tagged} = object(value, what);
  return {
    lines: list(lines, `${what}.lines`, text),
    // The first versions left them out if they were too long.
    rules: rules === undefined ? [] : list(rules, `${what}.rules`, decodeRule),
    // The first versions had no tags.
    tagged: tagged === undefined ? [] : list(tagged, `${what}.tagged`, decodeTagged),
  };
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  return value as Record<string, unknown>;
}
