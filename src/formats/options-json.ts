/** The JSON form of a plan's options. */
import type {Symlinks} from '../core/abilities.js';
import type {LinksAs, MaxDelete, OnDrift, PlanOptions, TimeRange} from '../core/plan.js';
import type {XattrNamespace} from '../core/xattr.js';
import {decodeFileName} from './filter-json.js';
import {MAX_ID} from './json.js';
import {boolean, decodeTime, encodeTime, FormatError, integer, keys, list, oneOf, record, refuse, text} from './shapes.js';

/** Encodes the options of a plan as JSON values. */
export function encodeOptions(options: PlanOptions) {
  const {
    delete: deletes,
    deleteBefore,
    deleteAnyway,
    deleteExcluded,
    mtimeWindow,
    sourceResolution,
    mtimeRange,
    compare,
    oneFileSystem,
    linksAs,
    renameInvalid,
    moves,
    moveCheckLimit,
    filters,
    excludeCaches,
    excludeIfPresent,
    minSize,
    maxSize,
    onDrift,
    maxDelete,
    ...kept
  } = options;
  const {mode, owner, groups, times, xattrs, acls, symlinks, hardlinks, showsLinks, sparse, specials, devices} = kept;
  return {
    compare,
    mtimeWindow: encodeTime(mtimeWindow),
    sourceResolution: sourceResolution === undefined ? undefined : encodeTime(sourceResolution),
    mtimeRange: mtimeRange && encodeRange(mtimeRange),
    delete: deletes,
    deleteBefore,
    deleteAnyway,
    deleteExcluded,
    oneFileSystem,
    linksAs,
    renameInvalid,
    moves,
    moveCheckLimit,
    mode,
    owner,
    groups,
    times,
    xattrs,
    acls,
    symlinks,
    hardlinks,
    showsLinks,
    sparse,
    specials,
    devices,
    filters,
    excludeCaches,
    excludeIfPresent,
    minSize,
    maxSize,
    onDrift,
    maxDelete,
  } satisfies Record<keyof PlanOptions, unknown>;
}

/** Encodes a range of times. */
export function encodeRange({min, max}: TimeRange) {
  return {...(min !== undefined && {min: encodeTime(min)}), ...(max !== undefined && {max: encodeTime(max)})};
}

const OPTION_KEYS = keys<PlanOptions>({
  compare: 1,
  mtimeWindow: 1,
  sourceResolution: 1,
  mtimeRange: 1,
  delete: 1,
  deleteBefore: 1,
  deleteAnyway: 1,
  deleteExcluded: 1,
  oneFileSystem: 1,
  linksAs: 1,
  renameInvalid: 1,
  moves: 1,
  moveCheckLimit: 1,
  mode: 1,
  owner: 1,
  groups: 1,
  times: 1,
  xattrs: 1,
  acls: 1,
  symlinks: 1,
  hardlinks: 1,
  showsLinks: 1,
  sparse: 1,
  specials: 1,
  devices: 1,
  filters: 1,
  excludeCaches: 1,
  excludeIfPresent: 1,
  minSize: 1,
  maxSize: 1,
  onDrift: 1,
  maxDelete: 1,
});
const RANGE_KEYS = keys<TimeRange>({min: 1, max: 1});
export const NAMESPACES = keys<Record<XattrNamespace, 1>>({user: 1, trusted: 1, security: 1});
const LIMIT_KEYS = keys<{count: 1; share: 1}>({count: 1, share: 1});
export const LINKS = keys<Record<LinksAs, 1>>({content: 1, text: 1});
const SYMLINKS = keys<Record<Symlinks, 1>>({kept: 1, bare: 1, none: 1});
const DRIFTS = keys<Record<OnDrift, 1>>({overwrite: 1, keep: 1, fail: 1});
const COMPARES = keys<Record<PlanOptions['compare'], 1>>({metadata: 1, size: 1, content: 1});

/** Decodes the options of a plan, with defaults for keys that earlier versions did not write. @throws FormatError. */
export function decodeOptions(value: unknown): PlanOptions {
  const json = record(value, 'options', OPTION_KEYS);
  const duration = (key: 'mtimeWindow' | 'sourceResolution') => {
    const nanoseconds = decodeTime(json[key], `options.${key}`);
    return nanoseconds < 0n ? refuse(`options.${key}`, json[key], 'a duration') : nanoseconds;
  };
  // The first versions did not record what they left alone.
  const flag = (key: keyof PlanOptions, absent: boolean) => boolean(json[key] ?? absent, `options.${key}`);
  return {
    compare: oneOf(json.compare, 'options.compare', COMPARES),
    mtimeWindow: duration('mtimeWindow'),
    ...(json.sourceResolution !== undefined && {sourceResolution: duration('sourceResolution')}),
    ...(json.mtimeRange !== undefined && {mtimeRange: decodeRange(json.mtimeRange, 'options.mtimeRange')}),
    delete: boolean(json.delete, 'options.delete'),
    deleteBefore: flag('deleteBefore', false),
    deleteAnyway: flag('deleteAnyway', false),
    deleteExcluded: flag('deleteExcluded', false),
    oneFileSystem: flag('oneFileSystem', false),
    ...(json.linksAs !== undefined && {linksAs: oneOf(json.linksAs, 'options.linksAs', LINKS)}),
    renameInvalid: flag('renameInvalid', false),
    moves: flag('moves', false),
    moveCheckLimit: integer(json.moveCheckLimit ?? 0, 'options.moveCheckLimit'),
    mode: flag('mode', true),
    owner: boolean(json.owner, 'options.owner'),
    groups: json.groups === 'any' ? 'any' : list(json.groups, 'options.groups', (id, what) => integer(id, what, MAX_ID)),
    times: flag('times', true),
    xattrs: list(json.xattrs ?? [], 'options.xattrs', (name, what) => oneOf(name, what, NAMESPACES)),
    acls: flag('acls', false),
    symlinks: oneOf(json.symlinks ?? 'kept', 'options.symlinks', SYMLINKS),
    hardlinks: flag('hardlinks', true),
    showsLinks: flag('showsLinks', true),
    sparse: flag('sparse', false),
    specials: flag('specials', false),
    devices: flag('devices', false),
    filters: list(json.filters, 'options.filters', text),
    excludeCaches: flag('excludeCaches', false),
    excludeIfPresent: list(json.excludeIfPresent ?? [], 'options.excludeIfPresent', decodeFileName),
    ...(json.minSize !== undefined && {minSize: integer(json.minSize, 'options.minSize')}),
    ...(json.maxSize !== undefined && {maxSize: integer(json.maxSize, 'options.maxSize')}),
    onDrift: oneOf(json.onDrift ?? 'overwrite', 'options.onDrift', DRIFTS),
    maxDelete: decodeLimit(json.maxDelete, 'options.maxDelete'),
  };
}

/** Decodes a range of times. @throws FormatError. */
export function decodeRange(value: unknown, what: string): TimeRange {
  const {min, max} = record(value, what, RANGE_KEYS);
  return {
    ...(min !== undefined && {min: decodeTime(min, `${what}.min`)}),
    ...(max !== undefined && {max: decodeTime(max, `${what}.max`)}),
  };
}

function decodeLimit(value: unknown, what: string): MaxDelete {
  const {count, share} = record(value, what, LIMIT_KEYS);
  if (share === undefined) return {count: integer(count, `${what}.count`)};
  if (typeof share !== 'number' || share < 0 || share > 1) refuse(`${what}.share`, share, 'a share from 0 to 1');
  if (count !== undefined) throw new FormatError(`${what} has a count and a share`);
  return {share};
}
