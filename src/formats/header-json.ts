/** The JSON form of a plan's header: its roots, options, totals and facts. */

import type {Symlinks} from '../core/abilities.js';
import {areHeldNames, type HeldNames} from '../core/abilities.js';
import type {Tagged} from '../core/filter.js';
import {ROOT} from '../core/path.js';
import type {
  Facts,
  Found,
  Known,
  LinksAs,
  MaxDelete,
  MountFacts,
  Narrowed,
  Overlap,
  Owners,
  PlanHeader,
  PlanOptions,
  PlanRoot,
  RootIdentity,
  Rules,
  Space,
  TimeRange,
  TreeTotals,
  Unread,
} from '../core/plan.js';
import type {XattrNamespace} from '../core/xattr.js';
import {decodePath, MAX_ID} from './json.js';
import {
  boolean,
  date,
  decodeTime,
  encodeTime,
  excerpt,
  FormatError,
  id,
  integer,
  keys,
  list,
  oneOf,
  record,
  refuse,
  systemText,
  text,
} from './shapes.js';

/** Encodes a plan's header. Every field is named here, so that a new one cannot be forgotten. */
export function encodeHeader(header: PlanHeader) {
  const {
    id,
    created,
    writer,
    source,
    target,
    options,
    totals,
    overlap,
    owners,
    plannedBy,
    sourceMissing,
    facts,
    rules,
    tagged,
    narrowed,
    warnings,
  } = header;
  return {
    id,
    created,
    writer,
    source: encodeRoot(source),
    target: encodeRoot(target),
    options: encodeOptions(options),
    totals,
    overlap,
    owners,
    plannedBy,
    sourceMissing,
    facts,
    rules,
    tagged,
    narrowed,
    warnings,
  } satisfies Record<keyof PlanHeader, unknown>;
}

function encodeRoot({path, identity, escapes}: PlanRoot) {
  return {
    path,
    ...(identity && {identity: {inode: identity.inode.toString(), birthtime: encodeTime(identity.birthtime)}}),
    ...(escapes && {escapes: {refused: escapes.refused, ends: escapes.ends, letters: escapes.letters}}),
  };
}

function encodeOptions(options: PlanOptions) {
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
    filters,
    excludeCaches,
    excludeIfPresent,
    minSize,
    maxSize,
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
    maxDelete,
  } satisfies Record<keyof PlanOptions, unknown>;
}

function encodeRange({min, max}: TimeRange) {
  return {...(min !== undefined && {min: encodeTime(min)}), ...(max !== undefined && {max: encodeTime(max)})};
}

const HEADER_KEYS = keys<PlanHeader>({
  id: 1,
  created: 1,
  writer: 1,
  source: 1,
  target: 1,
  options: 1,
  totals: 1,
  overlap: 1,
  owners: 1,
  plannedBy: 1,
  sourceMissing: 1,
  facts: 1,
  rules: 1,
  tagged: 1,
  narrowed: 1,
  warnings: 1,
});
const FACT_KEYS = keys<Facts>({
  target: 1,
  unread: 1,
  sourceFileSystem: 1,
  sourceMounts: 1,
  targetMounts: 1,
  reversed: 1,
  space: 1,
  notWritable: 1,
  stateOwner: 1,
  collisions: 1,
  unfiltered: 1,
});
const KNOWN_KEYS = keys<Known>({now: 1, before: 1});
const MOUNT_KEYS = keys<MountFacts>({at: 1, now: 1, before: 1});
const UNREAD_KEYS = keys<Unread>({file: 1, why: 1});
const FOUND_KEYS = keys<Found>({count: 1, example: 1});
const SPACE_KEYS = keys<Space>({at: 1, block: 1, free: 1, freeInodes: 1, needed: 1});
const OWNER_KEYS = keys<Owners>({users: 1, groups: 1});
const NARROWED_KEYS = keys<Narrowed>({from: 1, leftOut: 1});
const ROOT_KEYS = keys<PlanRoot>({path: 1, identity: 1, escapes: 1});
const IDENTITY_KEYS = keys<RootIdentity>({inode: 1, birthtime: 1});
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
  maxDelete: 1,
});
const TOTALS_KEYS = keys<PlanHeader['totals']>({source: 1, target: 1});
const TREE_KEYS = keys<TreeTotals>({entries: 1, leaves: 1, bytes: 1, digest: 1});
const RANGE_KEYS = keys<TimeRange>({min: 1, max: 1});
const NAMESPACES = keys<Record<XattrNamespace, 1>>({user: 1, trusted: 1, security: 1});
const LIMIT_KEYS = keys<{count: 1; share: 1}>({count: 1, share: 1});
const OVERLAPS = keys<Record<Overlap, 1>>({same: 1, 'target-in-source': 1, 'source-in-target': 1});
const LINKS = keys<Record<LinksAs, 1>>({content: 1, text: 1});
const SYMLINKS = keys<Record<Symlinks, 1>>({kept: 1, bare: 1, none: 1});
const COMPARES = keys<Record<PlanOptions['compare'], 1>>({metadata: 1, size: 1, content: 1});

