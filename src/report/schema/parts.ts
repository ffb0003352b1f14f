/** Parts of several documents: values, entries, actions, problems, counts, guards and drift. */
import {z} from 'zod';
import {ACTION_KINDS, REASONS, TARGET_DRIFTS} from '../../core/action.js';
import {DRIFT_ATTRIBUTES} from '../../core/drift.js';
import {OUTCOME_STATUSES} from '../../core/outcome.js';
import {GUARD_NAMES} from '../../core/plan.js';

const MAX_ID = 0xffffffff;
export const text = (description: string) => z.string().describe(description);
export const flag = (description: string) => z.boolean().describe(description);
export const count = (description: string) => z.int().nonnegative().describe(description);
export const moment = (description: string) => z.iso.datetime().describe(`${description} ISO 8601, in UTC.`);
export const id = (description: string) => z.int().nonnegative().max(MAX_ID).describe(description);
export const seconds = z
  .string()
  .regex(/^-?\d{1,19}\.\d{9}$/)
  .meta({
    id: 'seconds',
    description: 'Seconds with nine decimals, exact to the nanosecond; as text, since a double is not precise enough.',
  });

export const name = z.string().meta({
  id: 'name',
  description:
    'A name or path, not escaped for people. Names are bytes: one that is not UTF-8 stands as a lone surrogate U+DC80 to U+DCFF, ' +
    'written \\udc80 to \\udcff, whose low eight bits are the byte (surrogateescape, PEP 383).',
});

export const relPath = name.meta({
  id: 'path',
  description:
    'A path below a root, of names joined by "/", with no leading or trailing slash; "" is the root itself. See `name`.',
});

export const side = z.enum(['source', 'target']);
export const status = z.enum(OUTCOME_STATUSES).meta({
  id: 'status',
  description:
    'What happened to an action. already-done: the path was already as planned; not-kept: the target cannot hold it; skipped: the path had drifted and was left alone; ' +
    'stopped: the run ended before it, or the target was full by then; blocked: it was not to be done.',
});

export const entry = z
  .strictObject({
    kind: z.enum(['file', 'directory', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev']).describe('The kind of the entry.'),
    mode: z
      .string()
      .regex(/^[0-7]{4}$/)
      .describe('Permission bits with setuid, setgid and sticky: four octal digits.'),
    uid: id("The owner's number."),
    gid: id("The group's number."),
    size: count("Bytes of a file's content; 0 for every other kind."),
    mtime: seconds.describe('Last modification: seconds since 1970 UTC, negative before.'),
    link: name.describe('The target of a symlink, as written in it. Only for symlinks.').optional(),
    rdev: z
      .string()
      .regex(/^\d{1,10}:\d{1,10}$/)
      .describe("A device's numbers, MAJOR:MINOR. Only for devices.")
      .optional(),
    xattrs: z
      .record(z.string(), z.string().regex(/^(?:[A-Za-z0-9+/]*={0,2}|sha256:[0-9a-f]{64}|\?)$/))
      .describe(
        'Extended attributes by name, including POSIX ACLs (system.posix_acl_access, system.posix_acl_default): the value in base64, ' +
          'or its digest if it is longer than 256 bytes; "?" if it could not be read. Absent if there are none.',
      )
      .optional(),
  })
  .meta({id: 'entry', description: 'One path of a tree.'});

export const targetDrift = z
  .enum(TARGET_DRIFTS)
  .describe('What somebody else did to the entry in the target since the last run, if that is why there is an action.');

const step = {
  path: relPath.describe('The path below the root of the target.'),
  reasons: z
    .array(z.enum(REASONS))
    .describe(
      'The reasons: "new", "gone" from the source, "excluded" by a filter, or what differs. Only "children": the times of a folder are restored ' +
        'after its content changed, which does not count as a change.',
    ),
  targetDrift: targetDrift.optional(),
};

const from = relPath.describe(
  'The current path in the target: a different spelling of the same path, if a target that folds names gets the names of the source.',
);

const before = entry.describe('The current entry.');
const after = entry.describe('The entry after the action.');
export const action = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.enum(['mkdir', 'create']).describe('mkdir: a new folder; create: a new file or symlink.'),
      ...step,
      after,
    }),
    z.strictObject({
      kind: z.enum(['update', 'replace']).describe('update: different content; replace: a different kind of entry.'),
      ...step,
      from: from.optional(),
      before,
      after,
    }),
    z.strictObject({
      kind: z.literal('move').describe('The same entry under a different path; different metadata is set too.'),
      ...step,
      from: relPath.describe('The path in the target when the plan was made, before all moves.'),
      carried: z
        .strictObject({
          inode: z
            .string()
            .regex(/^\d{1,20}$/)
            .describe('The inode number in the target; absent if the file system does not keep it.')
            .optional(),
          leaves: count('Entries at and below the path that are not folders.'),
          bytes: count('Bytes of the files at and below the path, which are not copied.'),
        })
        .describe('What is moved. Absent if only the spelling of a name changes.')
        .optional(),
      before,
      after,
    }),
    z.strictObject({kind: z.literal('attrs').describe('Only metadata.'), ...step, before, after}),
    z.strictObject({
      kind: z.literal('link').describe('A further name of a file in the same tree (a hard link).'),
      ...step,
      from: from.optional(),
      leader: relPath.describe('The first path of the group of names.'),
      before: before.optional(),
      after,
    }),
    z.strictObject({
      kind: z.enum(['delete', 'rmdir']).describe('delete: removes an entry that is not a folder; rmdir: removes a folder.'),
      ...step,
      before,
    }),
    z.strictObject({
      kind: z.literal('blocked').describe('A path that would be deleted if the source certainly did not have it. It stays.'),
      ...step,
      before,
      leaves: count('Entries at and below the path that stay and are not folders.'),
      bytes: count('Bytes of the files that stay.'),
    }),
  ])
  .meta({id: 'action', description: 'One step of a plan.'});

