/** Random values for laws: difficult names, entries, and plans whose actions are consistent. */
import fc from 'fast-check';
import {type Action, type Reason, TARGET_DRIFTS, type TargetDrift} from '../../src/core/action.js';
import type {Entry, Kind} from '../../src/core/entry.js';
import {compareNames, decodeName, foldName} from '../../src/core/name.js';
import {joinPath, parentPath, pathFault, type RelPath, ROOT} from '../../src/core/path.js';
import {
  type Facts,
  ON_DRIFT,
  type Plan,
  type PlanHeader,
  type PlanOptions,
  type PlanRoot,
  type TreeTotals,
} from '../../src/core/plan.js';
import {type Problem, problem} from '../../src/core/problem.js';
import {ACL_ACCESS, ACL_DEFAULT, digestValue, UNREADABLE_XATTR, XATTR_NAMESPACES, type Xattrs} from '../../src/core/xattr.js';

/** A name on disk, sometimes with control characters, bidirectional marks, emoji, or bytes that are not UTF-8. */
export const name: fc.Arbitrary<string> = fc
  .oneof(
    {weight: 4, arbitrary: fc.string({minLength: 1, maxLength: 8, unit: fc.constantFrom(...'ab.-_ 01')})},
    {weight: 1, arbitrary: fc.string({minLength: 1, maxLength: 8, unit: 'binary'})},
    {weight: 1, arbitrary: fc.uint8Array({minLength: 1, maxLength: 8}).map(decodeName)},
    {
      weight: 1,
      arbitrary: fc.constantFrom('\x1b[31m', 'a\nb', '\u202etxt', '\ufeff', '😀', '…', '__proto__', '"quoted"', '\udcff'),
    },
  )
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && text !== '.dirsync');

export const relPath: fc.Arbitrary<RelPath> = fc
  .array(name, {minLength: 1, maxLength: 4})
  .map((names) => names.join('/') as RelPath);

/** Any time whose seconds can be represented exactly, often before 1970 or at the edge of a second. */
export const time: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({min: -(2n ** 53n - 1n) * 1_000_000_000n, max: 2n ** 53n * 1_000_000_000n - 1n}),
  fc.constantFrom(0n, -1n, 1n, -500_000_000n, 999_999_999n, -1_000_000_000n),
);