/** Decodes a plan's header. @throws FormatError. */
export function decodeHeader(value: unknown): PlanHeader {
  const json = record(value, 'the header', HEADER_KEYS);
  const {overlap, sourceMissing} = json;
  const known = {id: id(json.id, 'id'), created: date(json.created, 'created'), writer: text(json.writer, 'writer')};
  const totals = record(json.totals, 'totals', TOTALS_KEYS);
  return {
    ...known,
    source: decodeRoot(json.source, 'source'),
    target: decodeRoot(json.target, 'target'),
    options: decodeOptions(json.options),
    totals: {source: decodeTotals(totals.source, 'totals.source'), target: decodeTotals(totals.target, 'totals.target')},
    ...(overlap !== undefined && {overlap: oneOf(overlap, 'overlap', OVERLAPS)}),
    ...(json.owners !== undefined && {owners: decodeOwners(json.owners)}),
    ...(json.plannedBy !== undefined && {plannedBy: integer(json.plannedBy, 'plannedBy', MAX_ID)}),
    ...(sourceMissing !== undefined && {sourceMissing: boolean(sourceMissing, 'sourceMissing')}),
    ...(json.facts !== undefined && {facts: decodeFacts(json.facts)}),
    ...(json.rules !== undefined && {rules: list(json.rules, 'rules', decodeRule)}),
    ...(json.tagged !== undefined && {tagged: list(json.tagged, 'tagged', decodeTagged)}),
    ...(json.narrowed !== undefined && {narrowed: decodeNarrowed(json.narrowed)}),
    warnings: list(json.warnings, 'warnings', text),
  };
}

function decodeFacts(value: unknown): Facts {
  const json = record(value, 'facts', FACT_KEYS);
  const {target, unread, sourceFileSystem, sourceMounts, targetMounts, reversed} = json;
  const {space, notWritable, stateOwner, collisions, unfiltered} = json;
  return {
    ...(target !== undefined && {target: decodeKnown(target, 'facts.target')}),
    ...(unread !== undefined && {unread: list(unread, 'facts.unread', decodeUnread)}),
    ...(sourceFileSystem !== undefined && {sourceFileSystem: decodeKnown(sourceFileSystem, 'facts.sourceFileSystem')}),
    ...(sourceMounts !== undefined && {sourceMounts: list(sourceMounts, 'facts.sourceMounts', decodeMount)}),
    ...(targetMounts !== undefined && {targetMounts: list(targetMounts, 'facts.targetMounts', decodeMount)}),
    ...(reversed !== undefined && {reversed: boolean(reversed, 'facts.reversed')}),
    ...(space !== undefined && {space: list(space, 'facts.space', decodeSpace)}),
    ...(notWritable !== undefined && {notWritable: decodeFound(notWritable, 'facts.notWritable')}),
    ...(stateOwner !== undefined && {stateOwner: integer(stateOwner, 'facts.stateOwner', MAX_ID)}),
    ...(collisions !== undefined && {collisions: decodeFound(collisions, 'facts.collisions')}),
    ...(unfiltered !== undefined && {unfiltered: decodeFound(unfiltered, 'facts.unfiltered')}),
  };
}

