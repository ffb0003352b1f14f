/** The effective settings of a job, and where each value comes from. */
import {resolve} from 'node:path';
import type {Origin, ShownSetting} from '../core/shown-config.js';
import {withSlashOf} from './expand.js';
import {layered, whereSaid, without} from './layers.js';
import type {lineFinder} from './lines.js';
import {type Config, findJob, type Job} from './load.js';
import {builtInSettings, isObject, type JobSettings, NESTED, SETTINGS} from './schema.js';
import {resolveSettings, type SettingFlags} from './settings.js';

export interface ShownOptions {
  readonly flags: SettingFlags;
  readonly cwd: string;
  /** Include built-in defaults. */
  readonly builtIn: boolean;
  readonly lineOf: ReturnType<typeof lineFinder>;
}

/**
 * The settings of a job in the order of the reference, overridden by flags.
 * @throws DirsyncError JOB_UNKNOWN, or as `resolveSettings` does.
 */
export function shownSettings(config: Config, name: string, options: ShownOptions): ShownSetting[] {
  const {flags, cwd, builtIn, lineOf} = options;
  const job = findJob(config, name);
  resolveSettings([], flags, job);
  const typed = flagSettings(flags, cwd);
  const said = typedOver(job, typed);
  const usual = builtIn ? rowsOf(builtInSettings()).filter(({path}) => isLeftOut(said, path)) : [];
  const rows = [...rowsOf(said), ...usual];
  const shown = rows.map(({path, value}) => ({key: path.join('.'), value: safeValue(path, value), origin: originOf(path)}));
  shown.sort(byKey);
  const filters = flags.filters.map(({flag, value}) => `--${flag} ${value}`);
  return filters.length === 0 ? shown : [...shown, {key: 'filters', value: filters, origin: {from: 'flag'}}];

  function originOf(path: readonly string[]): Origin {
    const [key] = path as [keyof JobSettings];
    if (typed[key] !== undefined) return {from: 'flag'};
    const found = said[key] === undefined ? undefined : whereSaid(config.layers, name, path);
    if (found === undefined) return {from: 'default'};
    const {file} = found.layer;
    const line = lineOf(file, found.path);
    return {from: found.path[0] === 'jobs' ? 'job' : 'defaults', file, ...(line !== undefined && {line})};
  }
}

/** The flags as settings of a config, without filters, which are added to those of the job. */
function flagSettings(flags: SettingFlags, cwd: string): JobSettings {
  const typed = Object.entries(flags).filter(([key, value]) => SETTING_NAMES.includes(key) && value !== undefined);
  const settings = Object.fromEntries(typed) as JobSettings;
  const paths = (['source', 'target', 'log', 'metrics'] as const).flatMap((key) => {
    const path = settings[key];
    return path === undefined ? [] : [[key, withSlashOf(key === 'metrics' ? path : '', resolve(cwd, path))]];
  });
  return {...settings, ...Object.fromEntries(paths)};
}

/** Like `resolveSettings`: flags also remove settings that would contradict them. */
function typedOver(job: Job, typed: JobSettings): JobSettings {
  const groups = [
    ['preserve', 'noPreserve'],
    ['checksum', 'sizeOnly'],
  ] as const;
  const left = groups
    .filter((keys) => keys.some((key) => typed[key] !== undefined))
    .reduce<JobSettings>((settings, keys) => without(settings, keys) as JobSettings, job);
  const tags = typed.excludeIfPresent && [...new Set([...(job.excludeIfPresent ?? []), ...typed.excludeIfPresent])];
  return layered(left, tags === undefined ? typed : {...typed, excludeIfPresent: tags});
}

interface Row {
  readonly path: readonly string[];
  readonly value: ShownSetting['value'];
}

function rowsOf(settings: Readonly<Record<string, unknown>>): Row[] {
  return Object.entries(settings).flatMap(([key, value]): Row[] => {
    if (!isObject(value)) return value === undefined ? [] : [{path: [key], value: value as Row['value']}];
    return rowsOf(value).map((row) => ({...row, path: [key, ...row.path]}));
  });
}

/** Whether a default is not shown. A key below a setting counts only if the setting is written as an object. */
function isLeftOut(said: Readonly<Record<string, unknown>>, [key = '', name]: readonly string[]): boolean {
  const value = said[key];
  return name === undefined ? value === undefined : isObject(value) && value[name] === undefined;
}

const SETTING_NAMES: readonly string[] = SETTINGS;

/** Sorts in the order of the reference. */
function byKey({key: a}: ShownSetting, {key: b}: ShownSetting): number {
  const [[settingA = '', nameA = ''], [settingB = '', nameB = '']] = [a.split('.'), b.split('.')];
  const names = NESTED[settingA as keyof JobSettings] ?? [];
  return SETTING_NAMES.indexOf(settingA) - SETTING_NAMES.indexOf(settingB) || names.indexOf(nameA) - names.indexOf(nameB);
}

const ADDRESS = /\bhttps?:\/\/[^\s"'`<>|;)]*/gi;

/** Reduces an address to its host, because any other part of it may be a secret. */
function safeValue([key, name]: readonly string[], value: Row['value']): Row['value'] {
  const isAddress = (key === 'heartbeat' && name !== 'timeout') || (key === 'webhook' && (name ?? 'url') === 'url');
  if (isAddress) return hostOf(String(value));
  if (key !== 'hooks') return value;
  const safe = (text: string) => text.replace(ADDRESS, hostOf);
  return typeof value === 'string' ? safe(value) : Array.isArray(value) ? value.map(safe) : value;
}

function hostOf(address: string): string {
  const {protocol, host} = URL.canParse(address) ? new URL(address) : {protocol: 'https:', host: ''};
  return `${protocol}//${host}/…`;
}
