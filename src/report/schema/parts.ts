/** Parts of several documents: values, entries, actions, problems, counts, guards and drift. */
import {z} from 'zod';
import {ACTION_KINDS, REASONS} from '../../core/action.js';
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
  .meta({id: 'seconds', description: 'Seconds with nine decimals, exact to the nanosecond; as text, since no double holds it.'});

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
    'What happened to an action. already-done: what it wants was there; not-kept: the target cannot hold it; skipped: the path had drifted and was left alone; ' +
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
    link: name.describe('Where a symlink points, as written in it. Only for symlinks.').optional(),
    rdev: z
      .string()
      .regex(/^\d{1,10}:\d{1,10}$/)
      .describe("A device's numbers, MAJOR:MINOR. Only for devices.")
      .optional(),
    xattrs: z
      .record(z.string(), z.string().regex(/^(?:[A-Za-z0-9+/]*={0,2}|sha256:[0-9a-f]{64}|\?)$/))
      .describe(
        'Extended attributes by name, POSIX ACLs among them (system.posix_acl_access, system.posix_acl_default): the value in base64; ' +
          'above 256 bytes its digest; "?" where it could not be read. Absent where there are none.',
      )
      .optional(),
  })
  .meta({id: 'entry', description: 'What one path of a tree is.'});

const step = {
  path: relPath.describe('What it is about, below the root of the target.'),
  reasons: z
    .array(z.enum(REASONS))
    .describe(
      'Why it is there: "new", "gone" from the source, "excluded" by a filter, or what differs. "children" alone: a folder\'s times are put back after ' +
        'its content changed, which is not counted as a change.',
    ),
};

const from = relPath.describe(
  'Where the target has it until now: the same path in other letters, where a target that folds names is to get the names of the source.',
);

const before = entry.describe('What is there now.');
const after = entry.describe('What will be there.');
export const action = z
  .discriminatedUnion('kind', [
    z.strictObject({kind: z.enum(['mkdir', 'create']).describe('A new folder; a new file or symlink.'), ...step, after}),
    z.strictObject({
      kind: z.enum(['update', 'replace']).describe('Other content; another kind of entry.'),
      ...step,
      from: from.optional(),
      before,
      after,
    }),
    z.strictObject({
      kind: z.literal('move').describe('The same content under another name; metadata that differs is set as well.'),
      ...step,
      from,
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
    z.strictObject({kind: z.enum(['delete', 'rmdir']).describe('What is no folder goes; a folder goes.'), ...step, before}),
    z.strictObject({
      kind: z
        .literal('blocked')
        .describe('A path that would be deleted if it were certain that the source does not have it. It stays.'),
      ...step,
      before,
      leaves: count('What stays at and below the path and is no folder.'),
      bytes: count('Bytes of the files that stay.'),
    }),
  ])
  .meta({id: 'action', description: 'One step of a plan.'});

export const problem = z
  .strictObject({
    path: relPath.describe('What went wrong.'),
    side: side.describe('The tree in which it went wrong.'),
    phase: z.enum(['scan', 'plan', 'check', 'write', 'attrs', 'delete', 'sync']).describe('The step in which it happened.'),
    code: text("An errno name such as EACCES, or one of dirsync's own such as CHANGED_DURING_COPY."),
    message: text('What happened and what to do about it: one line without the path.'),
  })
  .meta({id: 'problem', description: 'One path that went wrong, while the rest went on.'});

export const problems = z.array(problem);
export const kinds = z
  .record(
    z.enum(ACTION_KINDS),
    z
      .strictObject({count: count('How many actions.'), bytes: count('Bytes to be written; for delete, bytes given back.')})
      .describe('The actions of one kind.'),
  )
  .meta({id: 'kinds', description: 'Counts by kind of action.'});

export const summary = z
  .strictObject({
    changes: count('All actions except those that only restore the times of folders.'),
    upkeep: count('Folders whose times are restored.'),
    bytes: count('Bytes to be written.'),
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
        attribute: z.enum(DRIFT_ATTRIBUTES).describe('In what it differs from what the plan saw.'),
        before: text('The attribute as the plan saw it; absent if the path did not exist, or if it is not shown.').optional(),
        now: text('The attribute as it is now; absent if the path does not exist, or if it is not shown.').optional(),
        found: text('What is there now instead, in words.'),
      })
      .meta({id: 'drift', description: 'One path at which the world is no longer what the plan saw.'}),
  )
  .describe('The paths that changed since the plan was made.');

export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const format = z.literal(1).describe('The version of this form.');
export const ofType = <Type extends string>(type: Type) => z.literal(type).describe('What this is.');