export const problem = z
  .strictObject({
    path: relPath.describe('The path.'),
    side: side.describe('The tree in which it went wrong.'),
    phase: z.enum(['scan', 'plan', 'check', 'write', 'attrs', 'delete', 'sync']).describe('The phase in which it happened.'),
    code: text("An errno name such as EACCES, or one of dirsync's own such as CHANGED_DURING_COPY."),
    message: text('What happened and what to do: one line without the path.'),
  })
  .meta({id: 'problem', description: 'An error at one path, while the rest continued.'});

export const problems = z.array(problem);
export const kinds = z
  .record(
    z.enum(ACTION_KINDS),
    z
      .strictObject({
        count: count('The number of actions.'),
        bytes: count('Bytes to be written; for delete, bytes freed; for move, bytes that are not copied.'),
      })
      .describe('The actions of one kind.'),
  )
  .meta({id: 'kinds', description: 'Counts by kind of action.'});

export const moved = z
  .strictObject({
    leaves: count('Entries that are not folders.'),
    bytes: count('Bytes of their files, which are not copied.'),
  })
  .meta({id: 'moved', description: 'What moves to another path.'});

export const summary = z
  .strictObject({
    changes: count('All actions except those that only restore the times of folders.'),
    upkeep: count('Folders whose times are restored.'),
    bytes: count('Bytes to be written.'),
    moved: moved.describe('What moves instead of being copied.'),
    targetDrift: z
      .strictObject({
        added: count('Paths that were added.'),
        changed: count('Paths that were changed.'),
        removed: count('Paths that were removed.'),
      })
      .describe('Actions at paths that somebody else added, changed or removed in the target since the last run.'),
    problems: count('Paths with problems.'),
    kinds: kinds.describe('The changes by kind of action.'),
  })
  .meta({id: 'summary', description: 'Counts of a plan.'});

export const halts = z
  .array(
    z
      .strictObject({
        guard: z.enum(GUARD_NAMES).describe("The guard's name, as --allow takes it."),
        message: text('Why it halts.'),
        allowed: flag('Whether it is named in --allow, so that it does not halt.'),
      })
      .meta({id: 'halt', description: 'A guard that would halt the plan.'}),
  )
  .describe('The guards that would halt the plan.');

export const drift = z
  .array(
    z
      .strictObject({
        path: relPath.describe('Where it is.'),
        side: side.describe('The tree that changed.'),
        attribute: z.enum(DRIFT_ATTRIBUTES).describe('What differs from the plan.'),
        before: text('The attribute when the plan was made; absent if the path did not exist, or if it is not shown.').optional(),
        now: text('The current attribute; absent if the path does not exist, or if it is not shown.').optional(),
        found: text('The current entry, in words.'),
      })
      .meta({id: 'drift', description: 'One path that changed after the plan was made.'}),
  )
  .describe('The paths that changed after the plan was made.');

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const format = z.literal(1).describe('The version of this format.');
export const ofType = <Type extends string>(type: Type) => z.literal(type).describe('The type of the document.');
