/**
 * What is remembered of a target outside of it, in `$XDG_STATE_HOME/dirsync/targets/`: so a run knows that a disk is missing, or that
 * it is another's. A file for each path of a target; what it says of a source is kept by the source's path.
 */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {encodeName, osPath} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import {environment} from '../platform/environment.js';
import {errnoOf} from '../platform/platform.js';

/** Disks that take turns at one path are all known. */
const MAX_NAMES = 16;
const MAX_BYTES = 1024 * 1024;

export interface Memory {
  /** The ids that the target had, the last one first. */
  readonly ids: readonly string[];
  /** The file systems that the source was on, likewise. */
  readonly fileSystems: readonly string[];
  /** The filters of the last run from this source. */
  readonly filters: RememberedFilters | undefined;
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
  readonly filters: RememberedFilters | undefined;
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
  const {ids, sources} = read(target);
  const own = sources.find((each) => each.source === source);
  return {ids, fileSystems: own?.fileSystems ?? [], filters: own?.filters};
}

/** Adds what a run has found. @throws Node's error where it cannot be written. */
export function remember({source, target}: Pair, {id, fileSystem, filters}: RunFacts): void {
  const old = read(target);
  const own = old.sources.find((each) => each.source === source);
  const next: Written = {
    target,
    ids: withFirst(old.ids, id),
    sources: [
      {source, fileSystems: withFirst(own?.fileSystems ?? [], fileSystem), filters: filters ?? own?.filters},
      ...old.sources.filter((each) => each !== own),
    ].slice(0, MAX_NAMES),
  };
  if (JSON.stringify(next) === JSON.stringify(old)) return;
  const file = fileOf(target);
  fs.mkdirSync(osPath(path.dirname(file)), {recursive: true, mode: 0o700});
  const draft = osPath(`${file}.${process.pid}`);
  fs.writeFileSync(draft, `${JSON.stringify(next)}\n`, {mode: 0o600});
  fs.renameSync(draft, osPath(file));
}

/** Why nothing can be remembered here, as an errno name; undefined when it can. */
export function memoryFault(): string | undefined {
  for (let folder = home(); ; folder = path.dirname(folder)) {
    try {
      fs.accessSync(osPath(folder), fs.constants.W_OK | fs.constants.X_OK);
      return undefined;
    } catch (error) {
      const code = errnoOf(error);
      if (code !== 'ENOENT' || folder === path.dirname(folder)) return code;
    }
  }
}

export function memoryFolder(): string {
  return home();
}

/** XDG Base Directory Specification: a relative path in the variable is to be ignored. */
function home(): string {
  const {XDG_STATE_HOME: xdg = '', HOME = os.homedir()} = environment();
  return path.join(path.isAbsolute(xdg) ? xdg : path.join(HOME, '.local/state'), 'dirsync', 'targets');
}

function fileOf(target: string): string {
  return path.join(home(), `${createHash('sha256').update(encodeName(target)).digest('hex').slice(0, 32)}.json`);
}

function withFirst(names: readonly string[], name: string | undefined): string[] {
  return name === undefined ? [...names] : [name, ...names.filter((other) => other !== name)].slice(0, MAX_NAMES);
}

/** Nothing is known where nothing can be read. */
function read(target: string): Written {
  const nothing: Written = {target, ids: [], sources: []};
  try {
    const file = osPath(fileOf(target));
    if (fs.statSync(file).size > MAX_BYTES) return nothing;
    const json = JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Written> | null;
    if (json?.target !== target) return nothing;
    return {target, ids: texts(json.ids), sources: list(json.sources).flatMap(sourceOf)};
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) errnoOf(error);
    return nothing;
  }
}

function sourceOf(value: unknown): WrittenSource[] {
  const {source, fileSystems, filters} = (value ?? {}) as Partial<WrittenSource>;
  if (typeof source !== 'string') return [];
  return [{source, fileSystems: texts(fileSystems), filters: filtersOf(filters)}];
}

function filtersOf(value: unknown): RememberedFilters | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const {lines, rules} = value as Partial<RememberedFilters>;
  const known = list(rules).filter((rule) => Array.isArray(rule) && rule.every((part) => typeof part === 'string'));
  return {lines: texts(lines), rules: rules === undefined ? undefined : (known as [RelPath, string][])};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function texts(value: unknown): string[] {
  return list(value).filter((text) => typeof text === 'string');
}
