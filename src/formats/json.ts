/**
 * How the vocabulary looks in JSON: in plan files, in `--json` documents and in event streams. Sizes are numbers, times are
 * decimal strings of seconds with nine decimals, modes are four octal digits, inodes are decimal strings; names are strings
 * in which `JSON.stringify` escapes the lone surrogates. Decoders trust nothing: they throw a FormatError that says what is
 * wrong where, with foreign text escaped and cut.
 */
import {ACTION_KINDS, type Action, type ActionKind, REASONS} from '../core/action.js';
import type {Entry, Kind} from '../core/entry.js';
import {escapeName} from '../core/escape.js';
import {isName} from '../core/name.js';
import {noOutcomes, OUTCOME_STATUSES, type OutcomeStatus, STOPS, type Stop} from '../core/outcome.js';
import {pathFault, type RelPath} from '../core/path.js';
import type {
  Facts,
  Found,
  Known,
  MaxDelete,
  Narrowed,
  Overlap,
  Owners,
  PlanHeader,
  PlanOptions,
  PlanRoot,
  RootIdentity,
  Space,
  TimeRange,
  TreeTotals,
} from '../core/plan.js';
import type {Phase, Problem, Side} from '../core/problem.js';
import type {RunEnd, RunHeader, RunStep} from '../core/run.js';
import {isXattrValue, type XattrNamespace, type Xattrs} from '../core/xattr.js';

/** A value that has not the shape it should have; the message says where and what instead. */
export class FormatError extends Error {
  override readonly name: string = 'FormatError';
}

/** A path that is absolute, climbs out of the root, or could otherwise do harm. */
export class HostilePathError extends FormatError {
  override readonly name = 'HostilePathError';
}

type Json = Record<string, unknown>;

/** Foreign text for a message: escaped, and cut after 200 characters. */
export function excerpt(text: string): string {
  return text.length <= 200 ? escapeName(text) : `${escapeName(text.slice(0, 200))}…`;
}

// ── Times ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Nanoseconds as a decimal string of seconds with nine decimals, exact: "1700000000.000000001", "-0.500000000". */
export function encodeTime(time: bigint): string {
  if (time < 0n) return `-${encodeTime(-time)}`;
  const digits = time.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

const A_TIME = 'seconds with nine decimals';
const TIME = /^-?\d{1,19}\.\d{9}$/;

/** The inverse of `encodeTime`. */
export function decodeTime(value: unknown, what: string): bigint {
  if (!isTime(value)) refuse(what, value, A_TIME);
  return parseTime(value);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value);
}

function parseTime(text: string): bigint {
  return BigInt(text.slice(0, -10) + text.slice(-9));
}

// ── Entries ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const KINDS: ReadonlySet<unknown> = new Set<Kind>(['file', 'directory', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev']);
const ENTRY_KEYS = keys<Entry>({kind: 1, mode: 1, uid: 1, gid: 1, size: 1, mtime: 1, link: 1, rdev: 1, xattrs: 1});

export function encodeEntry(entry: Entry): Encoded {
  const {kind, uid, gid, size, link, rdev, xattrs} = entry;
  const mode = entry.mode.toString(8).padStart(4, '0');
  const mtime = encodeTime(entry.mtime);
  // Perf: nearly all entries end here (bench: review-million).
  const encoded = {kind, mode, uid, gid, size, mtime};
  if (link === undefined && rdev === undefined && xattrs === undefined) return encoded as Encoded;
  return {...encoded, ...(link !== undefined && {link}), ...(rdev !== undefined && {rdev}), ...(xattrs && {xattrs})} as Encoded;
}

type Encoded = Omit<Entry, 'mode' | 'mtime'> & {readonly mode: string; readonly mtime: string};

const MODE = /^[0-7]{4}$/;
const RDEV = /^\d{1,10}:\d{1,10}$/;
const MAX_ID = 0xffffffff;

