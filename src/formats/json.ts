/**
 * The JSON form of entries, actions and problems in plan files, `--json` documents and event streams. Sizes are numbers, times are
 * decimal strings of seconds with nine decimals, modes are four octal digits, inodes are decimal strings. Names are strings in
 * which `JSON.stringify` escapes lone surrogates.
 */
import {ACTION_KINDS, type Action, type ActionKind, type Carried, REASONS, type TargetDrift} from '../core/action.js';
import type {Entry, Kind} from '../core/entry.js';
import {foldName, isName} from '../core/name.js';
import {pathFault, type RelPath} from '../core/path.js';
import type {Phase, Problem, Side} from '../core/problem.js';
import {isXattrValue, type Xattrs} from '../core/xattr.js';
import {
  A_TIME,
  encodeTime,
  excerpt,
  FormatError,
  HostilePathError,
  integer,
  isTime,
  isWhole,
  keys,
  MAX_NUMBER,
  oneOf,
  parseTime,
  record,
  refuse,
  refuseNumber,
  systemText,
  text,
} from './shapes.js';

const KINDS: ReadonlySet<unknown> = new Set<Kind>(['file', 'directory', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev']);
const ENTRY_KEYS = keys<Entry>({kind: 1, mode: 1, uid: 1, gid: 1, size: 1, mtime: 1, link: 1, rdev: 1, xattrs: 1});

/** Encodes an entry; absent fields are left out. */
export function encodeEntry(entry: Entry): Encoded {
  const {kind, uid, gid, size, link, rdev, xattrs} = entry;
  const mode = entry.mode.toString(8).padStart(4, '0');
  const mtime = encodeTime(entry.mtime);
  // Performance: nearly all entries end here (bench: review-million).
  const encoded = {kind, mode, uid, gid, size, mtime};
  if (link === undefined && rdev === undefined && xattrs === undefined) return encoded as Encoded;
  return {...encoded, ...(link !== undefined && {link}), ...(rdev !== undefined && {rdev}), ...(xattrs && {xattrs})} as Encoded;
}

type Encoded = Omit<Entry, 'mode' | 'mtime'> & {readonly mode: string; readonly mtime: string};

const MODE = /^[0-7]{4}$/;
const RDEV = /^\d{1,10}:\d{1,10}$/;
/** The largest uid and gid. */
export const MAX_ID = 0xffffffff;

/** Decodes an entry; `what` names the value in messages. @throws FormatError. */
export function decodeEntry(value: unknown, what: string): Entry {
  const {kind, mode, uid, gid, size, mtime, link, rdev, xattrs} = record(value, what, ENTRY_KEYS);
  if (!KINDS.has(kind)) refuse(`${what}.kind`, kind, 'a kind of entry');
  if (typeof mode !== 'string' || !MODE.test(mode)) refuse(`${what}.mode`, mode, 'four octal digits');
  // Performance: a million actions have two million entries, so names for messages are built only if there is a message.
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

type Presence = 'none' | 'optional' | 'any' | 'leaf' | 'directory';

/**
 * What must be at the path before and after each kind of action, and whether both must be of the same kind or of different kinds.
 */
const SHAPES: Readonly<Record<ActionKind, {before: Presence; after: Presence; sameKind?: boolean}>> = {
  mkdir: {before: 'none', after: 'directory'},
  create: {before: 'none', after: 'leaf'},
  update: {before: 'leaf', after: 'leaf', sameKind: true},
  replace: {before: 'any', after: 'any', sameKind: false},
  link: {before: 'optional', after: 'leaf'},
  move: {before: 'any', after: 'any', sameKind: true},
  attrs: {before: 'any', after: 'any', sameKind: true},
  delete: {before: 'leaf', after: 'none'},
  rmdir: {before: 'directory', after: 'none'},
  blocked: {before: 'any', after: 'none'},
};

/** The valid kinds of actions. */
export const KIND_NAMES: ReadonlySet<unknown> = new Set(ACTION_KINDS);
const ACTION_KEYS = keys<Action & {from: 1; carried: 1; leader: 1; leaves: 1; bytes: 1}>({
  kind: 1,
  path: 1,
  from: 1,
  carried: 1,
  reasons: 1,
  targetDrift: 1,
  before: 1,
  after: 1,
  leader: 1,
  leaves: 1,
  bytes: 1,
});
const REASON_NAMES: ReadonlySet<unknown> = new Set(REASONS);
/** What somebody can have done in the target. */
export const TARGET_DRIFT_NAMES = keys<Record<TargetDrift, 1>>({added: 1, changed: 1, removed: 1});

/** Encodes an action; absent fields are left out. */
export function encodeAction(action: Action) {
  const json = encodeStep(action);
  return action.targetDrift === undefined ? json : {...json, targetDrift: action.targetDrift};
}

function encodeStep(action: Action) {
  const {kind, path, reasons, before, after} = action;
  switch (kind) {
    case 'mkdir':
    case 'create':
      return {kind, path, reasons, after: encodeEntry(after)};
    case 'move':
      return {
        kind,
        path,
        from: action.from,
        ...(action.carried && {carried: encodeCarried(action.carried)}),
        reasons,
        before: encodeEntry(before),
        after: encodeEntry(after),
      };
    case 'update':
    case 'replace':
      return {
        kind,
        path,
        ...(action.from !== undefined && {from: action.from}),
        reasons,
        before: encodeEntry(before),
        after: encodeEntry(after),
      };
    case 'attrs':
      return {kind, path, reasons, before: encodeEntry(before), after: encodeEntry(after)};
    case 'link':
      return {
        kind,
        path,
        ...(action.from !== undefined && {from: action.from}),
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

const CARRIED_KEYS = keys<Carried>({inode: 1, leaves: 1, bytes: 1});

/** An inode number is text, since it may be too large for a number. */
function encodeCarried({inode, leaves, bytes}: Carried) {
  return {...(inode !== undefined && {inode: String(inode)}), leaves, bytes};
}

function decodeCarried(value: unknown): Carried {
  const {inode, leaves, bytes} = record(value, 'carried', CARRIED_KEYS);
  const totals = {leaves: integer(leaves, 'carried.leaves'), bytes: integer(bytes, 'carried.bytes')};
  if (inode === undefined) return totals;
  if (typeof inode !== 'string' || !/^\d{1,20}$/.test(inode)) refuse('carried.inode', inode, 'an inode number');
  return {inode: BigInt(inode), ...totals};
}

/** Decodes an action. @throws FormatError; HostilePathError for a forbidden path. */
export function decodeAction(value: unknown): Action {
  const json = record(value, 'the action', ACTION_KEYS);
  const action = decodeStep(json);
  if (json.targetDrift === undefined) return action;
  return {...action, targetDrift: oneOf(json.targetDrift, 'targetDrift', TARGET_DRIFT_NAMES)};
}

function decodeStep(json: Record<string, unknown>): Action {
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
  if (json.carried !== undefined) {
    if (kind !== 'move') throw new FormatError(`${kind} with carried`);
    const from = decodePath(json.from, 'from');
    if (from === '') throw new HostilePathError(`from "${excerpt(from)}" cannot be moved`);
    const {reasons} = json;
    return {kind, path, from, carried: decodeCarried(json.carried), reasons, before: before as Entry, after: after as Entry};
  }
  const from = decodeFrom(json.from, {kind, path, before});
  if (kind === 'link') {
    const leader = decodePath(json.leader, 'leader');
    if (leader === '') throw new HostilePathError('leader is the root itself');
    return {kind, path, ...from, leader, reasons: json.reasons, ...(before && {before}), after: after as Entry};
  }
  if (json.leader !== undefined) throw new FormatError(`${kind} with a leader`);
  const {reasons} = json;
  if (kind === 'blocked') {
    const totals = {leaves: integer(json.leaves, 'leaves'), bytes: integer(json.bytes, 'bytes')};
    return {kind, path, reasons, before: before as Entry, ...totals};
  }
  if (json.leaves !== undefined || json.bytes !== undefined) throw new FormatError(`${kind} with leaves or bytes`);
  if (before && after) return {kind, path, ...from, reasons, before, after} as Action;
  return (before ? {kind, path, reasons, before} : {kind, path, reasons, after}) as Action;
}

const CAN_BE_RENAMED: ReadonlySet<ActionKind> = new Set(['update', 'replace', 'link', 'move']);

/** Decodes `from`, which must be a different spelling of the same name in the same folder. */
function decodeFrom(
  value: unknown,
  {kind, path, before}: {kind: ActionKind; path: RelPath; before: Entry | undefined},
): {readonly from?: RelPath} {
  if (value === undefined) {
    if (kind === 'move') throw new FormatError('from is missing');
    return {};
  }
  if (!CAN_BE_RENAMED.has(kind) || before === undefined) throw new FormatError(`${kind} with a from`);
  const from = decodePath(value, 'from');
  if (from === path || foldName(from) !== foldName(path)) {
    throw new HostilePathError(`from "${excerpt(from)}" is not another spelling of "${excerpt(path)}"`);
  }
  return {from};
}

function side(value: unknown, what: string, presence: Presence): Entry | undefined {
  if (value === undefined) {
    if (presence === 'none' || presence === 'optional') return undefined;
    throw new FormatError(`${what} is missing`);
  }
  if (presence === 'none') throw new FormatError(`${what} must not be present`);
  const entry = decodeEntry(value, what);
  const isDirectory = entry.kind === 'directory';
  if ((presence === 'directory' && !isDirectory) || (presence === 'leaf' && isDirectory)) {
    throw new FormatError(`${what} is a ${entry.kind}`);
  }
  return entry;
}

/** Decodes a path; `what` names it in messages. @throws FormatError; HostilePathError for a forbidden path. */
export function decodePath(value: unknown, what: string): RelPath {
  if (typeof value !== 'string') refuse(what, value, 'a string');
  const fault = pathFault(value);
  if (fault !== undefined) throw new HostilePathError(`${what} "${excerpt(value)}" ${fault}`);
  return value as RelPath;
}

const PROBLEM_KEYS = keys<Problem>({path: 1, side: 1, phase: 1, code: 1, message: 1});
const PHASES = keys<Record<Phase, 1>>({scan: 1, plan: 1, check: 1, write: 1, attrs: 1, delete: 1, sync: 1});
const SIDES = keys<Record<Side, 1>>({source: 1, target: 1});

/** Encodes a problem: only its known fields. */
export function encodeProblem({path, side, phase, code, message}: Problem): Problem {
  return {path, side, phase, code, message};
}

/** Decodes a problem. @throws FormatError; HostilePathError for a forbidden path. */
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