const ANY_KIND: readonly Kind[] = ['file', 'directory', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev'];
const COPIED_KIND: readonly Kind[] = ['file', 'file', 'directory', 'directory', 'symlink', 'fifo', 'chardev'];

const xattrs: fc.Arbitrary<Xattrs | undefined> = fc.option(
  fc
    .dictionary(
      fc.oneof(
        name.map((text) => `user.${text}`),
        fc.constantFrom('trusted.x', 'security.capability', ACL_ACCESS, ACL_DEFAULT),
      ),
      fc.oneof(fc.base64String(), fc.constant(digestValue('0a'.repeat(32))), fc.constant(UNREADABLE_XATTR)),
      {minKeys: 1, maxKeys: 3, noNullPrototype: true},
    )
    // In the order of the names' bytes, as in a scan.
    .map((values) => Object.fromEntries(Object.entries(values).sort(([a], [b]) => compareNames(a, b)))),
  {nil: undefined, freq: 1},
);

/** An entry of one of these kinds. */
export function entry(kinds: readonly Kind[] = ANY_KIND): fc.Arbitrary<Entry> {
  const id = fc.integer({min: 0, max: 0xffffffff});
  return fc
    .record({
      kind: fc.constantFrom(...kinds),
      mode: fc.integer({min: 0, max: 0o7777}),
      uid: id,
      gid: id,
      size: fc.maxSafeNat(),
      mtime: time,
      link: relPath,
      rdev: fc.tuple(fc.nat(0xfff), fc.nat(0xfffff)).map(([major, minor]) => `${major}:${minor}`),
      xattrs,
    })
    .map(({link, rdev, xattrs, ...fields}) => ({
      ...fields,
      size: fields.kind === 'file' ? fields.size : 0,
      ...(fields.kind === 'symlink' && {link}),
      ...((fields.kind === 'chardev' || fields.kind === 'blockdev') && {rdev}),
      ...(xattrs && {xattrs}),
    }));
}

/** One path in both trees: its entry before and after, and the entries below it. */
interface Place {
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
  readonly below: ReadonlyMap<string, Place>;
  /** Whether an entry in both trees gets new content (if it has any), and whether a leaf is a hard link. */
  readonly update: boolean;
  readonly link: boolean;
  /** An unchanged entry has no action. */
  readonly still: boolean;
  /** Whether a new entry comes from elsewhere in the target. */
  readonly moved: boolean;
  readonly targetDrift: TargetDrift | undefined;
  readonly reasons: readonly Reason[];
}

const {place} = fc.letrec<{place: Place}>((tie) => ({
  place: fc.record({
    before: fc.option(entry([...ANY_KIND, ...COPIED_KIND, ...COPIED_KIND]), {nil: undefined, freq: 2}),
    after: fc.option(entry(COPIED_KIND), {nil: undefined, freq: 2}),
    below: fc
      .oneof(
        {depthIdentifier: 'place', depthSize: 'medium'},
        fc.constant([]),
        fc.array(fc.tuple(name, tie('place')), {maxLength: 5}),
      )
      .map((pairs) => new Map(pairs)),
    update: fc.boolean(),
    link: fc.boolean(),
    still: fc.boolean(),
    moved: fc.boolean(),
    targetDrift: fc.option(fc.constantFrom(...TARGET_DRIFTS), {nil: undefined, freq: 1}),
    reasons: fc.uniqueArray(fc.constantFrom<Reason>('size', 'mtime', 'content', 'link', 'mode', 'owner', 'group', 'hardlink'), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
}));

/** Actions in canonical order that turn one tree into another, as a planner would return them. */
export const actions: fc.Arbitrary<Action[]> = fc
  .tuple(entry(['directory']), entry(['directory']), fc.boolean(), place)
  .map(([before, after, fresh, root]) => {
    const found: Action[] = [];
    collect({...root, before: fresh ? undefined : before, after}, ROOT, found);
    return found;
  });

function collect(at: Place, path: RelPath, found: Action[]): void {
  const action = actionAt(at, path, found);
  if (action) found.push(at.targetDrift === undefined ? action : {...action, targetDrift: at.targetDrift});
  for (const [name, child] of [...at.below].sort(([a], [b]) => compareNames(a, b))) {
    const before = at.before?.kind === 'directory' ? child.before : undefined;
    const after = at.after?.kind === 'directory' ? child.after : undefined;
    collect({...child, before, after}, joinPath(path, name), found);
  }
}

function actionAt(
  {before, after, update, link, still, moved, reasons}: Place,
  path: RelPath,
  found: readonly Action[],
): Action | undefined {
  const leader = found.find(({after}) => after?.kind === 'file')?.path;
  if (before && after) {
    const from = otherwise(path);
    const old = link && from !== undefined ? {from} : {};
    if (before.kind !== after.kind) return {kind: 'replace', path, ...old, reasons: ['kind'], before, after};
    if (still) return undefined;
    if (update && after.kind !== 'directory') return {kind: 'update', path, ...old, reasons, before, after};
    if (link && from !== undefined) return {kind: 'move', path, from, reasons: ['name'], before, after};
    return {kind: update && after.kind !== 'directory' ? 'update' : 'attrs', path, reasons, before, after};
  }
  if (after && moved && path !== ROOT) {
    const from = oldPath(found);
    return {kind: 'move', path, from, carried: {leaves: 1, bytes: after.size}, reasons: ['name'], before: after, after};
  }
  if (after?.kind === 'directory') return {kind: 'mkdir', path, reasons: ['new'], after};
  if (after && link && leader) return {kind: 'link', path, leader, reasons: ['hardlink'], after};
  if (after) return {kind: 'create', path, reasons: ['new'], after};
  return before && {kind: before.kind === 'directory' ? 'rmdir' : 'delete', path, reasons: ['gone'], before};
}

/** A path that only the target has, beside something else that it has. */
function oldPath(found: readonly Action[]): RelPath {
  const beside = found.findLast(({path, before}) => path !== ROOT && before !== undefined)?.path;
  return joinPath(beside === undefined ? ROOT : parentPath(beside), `~${found.length}`);
}

/** The same path to a target that folds names. */
function otherwise(path: RelPath): RelPath | undefined {
  const other = path.toUpperCase() as RelPath;
  return other !== path && foldName(other) === foldName(path) && pathFault(other) === undefined ? other : undefined;
}

const anyText = fc.string({unit: 'binary', maxLength: 20});

export const problems: fc.Arbitrary<Problem[]> = fc.array(
  fc
    .record({
      path: relPath,
      side: fc.constantFrom('source', 'target'),
      phase: fc.constantFrom('scan', 'plan', 'check', 'write', 'attrs', 'delete', 'sync'),
      code: fc.constantFrom('EACCES', 'EIO', 'UNKNOWN_BELOW'),
    })
    .map(problem),
  {maxLength: 4},
);

const root: fc.Arbitrary<PlanRoot> = fc.record(
  {
    path: relPath.map((path) => `/${path}`),
    identity: fc.record({inode: fc.bigInt({min: 0n, max: 2n ** 64n - 1n}), birthtime: time}),
    escapes: fc.record({
      refused: fc.constantFrom('', ':', '\u0001"*:<>?\\|'),
      ends: fc.constantFrom('', '. '),
      letters: fc.constantFrom('bytes', 'unicode', 'ascii'),
    }),
  },
  {requiredKeys: ['path']},
);

const options: fc.Arbitrary<PlanOptions> = fc.record({
  compare: fc.constantFrom('metadata', 'size', 'content'),
  mtimeWindow: fc.bigInt({min: 0n, max: 3_000_000_000n}),
  sourceResolution: fc.bigInt({min: 0n, max: 3_000_000_000n}),
  delete: fc.boolean(),
  deleteBefore: fc.boolean(),
  deleteAnyway: fc.boolean(),
  deleteExcluded: fc.boolean(),
  oneFileSystem: fc.boolean(),
  renameInvalid: fc.boolean(),
  moves: fc.boolean(),
  onDrift: fc.constantFrom(...ON_DRIFT),
  moveCheckLimit: fc.nat(),
  mode: fc.boolean(),
  owner: fc.boolean(),
  groups: fc.oneof(fc.constant('any' as const), fc.array(fc.nat())),
  times: fc.boolean(),
  xattrs: fc.subarray([...XATTR_NAMESPACES]),
  acls: fc.boolean(),
  symlinks: fc.constantFrom('kept', 'bare', 'none'),
  hardlinks: fc.boolean(),
  showsLinks: fc.boolean(),
  sparse: fc.boolean(),
  specials: fc.boolean(),
  devices: fc.boolean(),
  filters: fc.array(anyText),
  excludeCaches: fc.boolean(),
  excludeIfPresent: fc.array(name),
  minSize: fc.maxSafeNat(),
  maxSize: fc.maxSafeNat(),
  maxDelete: fc.oneof(fc.record({count: fc.nat()}), fc.record({share: fc.double({min: 0, max: 1, noNaN: true})})),
});

const totals: fc.Arbitrary<TreeTotals> = fc.record({
  entries: fc.maxSafeNat(),
  leaves: fc.maxSafeNat(),
  bytes: fc.maxSafeNat(),
  digest: fc.string({unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64}),
});

const mounts = fc.array(fc.record({at: relPath, now: anyText, before: fc.array(anyText)}), {maxLength: 3});
const facts: fc.Arbitrary<Facts> = fc.record(
  {
    target: fc.record({now: anyText, before: fc.array(anyText)}, {requiredKeys: ['before']}),
    unread: fc.array(fc.record({file: relPath.map((path) => `/${path}`), why: anyText}), {maxLength: 2}),
    sourceFileSystem: fc.record({now: anyText, before: fc.array(anyText)}, {requiredKeys: ['before']}),
    sourceMounts: mounts,
    targetMounts: mounts,
    reversed: fc.boolean(),
    space: fc.array(
      fc.record(
        {at: relPath, block: fc.integer({min: 1}), free: fc.maxSafeNat(), freeInodes: fc.maxSafeNat(), needed: fc.maxSafeNat()},
        {requiredKeys: ['at', 'block', 'free']},
      ),
      {maxLength: 2},
    ),
    unfiltered: fc.record({count: fc.nat(), example: relPath}),
  },
  {requiredKeys: []},
);

export const header: fc.Arbitrary<PlanHeader> = fc.record(
  {
    id: fc.uuid(),
    created: fc.date({noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01')}).map((date) => date.toISOString()),
    writer: anyText,
    source: root,
    target: root,
    options,
    totals: fc.record({source: totals, target: totals}),
    overlap: fc.constantFrom('same', 'target-in-source', 'source-in-target'),
    owners: fc.record({
      users: fc.dictionary(name, fc.nat(), {noNullPrototype: true}),
      groups: fc.dictionary(name, fc.nat(), {noNullPrototype: true}),
    }),
    plannedBy: fc.nat(0xffffffff),
    sourceMissing: fc.boolean(),
    facts,
    rules: fc.array(fc.tuple(relPath, anyText), {maxLength: 3}),
    tagged: fc.array(fc.tuple(relPath, name), {maxLength: 3}),
    warnings: fc.array(anyText),
  },
  {requiredKeys: ['id', 'created', 'writer', 'source', 'target', 'options', 'totals', 'warnings']},
);

export const plan: fc.Arbitrary<Plan> = fc.record({header, actions, problems});