/** Throws a FormatError; `what` names the value in its message. */
export function decodeEntry(value: unknown, what: string): Entry {
  const {kind, mode, uid, gid, size, mtime, link, rdev, xattrs} = record(value, what, ENTRY_KEYS);
  if (!KINDS.has(kind)) refuse(`${what}.kind`, kind, 'a kind of entry');
  if (typeof mode !== 'string' || !MODE.test(mode)) refuse(`${what}.mode`, mode, 'four octal digits');
  // Perf: a million actions make two million entries, so names for messages are put together only when there is a message.
  if (!isWhole(uid, MAX_ID)) refuseNumber(`${what}.uid`, uid, MAX_ID);
  if (!isWhole(gid, MAX_ID)) refuseNumber(`${what}.gid`, gid, MAX_ID);
  if (!isWhole(size, MAX_NUMBER)) refuseNumber(`${what}.size`, size, MAX_NUMBER);
  if (!isTime(mtime)) refuse(`${what}.mtime`, mtime, A_TIME);
  const plain = {kind: kind as Kind, mode: Number.parseInt(mode, 8), uid, gid, size, mtime: parseTime(mtime)};
  const entry = xattrs === undefined ? plain : {...plain, xattrs: decodeXattrs(xattrs, `${what}.xattrs`)};
  if (kind !== 'file' && size !== 0) refuse(`${what}.size`, size, `0, as for every ${kind}`);
  if (kind === 'symlink') return {...entry, link: systemText(link, `${what}.link`)};
  if (link !== undefined) throw new FormatError(`${what} is a ${kind} with a link`);
  if (kind === 'chardev' || kind === 'blockdev') {
    if (typeof rdev !== 'string' || !RDEV.test(rdev)) refuse(`${what}.rdev`, rdev, 'two numbers of a device');
    return {...entry, rdev};
  }
  if (rdev !== undefined) throw new FormatError(`${what} is a ${kind} with device numbers`);
  return entry;
}

function decodeXattrs(value: unknown, what: string): Xattrs {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  for (const [name, text] of Object.entries(value)) {
    if (!name.includes('.') || name.includes('\0') || !isName(name)) refuse(what, name, 'names of extended attributes');
    if (!isXattrValue(text)) refuse(`${what}.${name}`, text, 'base64 or a digest');
  }
  return value as Xattrs;
}

// ── Actions ────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Presence = 'none' | 'optional' | 'any' | 'leaf' | 'directory';

/** What must stand at the path before and after an action of a kind, and whether that must be, or must not be, one kind. */
const SHAPES: Readonly<Record<ActionKind, {before: Presence; after: Presence; sameKind?: boolean}>> = {
  mkdir: {before: 'none', after: 'directory'},
  create: {before: 'none', after: 'leaf'},
  update: {before: 'leaf', after: 'leaf', sameKind: true},
  replace: {before: 'any', after: 'any', sameKind: false},
  link: {before: 'optional', after: 'leaf'},
  attrs: {before: 'any', after: 'any', sameKind: true},
  delete: {before: 'leaf', after: 'none'},
  rmdir: {before: 'directory', after: 'none'},
  blocked: {before: 'any', after: 'none'},
};

const KIND_NAMES: ReadonlySet<unknown> = new Set(ACTION_KINDS);
const ACTION_KEYS = keys<Action & {leader: 1; leaves: 1; bytes: 1}>({
  kind: 1,
  path: 1,
  reasons: 1,
  before: 1,
  after: 1,
  leader: 1,
  leaves: 1,
  bytes: 1,
});
const REASON_NAMES: ReadonlySet<unknown> = new Set(REASONS);

export function encodeAction(action: Action) {
  const {kind, path, reasons, before, after} = action;
  switch (kind) {
    case 'mkdir':
    case 'create':
      return {kind, path, reasons, after: encodeEntry(after)};
    case 'update':
    case 'replace':
    case 'attrs':
      return {kind, path, reasons, before: encodeEntry(before), after: encodeEntry(after)};
    case 'link':
      return {
        kind,
        path,
        leader: action.leader,
        reasons,
        ...(before && {before: encodeEntry(before)}),
        after: encodeEntry(after),
      };
    case 'delete':
    case 'rmdir':
      return {kind, path, reasons, before: encodeEntry(before)};
    case 'blocked':
      return {kind, path, reasons, before: encodeEntry(before), leaves: action.leaves, bytes: action.bytes};
  }
}

