/** Literals of plans and their parts, with the fields that a test does not care about filled in. */
import type {Abilities} from '../../src/core/abilities.js';
import type {Action} from '../../src/core/action.js';
import {type Entry, NS_PER_SECOND} from '../../src/core/entry.js';
import type {ApplyProgress} from '../../src/core/event.js';
import type {RelPath} from '../../src/core/path.js';
import type {Plan, PlanHeader, Preserved} from '../../src/core/plan.js';
import type {Problem} from '../../src/core/problem.js';
import {XATTR_NAMESPACES} from '../../src/core/xattr.js';

/** 2026-01-01 10:00:00Z in nanoseconds. */
export const NOON = 1_767_261_600n * NS_PER_SECOND;

/** For a target that can hold everything. */
export const ABLE: Abilities = {
  mode: true,
  owner: true,
  times: 'open',
  symlinks: 'kept',
  hardlinks: 'kept',
  specials: true,
  holes: true,
  names: {refused: '', ends: '', letters: 'bytes'},
  longestName: {length: 255, of: 'bytes'},
};

export function file(size = 0, fields: Partial<Entry> = {}): Entry {
  return {kind: 'file', mode: 0o644, uid: 1000, gid: 1000, size, mtime: NOON, ...fields};
}

export function folder(fields: Partial<Entry> = {}): Entry {
  return {kind: 'directory', mode: 0o755, uid: 1000, gid: 1000, size: 0, mtime: NOON, ...fields};
}

export function symlink(link: string, fields: Partial<Entry> = {}): Entry {
  return {kind: 'symlink', mode: 0o777, uid: 1000, gid: 1000, size: 0, mtime: NOON, link, ...fields};
}

export const act = {
  mkdir: (path: string): Action => ({kind: 'mkdir', path: path as RelPath, reasons: ['new'], after: folder()}),
  create: (path: string, after: Entry = file()): Action => ({kind: 'create', path: path as RelPath, reasons: ['new'], after}),
  update: (path: string, before: Entry, after: Entry): Action => ({
    kind: 'update',
    path: path as RelPath,
    reasons: ['size'],
    before,
    after,
  }),
  /** By default with a different time than created files, so that it is not the same file under another name. */
  move: (path: string, from: string, before: Entry = file(), after: Entry = before): Action => ({
    kind: 'move',
    path: path as RelPath,
    from: from as RelPath,
    reasons: ['name'],
    before,
    after,
  }),
  /** A whole folder from elsewhere in the target. */
  moveFolder: (path: string, from: string, leaves = 1, bytes = 0): Action => ({
    kind: 'move',
    path: path as RelPath,
    from: from as RelPath,
    carried: {leaves, bytes},
    reasons: ['name'],
    before: folder(),
    after: folder(),
  }),
  /** A file from elsewhere in the target. */
  moveFile: (path: string, from: string, before: Entry = file(), after: Entry = before): Action => ({
    kind: 'move',
    path: path as RelPath,
    from: from as RelPath,
    carried: {leaves: 1, bytes: before.size},
    reasons: ['name'],
    before,
    after,
  }),
  /** A move to any path; `inode` is that of the entry. */
  carry: (path: string, from: string, before: Entry = file(), inode?: bigint): Action => ({
    kind: 'move',
    path: path as RelPath,
    from: from as RelPath,
    carried: {...(inode !== undefined && {inode}), leaves: 1, bytes: before.size},
    reasons: ['name'],
    before,
    after: before,
  }),
  delete: (path: string, before: Entry = file(0, {mtime: NOON - NS_PER_SECOND})): Action => ({
    kind: 'delete',
    path: path as RelPath,
    reasons: ['gone'],
    before,
  }),
  rmdir: (path: string): Action => ({kind: 'rmdir', path: path as RelPath, reasons: ['gone'], before: folder()}),
  blocked: (path: string, leaves = 1, bytes = 0): Action => ({
    kind: 'blocked',
    path: path as RelPath,
    reasons: ['source-unread'],
    before: folder(),
    leaves,
    bytes,
  }),
  upkeep: (path: string): Action => ({
    kind: 'attrs',
    path: path as RelPath,
    reasons: ['children'],
    before: folder(),
    after: folder(),
  }),
};

/** Everything is kept except the owner. */
export const PRESERVED: Preserved = {
  mode: true,
  owner: false,
  groups: [1000],
  times: true,
  xattrs: XATTR_NAMESPACES,
  acls: true,
  symlinks: 'kept',
  hardlinks: true,
  showsLinks: true,
  sparse: true,
  specials: true,
  devices: true,
};

export const header: PlanHeader = {
  id: 'plan-1',
  created: '2026-01-01T10:00:00.000Z',
  writer: 'dirsync 0.1.0',
  source: {path: '/source', identity: {inode: 2n, birthtime: NOON}},
  target: {path: '/target', identity: {inode: 12n, birthtime: 0n}},
  options: {
    compare: 'metadata',
    mtimeWindow: 0n,
    delete: true,
    deleteBefore: false,
    deleteAnyway: false,
    deleteExcluded: false,
    oneFileSystem: false,
    renameInvalid: false,
    moves: false,
    onDrift: 'overwrite',
    moveCheckLimit: 0,
    ...PRESERVED,
    filters: [],
    excludeCaches: false,
    excludeIfPresent: [],
    maxDelete: {share: 0.5},
  },
  totals: {
    source: {entries: 100, leaves: 100, bytes: 1000, digest: 'aa'},
    target: {entries: 100, leaves: 100, bytes: 1000, digest: 'bb'},
  },
  warnings: [],
};

/** A plan of these actions; `overrides` are header fields and problems. */
export function planOf(actions: readonly Action[], overrides: Partial<PlanHeader> & {problems?: readonly Problem[]} = {}): Plan {
  const {problems = [], ...fields} = overrides;
  return {header: {...header, ...fields}, actions, problems};
}

/** An apply that has just begun to write 100 B in 10 steps. */
export const applyProgress: ApplyProgress = {
  type: 'apply-progress',
  phase: 'write',
  actions: 0,
  steps: 0,
  totalSteps: 10,
  bytes: 0,
  totalBytes: 100,
  current: [],
};