function decodeKnown(value: unknown, what: string): Known {
  const {now, before} = record(value, what, KNOWN_KEYS);
  return {...(now !== undefined && {now: text(now, `${what}.now`)}), before: list(before, `${what}.before`, text)};
}

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

function decodeFileName(value: unknown, what: string): string {
  const name = decodePath(value, what);
  if (name === ROOT || name.includes('/')) refuse(what, value, 'a name without a path');
  return name;
}

function decodeMount(value: unknown, what: string): MountFacts {
  const {at, now, before} = record(value, what, MOUNT_KEYS);
  return {
    at: decodePath(at, `${what}.at`),
    now: text(now, `${what}.now`),
    before: list(before, `${what}.before`, text),
  };
}

function decodeUnread(value: unknown, what: string): Unread {
  const {file, why} = record(value, what, UNREAD_KEYS);
  return {file: systemText(file, `${what}.file`), why: text(why, `${what}.why`)};
}

function decodeFound(value: unknown, what: string): Found {
  const {count, example} = record(value, what, FOUND_KEYS);
  return {count: integer(count, `${what}.count`), example: decodePath(example, `${what}.example`)};
}

function decodeSpace(value: unknown, what: string): Space {
  const {at, block, free, freeInodes, needed} = record(value, what, SPACE_KEYS);
  return {
    at: decodePath(at, `${what}.at`),
    block: Math.max(1, integer(block, `${what}.block`)),
    free: integer(free, `${what}.free`),
    ...(freeInodes !== undefined && {freeInodes: integer(freeInodes, `${what}.freeInodes`)}),
    ...(needed !== undefined && {needed: integer(needed, `${what}.needed`)}),
  };
}

function decodeOwners(value: unknown): Owners {
  const {users, groups} = record(value, 'owners', OWNER_KEYS);
  return {users: decodeIds(users, 'owners.users'), groups: decodeIds(groups, 'owners.groups')};
}

function decodeIds(value: unknown, what: string): Record<string, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  return Object.fromEntries(Object.entries(value).map(([name, id]) => [name, integer(id, `${what}.${excerpt(name)}`, MAX_ID)]));
}

function decodeNarrowed(value: unknown): Narrowed {
  const {from, leftOut} = record(value, 'narrowed', NARROWED_KEYS);
  return {from: id(from, 'narrowed.from'), leftOut: integer(leftOut, 'narrowed.leftOut')};
}

function decodeRoot(value: unknown, what: string): PlanRoot {
  const {path, identity, escapes} = record(value, what, ROOT_KEYS);
  if (escapes !== undefined && !areHeldNames(escapes)) refuse(`${what}.escapes`, escapes, 'rules for escaped names');
  const root = {path: systemText(path, `${what}.path`), ...(escapes !== undefined && {escapes: escapes as HeldNames})};
  if (identity === undefined) return root;
  const {inode, birthtime} = record(identity, `${what}.identity`, IDENTITY_KEYS);
  if (typeof inode !== 'string' || !/^\d{1,20}$/.test(inode)) refuse(`${what}.identity.inode`, inode, 'an inode number');
  return {...root, identity: {inode: BigInt(inode), birthtime: decodeTime(birthtime, `${what}.identity.birthtime`)}};
}

function decodeOptions(value: unknown): PlanOptions {
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
    maxDelete: decodeLimit(json.maxDelete, 'options.maxDelete'),
  };
}

function decodeRange(value: unknown, what: string): TimeRange {
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

function decodeTotals(value: unknown, what: string): TreeTotals {
  const {entries, leaves, bytes, digest} = record(value, what, TREE_KEYS);
  return {
    entries: integer(entries, `${what}.entries`),
    leaves: integer(leaves, `${what}.leaves`),
    bytes: integer(bytes, `${what}.bytes`),
    digest: text(digest, `${what}.digest`),
  };
}