/** Throws a FormatError, and a HostilePathError for a path that no plan may hold. */
export function decodeAction(value: unknown): Action {
  const json = record(value, 'the action', ACTION_KEYS);
  if (!KIND_NAMES.has(json.kind)) refuse('kind', json.kind, 'a kind of action');
  const kind = json.kind as ActionKind;
  const path = decodePath(json.path, 'path');
  if (path === '' && kind !== 'mkdir' && kind !== 'attrs') throw new HostilePathError(`a ${kind} of the root itself`);
  if (!Array.isArray(json.reasons)) refuse('reasons', json.reasons, 'a list');
  for (const reason of json.reasons) if (!REASON_NAMES.has(reason)) refuse('reasons', reason, 'a reason');
  const shape = SHAPES[kind];
  const before = side(json.before, 'before', shape.before);
  const after = side(json.after, 'after', shape.after);
  if (shape.sameKind !== undefined && shape.sameKind !== (before?.kind === after?.kind)) {
    throw new FormatError(`${kind} from ${before?.kind} to ${after?.kind}`);
  }
  if (kind === 'link') {
    const leader = decodePath(json.leader, 'leader');
    if (leader === '') throw new HostilePathError('leader is the root itself');
    return {kind, path, leader, reasons: json.reasons, ...(before && {before}), after: after as Entry};
  }
  if (json.leader !== undefined) throw new FormatError(`${kind} with a leader`);
  const {reasons} = json;
  if (kind === 'blocked') {
    const totals = {leaves: integer(json.leaves, 'leaves'), bytes: integer(json.bytes, 'bytes')};
    return {kind, path, reasons, before: before as Entry, ...totals};
  }
  if (json.leaves !== undefined || json.bytes !== undefined) throw new FormatError(`${kind} with leaves or bytes`);
  if (before && after) return {kind, path, reasons, before, after} as Action;
  return (before ? {kind, path, reasons, before} : {kind, path, reasons, after}) as Action;
}

function side(value: unknown, what: string, presence: Presence): Entry | undefined {
  if (value === undefined) {
    if (presence === 'none' || presence === 'optional') return undefined;
    throw new FormatError(`${what} is missing`);
  }
  if (presence === 'none') throw new FormatError(`${what} must not be there`);
  const entry = decodeEntry(value, what);
  const isDirectory = entry.kind === 'directory';
  if ((presence === 'directory' && !isDirectory) || (presence === 'leaf' && isDirectory)) {
    throw new FormatError(`${what} is a ${entry.kind}`);
  }
  return entry;
}

function decodePath(value: unknown, what: string): RelPath {
  if (typeof value !== 'string') refuse(what, value, 'a text');
  const fault = pathFault(value);
  if (fault !== undefined) throw new HostilePathError(`${what} "${excerpt(value)}" ${fault}`);
  return value as RelPath;
}

// ── Problems ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const PROBLEM_KEYS = keys<Problem>({path: 1, side: 1, phase: 1, code: 1, message: 1});
const PHASES = keys<Record<Phase, 1>>({scan: 1, plan: 1, check: 1, write: 1, attrs: 1, delete: 1, sync: 1});
const SIDES = keys<Record<Side, 1>>({source: 1, target: 1});

export function encodeProblem({path, side, phase, code, message}: Problem): Problem {
  return {path, side, phase, code, message};
}

/** Throws a FormatError, and a HostilePathError for a path that no plan may hold. */
export function decodeProblem(value: unknown): Problem {
  const {path, side, phase, code, message} = record(value, 'the problem', PROBLEM_KEYS);
  return {
    path: decodePath(path, 'path'),
    side: oneOf(side, 'side', SIDES),
    phase: oneOf(phase, 'phase', PHASES),
    code: text(code, 'code'),
    message: text(message, 'message'),
  };
}

// ── Headers ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A plan's header. Every field is named here, so that a new one cannot be forgotten. */
export function encodeHeader(header: PlanHeader) {
  const {id, created, writer, source, target, options, totals, overlap, owners, sourceMissing, facts, narrowed, warnings} =
    header;
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
    sourceMissing,
    facts,
    narrowed,
    warnings,
  } satisfies Record<keyof PlanHeader, unknown>;
}

function encodeRoot({path, identity}: PlanRoot) {
  if (identity === undefined) return {path};
  return {path, identity: {inode: identity.inode.toString(), birthtime: encodeTime(identity.birthtime)}};
}

function encodeOptions(options: PlanOptions) {
  const {delete: deletes, mtimeWindow, mtimeRange, deleteBefore, compare, oneFileSystem, filters, maxDelete, ...kept} = options;
  const {mode, owner, groups, times, xattrs, acls, hardlinks, sparse, specials, devices} = kept;
  return {
    compare,
    mtimeWindow: encodeTime(mtimeWindow),
    mtimeRange: mtimeRange && encodeRange(mtimeRange),
    delete: deletes,
    deleteBefore,
    oneFileSystem,
    mode,
    owner,
    groups,
    times,
    xattrs,
    acls,
    hardlinks,
    sparse,
    specials,
    devices,
    filters,
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
  sourceMissing: 1,
  facts: 1,
  narrowed: 1,
  warnings: 1,
});
const FACT_KEYS = keys<Facts>({target: 1, sourceFileSystem: 1, space: 1, notWritable: 1, collisions: 1, unfiltered: 1});
const KNOWN_KEYS = keys<Known>({now: 1, before: 1});
const FOUND_KEYS = keys<Found>({count: 1, example: 1});
const SPACE_KEYS = keys<Space>({at: 1, block: 1, free: 1, freeInodes: 1, needed: 1});
const OWNER_KEYS = keys<Owners>({users: 1, groups: 1});
const NARROWED_KEYS = keys<Narrowed>({from: 1, leftOut: 1});
const ROOT_KEYS = keys<PlanRoot>({path: 1, identity: 1});
const IDENTITY_KEYS = keys<RootIdentity>({inode: 1, birthtime: 1});
const OPTION_KEYS = keys<PlanOptions>({
  compare: 1,
  mtimeWindow: 1,
  mtimeRange: 1,
  delete: 1,
  deleteBefore: 1,
  oneFileSystem: 1,
  mode: 1,
  owner: 1,
  groups: 1,
  times: 1,
  xattrs: 1,
  acls: 1,
  hardlinks: 1,
  sparse: 1,
  specials: 1,
  devices: 1,
  filters: 1,
  maxDelete: 1,
});
const TOTALS_KEYS = keys<PlanHeader['totals']>({source: 1, target: 1});
const TREE_KEYS = keys<TreeTotals>({entries: 1, leaves: 1, bytes: 1, digest: 1});
const RANGE_KEYS = keys<TimeRange>({min: 1, max: 1});
const NAMESPACES = keys<Record<XattrNamespace, 1>>({user: 1, trusted: 1, security: 1});
const LIMIT_KEYS = keys<{count: 1; share: 1}>({count: 1, share: 1});
const OVERLAPS = keys<Record<Overlap, 1>>({same: 1, 'target-in-source': 1, 'source-in-target': 1});
const COMPARES = keys<Record<PlanOptions['compare'], 1>>({metadata: 1, size: 1, content: 1});

/** Throws a FormatError. */
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
    ...(sourceMissing !== undefined && {sourceMissing: boolean(sourceMissing, 'sourceMissing')}),
    ...(json.facts !== undefined && {facts: decodeFacts(json.facts)}),
    ...(json.narrowed !== undefined && {narrowed: decodeNarrowed(json.narrowed)}),
    warnings: list(json.warnings, 'warnings', text),
  };
}

function decodeFacts(value: unknown): Facts {
  const {target, sourceFileSystem, space, notWritable, collisions, unfiltered} = record(value, 'facts', FACT_KEYS);
  return {
    ...(target !== undefined && {target: decodeKnown(target, 'facts.target')}),
    ...(sourceFileSystem !== undefined && {sourceFileSystem: decodeKnown(sourceFileSystem, 'facts.sourceFileSystem')}),
    ...(space !== undefined && {space: list(space, 'facts.space', decodeSpace)}),
    ...(notWritable !== undefined && {notWritable: decodeFound(notWritable, 'facts.notWritable')}),
    ...(collisions !== undefined && {collisions: decodeFound(collisions, 'facts.collisions')}),
    ...(unfiltered !== undefined && {unfiltered: decodeFound(unfiltered, 'facts.unfiltered')}),
  };
}

function decodeKnown(value: unknown, what: string): Known {
  const {now, before} = record(value, what, KNOWN_KEYS);
  return {...(now !== undefined && {now: text(now, `${what}.now`)}), before: list(before, `${what}.before`, text)};
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
  const {path, identity} = record(value, what, ROOT_KEYS);
  const root = {path: systemText(path, `${what}.path`)};
  if (identity === undefined) return root;
  const {inode, birthtime} = record(identity, `${what}.identity`, IDENTITY_KEYS);
  if (typeof inode !== 'string' || !/^\d{1,20}$/.test(inode)) refuse(`${what}.identity.inode`, inode, 'an inode number');
  return {...root, identity: {inode: BigInt(inode), birthtime: decodeTime(birthtime, `${what}.identity.birthtime`)}};
}

function decodeOptions(value: unknown): PlanOptions {
  const json = record(value, 'options', OPTION_KEYS);
  const mtimeWindow = decodeTime(json.mtimeWindow, 'options.mtimeWindow');
  if (mtimeWindow < 0n) refuse('options.mtimeWindow', json.mtimeWindow, 'a duration');
  // The first plans say nothing of what they left alone.
  const flag = (key: keyof PlanOptions, absent: boolean) => boolean(json[key] ?? absent, `options.${key}`);
  return {
    compare: oneOf(json.compare, 'options.compare', COMPARES),
    mtimeWindow,
    ...(json.mtimeRange !== undefined && {mtimeRange: decodeRange(json.mtimeRange, 'options.mtimeRange')}),
    delete: boolean(json.delete, 'options.delete'),
    deleteBefore: flag('deleteBefore', false),
    oneFileSystem: flag('oneFileSystem', false),
    mode: flag('mode', true),
    owner: boolean(json.owner, 'options.owner'),
    groups: json.groups === 'any' ? 'any' : list(json.groups, 'options.groups', (id, what) => integer(id, what, MAX_ID)),
    times: flag('times', true),
    xattrs: list(json.xattrs ?? [], 'options.xattrs', (name, what) => oneOf(name, what, NAMESPACES)),
    acls: flag('acls', false),
    hardlinks: flag('hardlinks', true),
    sparse: flag('sparse', false),
    specials: flag('specials', false),
    devices: flag('devices', false),
    filters: list(json.filters, 'options.filters', text),
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
  if (typeof share !== 'number' || share < 0 || share > 1) refuse(`${what}.share`, share, 'a part from 0 to 1');
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

// ── Runs ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const RUN_KEYS = keys<RunHeader>({
  id: 1,
  planId: 1,
  writer: 1,
  source: 1,
  target: 1,
  started: 1,
  changes: 1,
  bytes: 1,
});
const STEP_KEYS = keys<RunStep>({kind: 1, path: 1, status: 1, bytes: 1});
const END_KEYS = keys<RunEnd>({finished: 1, counts: 1, bytes: 1, interrupted: 1});
const STATUSES: ReadonlySet<OutcomeStatus> = new Set(OUTCOME_STATUSES);
const STOP_KEYS: ReadonlySet<Stop> = new Set(STOPS);

export function encodeRunHeader({id, planId, writer, source, target, started, changes, bytes}: RunHeader): RunHeader {
  return {id, planId, writer, source, target, started, changes, bytes};
}

/** Throws a FormatError. */
export function decodeRunHeader(value: unknown): RunHeader {
  const json = record(value, 'the header', RUN_KEYS);
  return {
    id: id(json.id, 'id'),
    planId: id(json.planId, 'planId'),
    writer: text(json.writer, 'writer'),
    source: systemText(json.source, 'source'),
    target: systemText(json.target, 'target'),
    started: date(json.started, 'started'),
    changes: integer(json.changes, 'changes'),
    bytes: integer(json.bytes, 'bytes'),
  };
}

export function encodeRunStep({kind, path, status, bytes}: RunStep): RunStep {
  return {kind, path, status, bytes};
}

/** Throws a FormatError, and a HostilePathError for a path that no run may hold. */
export function decodeRunStep(value: unknown): RunStep {
  const {kind, path, status, bytes} = record(value, 'the step', STEP_KEYS);
  if (!KIND_NAMES.has(kind)) refuse('kind', kind, 'a kind of action');
  return {
    kind: kind as ActionKind,
    path: decodePath(path, 'path'),
    status: oneOf(status, 'status', STATUSES),
    bytes: integer(bytes, 'bytes'),
  };
}

export function encodeRunEnd({finished, counts, bytes, interrupted}: RunEnd): RunEnd {
  return {finished, counts, bytes, interrupted};
}

/** Throws a FormatError. */
export function decodeRunEnd(value: unknown): RunEnd {
  const {finished, counts, bytes, interrupted} = record(value, 'end', END_KEYS);
  const json = record(counts, 'end.counts', STATUSES);
  const read = noOutcomes();
  // The first journals know of nothing blocked.
  for (const status of OUTCOME_STATUSES)
    read[status] = integer(json[status] ?? (status === 'blocked' ? 0 : undefined), `end.counts.${status}`);
  return {
    finished: date(finished, 'end.finished'),
    counts: read,
    bytes: integer(bytes, 'end.bytes'),
    ...(interrupted !== undefined && {interrupted: oneOf(interrupted, 'end.interrupted', STOP_KEYS)}),
  };
}

// ── Shapes ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The keys of T; the compiler sees to it that none is missing. */
function keys<T>(names: Record<keyof T, 1>): ReadonlySet<keyof T & string> {
  return new Set(Object.keys(names)) as ReadonlySet<string> as ReadonlySet<keyof T & string>;
}

function record(value: unknown, what: string, known: ReadonlySet<string>): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  for (const key in value) if (!known.has(key)) throw new FormatError(`${what} has an unknown key "${excerpt(key)}"`);
  return value as Json;
}

const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

function integer(value: unknown, what: string, max = MAX_NUMBER): number {
  if (!isWhole(value, max)) refuseNumber(what, value, max);
  return value;
}

function refuseNumber(what: string, value: unknown, max: number): never {
  refuse(what, value, `a whole number from 0 to ${max}`);
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') refuse(what, value, 'true or false');
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== 'string') refuse(what, value, 'a text');
  return value;
}

/** Ids name files below `.dirsync`, so nothing in one may lead elsewhere. */
const ID = /^\w[\w.:-]{0,99}$/;

function id(value: unknown, what: string): string {
  if (typeof value !== 'string' || !ID.test(value)) refuse(what, value, 'an id');
  return value;
}

/** ISO 8601 in UTC, as `Date.toISOString` writes it. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

function date(value: unknown, what: string): string {
  if (typeof value !== 'string' || !INSTANT.test(value) || Number.isNaN(Date.parse(value))) refuse(what, value, 'a time');
  return value;
}

/** Text that is given to the operating system as bytes. */
function systemText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0') || !isName(value)) refuse(what, value, 'a path');
  return value;
}

function oneOf<T extends string>(value: unknown, what: string, names: ReadonlySet<T>): T {
  if (!names.has(value as T)) refuse(what, value, `one of ${[...names].join(', ')}`);
  return value as T;
}

function list<T>(value: unknown, what: string, decode: (item: unknown, what: string) => T): T[] {
  if (!Array.isArray(value)) refuse(what, value, 'a list');
  return value.map((item) => decode(item, what));
}

function refuse(what: string, value: unknown, expected: string): never {
  throw new FormatError(value === undefined ? `${what} is missing` : `${what} is ${shown(value)}, not ${expected}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${excerpt(value)}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
