/**
 * The shape of what is written for programs: the documents of `--json` and the lines of `--events`. The build makes JSON
 * Schema of it (dist/schema); at run time only its types are used, which prove that report/json writes no other shape.
 */

import {z} from 'zod';
import {ACTION_KINDS, REASONS} from '../../core/action.js';
import {DRIFT_ATTRIBUTES} from '../../core/drift.js';
import {NOTICE_TOPICS} from '../../core/event.js';
import {NOTES, VERDICTS} from '../../core/explanation.js';
import {RUN_RESULTS} from '../../core/job-run.js';
import {OUTCOME_STATUSES, STOPS} from '../../core/outcome.js';
import {GUARD_NAMES, LINKS_AS} from '../../core/plan.js';
import {ORIGINS} from '../../core/shown-config.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';

/** What a schema takes, as a value that nobody changes. */
type Written<Schema extends z.ZodType> = Frozen<z.input<Schema>>;
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? {readonly [Key in keyof T]: Frozen<T[Key]>}
    : T;

const MAX_ID = 0xffffffff;

const text = (description: string) => z.string().describe(description);
const flag = (description: string) => z.boolean().describe(description);
const count = (description: string) => z.int().nonnegative().describe(description);
const moment = (description: string) => z.iso.datetime().describe(`${description} ISO 8601, in UTC.`);
const id = (description: string) => z.int().nonnegative().max(MAX_ID).describe(description);
const seconds = z
  .string()
  .regex(/^-?\d{1,19}\.\d{9}$/)
  .meta({id: 'seconds', description: 'Seconds with nine decimals, exact to the nanosecond; as text, since no double holds it.'});
const name = z.string().meta({
  id: 'name',
  description:
    'A name or path, not escaped for people. Names are bytes: one that is not UTF-8 stands as a lone surrogate U+DC80 to U+DCFF, ' +
    'written \\udc80 to \\udcff, whose low eight bits are the byte (surrogateescape, PEP 383).',
});
const relPath = name.meta({
  id: 'path',
  description:
    'A path below a root, of names joined by "/", with no leading or trailing slash; "" is the root itself. See `name`.',
});

const side = z.enum(['source', 'target']);
const status = z.enum(OUTCOME_STATUSES).meta({
  id: 'status',
  description:
    'What happened to an action. already-done: what it wants was there; not-kept: the target cannot hold it; skipped: the path had drifted and was left alone; ' +
    'stopped: the run ended before it, or the target was full by then; blocked: it was not to be done.',
});

const entry = z
  .strictObject({
    kind: z.enum(['file', 'directory', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev']).describe('What stands at the path.'),
    mode: z
      .string()
      .regex(/^[0-7]{4}$/)
      .describe('Permission bits with setuid, setgid and sticky: four octal digits.'),
    uid: id("The owner's number."),
    gid: id("The group's number."),
    size: count("Bytes of a file's content; 0 for every other kind."),
    mtime: seconds.describe('Last modification: seconds since 1970 UTC, negative before.'),
    link: name.describe('Where a symlink points, as written in it. Symlinks alone have it.').optional(),
    rdev: z
      .string()
      .regex(/^\d{1,10}:\d{1,10}$/)
      .describe("A device's numbers, MAJOR:MINOR. Devices alone have it.")
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
const action = z
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
    z.strictObject({kind: z.literal('attrs').describe('Metadata alone.'), ...step, before, after}),
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
      kind: z.literal('blocked').describe('What would be deleted, were it known that the source has not got it: it stays.'),
      ...step,
      before,
      leaves: count('What stays at and below the path and is no folder.'),
      bytes: count('Bytes of the files that stay.'),
    }),
  ])
  .meta({id: 'action', description: 'One step of a plan.'});

const problem = z
  .strictObject({
    path: relPath.describe('What went wrong.'),
    side: side.describe('The tree in which it went wrong.'),
    phase: z.enum(['scan', 'plan', 'check', 'write', 'attrs', 'delete', 'sync']).describe('Which step was at work.'),
    code: text("An errno name such as EACCES, or one of dirsync's own such as CHANGED_DURING_COPY."),
    message: text('What happened and what to do about it: one line without the path.'),
  })
  .meta({id: 'problem', description: 'One path that went wrong, while the rest went on.'});
const problems = z.array(problem);

const root = z.strictObject({
  path: name.describe('Absolute, with symlinks resolved.'),
  identity: z
    .strictObject({
      inode: z
        .string()
        .regex(/^\d{1,20}$/)
        .describe('The inode number: decimal, as text, since it can have 64 bits.'),
      birthtime: seconds.describe(
        'When the folder was made: seconds since 1970 UTC, 0 where the file system keeps no such time.',
      ),
    })
    .describe('How the folder is known again; absent when it does not exist yet.')
    .optional(),
  escapes: z
    .strictObject({
      refused: text('Characters that no name may have; U+0001 stands for all control characters.'),
      ends: text('Characters with which no name may end.'),
      letters: z.enum(['bytes', 'unicode', 'ascii']).describe('What a name may be made of.'),
    })
    .describe('The names that are escaped in it (--rename-invalid); absent where none are.')
    .optional(),
});
const treeTotals = z.strictObject({
  entries: count('All entries below the root.'),
  leaves: count('Entries that are no folder.'),
  bytes: count('Bytes of all files.'),
  digest: text('BLAKE3 over all entries in canonical order, hexadecimal; "" for a tree that is not there.'),
});

const known = z.strictObject({
  now: z.string().describe('What it is called now; absent when it has no name.').optional(),
  before: z.array(z.string()).describe('What it was called in earlier runs from this machine.'),
});
const found = z.strictObject({count: count('How many there are.'), example: relPath.describe('One of them.')});
const mounts = z.array(
  z.strictObject({
    at: relPath.describe('Where it is.'),
    now: z.string().describe('The file system that is mounted there; "" for none.'),
    before: z.array(z.string()).describe('Those that were met there before; empty for a path that is new.'),
  }),
);
const facts = z
  .strictObject({
    target: known.describe("The target's own id.").optional(),
    unread: z
      .array(z.strictObject({file: name.describe('Its absolute path.'), why: text('An errno name, or a sentence.')}))
      .describe('Files that tell what was met here before, and cannot be understood.')
      .optional(),
    sourceFileSystem: known.describe('The file system of the source.').optional(),
    sourceMounts: mounts.describe('Where something is mounted below the root of the source, or was.').optional(),
    targetMounts: mounts.describe('Where something is mounted below the root of the target, or was.').optional(),
    reversed: flag(
      'Whether an earlier run copied the other way, from this target to this source; absent when not known.',
    ).optional(),
    space: z
      .array(
        z.strictObject({
          at: relPath.describe('Where it is mounted; "" for that of the root.'),
          block: count('Bytes of a block.'),
          free: count('Bytes that may be written.'),
          freeInodes: count('Inodes that are left; absent where there is no limit.').optional(),
          needed: count('Bytes that the plan takes at most, where they were measured.').optional(),
        }),
      )
      .describe('The file systems of the target.')
      .optional(),
    notWritable: found.describe('Folders of the target that may not be written to.').optional(),
    stateOwner: id('Number of the user whose .dirsync in the target this user may not work in.').optional(),
    collisions: found.describe('Names of the source that are one to the target.').optional(),
    unfiltered: found.describe('Paths to be deleted or overwritten that the filters of the last run kept.').optional(),
  })
  .meta({id: 'facts', description: 'What guards judge besides the actions.'});

const header = z
  .strictObject({
    id: text("The plan's id."),
    created: moment('When planning began.'),
    writer: text('Program and version.'),
    source: root.describe('The folder to copy from.'),
    target: root.describe('The folder that becomes what the source is.'),
    options: z
      .strictObject({
        compare: z.enum(['metadata', 'size', 'content']).describe("What decides that a file's content is the same."),
        mtimeWindow: seconds.describe('Times that differ by no more than this many seconds are equal.'),
        sourceResolution: seconds
          .describe(
            'The source keeps times to this many seconds, where that is known: by less, those of the two trees may differ.',
          )
          .optional(),
        mtimeRange: z
          .strictObject({
            min: seconds.describe('Seconds since 1970 UTC, negative before.').optional(),
            max: seconds.describe('Seconds since 1970 UTC.').optional(),
          })
          .describe('The earliest and the latest time that the target can hold, where dirsync has learnt them.')
          .optional(),
        delete: flag('Whether what the source does not have is deleted from the target.'),
        deleteBefore: flag('Whether that is done before anything is written.'),
        deleteAnyway: flag('Whether what may be a file that could not be copied, under another name, is deleted all the same.'),
        deleteExcluded: flag('Whether what a filter leaves out is deleted from the target too.'),
        oneFileSystem: flag('Whether folders on other file systems are copied without what is in them.'),
        linksAs: z.enum(LINKS_AS).describe('What symbolic links become, where they are not to be links.').optional(),
        renameInvalid: flag('Whether names that the target cannot hold are written in another way.'),
        mode: flag('Whether permissions are kept.'),
        owner: flag('Whether the owner is kept.'),
        groups: z
          .union([z.literal('any'), z.array(id('A group id.'))])
          .describe('The groups that files could be given to; "any" for root.'),
        times: flag('Whether modification times are kept.'),
        xattrs: z.array(z.enum(XATTR_NAMESPACES)).describe('The namespaces of extended attributes that are kept.'),
        acls: flag('Whether POSIX ACLs are kept.'),
        symlinks: z
          .enum(['kept', 'bare', 'none'])
          .describe('Whether symbolic links are made: with owner and times, without them, or not at all.'),
        hardlinks: flag('Whether names of one file stay names of one file.'),
        showsLinks: flag('Whether names of one file show one inode in the target.'),
        sparse: flag('Whether holes in files stay holes.'),
        specials: flag('Whether FIFOs and sockets are made.'),
        devices: flag('Whether devices are made.'),
        filters: z.array(z.string()).describe('Filter lines in gitignore syntax, the last match wins.'),
        excludeCaches: flag('Whether what is in folders with a valid CACHEDIR.TAG is left out.'),
        excludeIfPresent: z.array(name).describe('What is in folders that hold something of such a name is left out.'),
        minSize: count('Smaller files are left alone; absent where there is no such limit.').optional(),
        maxSize: count('Larger files are left alone; absent where there is no such limit.').optional(),
        maxDelete: z
          .union([
            z.strictObject({count: count('At most this many entries that are no folder.')}),
            z.strictObject({
              share: z.number().min(0).max(1).describe("At most this part of the target's entries that are no folder: 0 to 1."),
            }),
          ])
          .describe('The guard too-many-deletes halts above this.'),
      })
      .describe('How the trees were compared, and what may be changed.'),
    totals: z
      .strictObject({source: treeTotals.describe('The source.'), target: treeTotals.describe('The target.')})
      .describe('What the scans saw.'),
    overlap: z
      .enum(['same', 'target-in-source', 'source-in-target'])
      .describe('How the two roots overlap; absent when they do not.')
      .optional(),
    plannedBy: id('Number of the user who made the plan; absent where users have none, and in older plans.').optional(),
    sourceMissing: flag('Whether the source was absent and taken as empty; absent when not.').optional(),
    narrowed: z
      .strictObject({
        from: text('The id of the plan that it was made from.'),
        leftOut: count('Changes that were left out.'),
      })
      .describe('Set when parts of a plan were left out by whoever reviewed it.')
      .optional(),
    owners: z
      .strictObject({
        users: z.record(z.string(), id("The user's number.")).describe('Users by name.'),
        groups: z.record(z.string(), id("The group's number.")).describe('Groups by name.'),
      })
      .describe('With --owner-by name: what the names of owners stood for where the plan was made.')
      .optional(),
    facts: facts.describe('What guards judge besides the actions, as it was when the plan was made.').optional(),
    rules: z
      .array(z.tuple([relPath.describe('Its folder.'), z.string().describe('What it says.')]))
      .describe('The .dirsyncignore files of the source, as many as are kept for the next plan.')
      .optional(),
    tagged: z
      .array(z.tuple([relPath.describe('The folder.'), name.describe('The name of its tag.')]))
      .describe('The folders of the source that hold a tag, as many as are kept for the next plan; absent where there are none.')
      .optional(),
    warnings: z.array(z.string()).describe('What holds for the plan as a whole, each said once.'),
  })
  .meta({id: 'header', description: 'What a plan is about and how it was made.'});

const kinds = z
  .record(
    z.enum(ACTION_KINDS),
    z
      .strictObject({count: count('How many actions.'), bytes: count('Bytes to be written; for delete, bytes given back.')})
      .describe('The actions of one kind.'),
  )
  .meta({id: 'kinds', description: 'Counts by kind of action.'});
const summary = z
  .strictObject({
    changes: count('All actions but those that only put back the times of folders.'),
    upkeep: count('Folders whose times are put back.'),
    bytes: count('Bytes to be written.'),
    problems: count('Paths with problems.'),
    kinds: kinds.describe('The changes by kind of action.'),
  })
  .meta({id: 'summary', description: 'Counts of a plan.'});
const halts = z
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
const drift = z
  .array(
    z
      .strictObject({
        path: relPath.describe('Where it is.'),
        side: side.describe('The tree that changed.'),
        attribute: z.enum(DRIFT_ATTRIBUTES).describe('In what it differs from what the plan saw.'),
        before: text('The attribute as the plan saw it; absent where nothing stood, or where it is not shown.').optional(),
        now: text('The attribute as it is now; absent where nothing stands, or where it is not shown.').optional(),
        found: text('What is there now instead, in words.'),
      })
      .meta({id: 'drift', description: 'One path at which the world is no longer what the plan saw.'}),
  )
  .describe('The paths that changed since the plan was made.');

const counts = z.record(status, count('How many actions.')).meta({
  id: 'counts',
  description: "Actions by what happened to them, without those that only put back folders' times.",
});
const interrupted = z
  .enum(STOPS)
  .describe('What ended the run early: a signal, or the time that it was given; absent otherwise.')
  .optional();
const report = z
  .strictObject({
    planId: text("The plan's id."),
    runId: text("The run's id."),
    started: moment('When the run began.'),
    finished: moment('When the run ended.'),
    counts: counts.describe('Actions by what happened to them.'),
    bytes: count('Bytes written.'),
    problems: problems.describe('What went wrong.'),
    skipped: z.array(relPath).describe('Paths left alone because they had drifted.'),
    interrupted,
  })
  .meta({id: 'report', description: 'How an apply ended.'});

const runHeader = z
  .strictObject({
    id: text("The run's id."),
    planId: text("The plan's id."),
    writer: text('Program and version.'),
    source: name.describe('The absolute path of the source.'),
    target: name.describe('The absolute path of the target.'),
    started: moment('When the run began.'),
    changes: count('Changes of the plan.'),
    bytes: count('Bytes that the plan writes.'),
  })
  .meta({id: 'runHeader', description: 'What is known when a run begins.'});
const runEnd = z
  .strictObject({
    finished: moment('When the run ended.'),
    counts: counts.describe('Actions by what happened to them.'),
    bytes: count('Bytes written.'),
    interrupted,
  })
  .meta({id: 'runEnd', description: 'How a run ended.'});
const end = runEnd.describe('How it ended; absent when it was killed, or is still at work.').optional();

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const format = z.literal(1).describe('The version of this form.');
const ofType = <Type extends string>(type: Type) => z.literal(type).describe('What this is.');

const plan = z.strictObject({
  format,
  type: ofType('plan'),
  header: header.describe('What the plan is about and how it was made.'),
  summary: summary.describe('Its counts.'),
  halts,
  actions: z.array(action).describe("Its steps, in canonical order of their paths: a folder's own before those below it."),
  problems: problems.describe('What scanning and comparing found wrong.'),
  file: z
    .strictObject({path: name.describe('Its path.'), sha256: sha256.describe('What --plan-sha256 pins.')})
    .describe('The file that the plan was written to or read from; absent when there is none.')
    .optional(),
});

const apply = z.strictObject({
  format,
  type: ofType('apply'),
  report: report.describe('How it ended.'),
  plan: header.describe("The plan's header; absent when there was no plan.").optional(),
});

const runStep = z
  .strictObject({
    kind: z.enum(ACTION_KINDS).describe('The kind of action.'),
    path: relPath.describe('What it was about.'),
    status: status.describe('What happened to it.'),
    bytes: count('Bytes of content that it writes; for delete, bytes given back.'),
  })
  .meta({id: 'step', description: 'One action of a run.'});

const runFields = {
  header: runHeader.describe('What was known when the run began.'),
  steps: z
    .array(runStep)
    .describe("The actions, in the order in which they ended; without those that only put back folders' times."),
  problems: problems.describe('What went wrong.'),
  end,
};
const run = z.strictObject({format, type: ofType('run'), ...runFields});

const historyFields = {
  target: name.describe('The absolute path of the target.'),
  runs: z
    .array(
      z
        .strictObject({
          header: runHeader.describe('What was known when the run began.'),
          end,
          kinds: kinds.describe('What was done, by kind of action.'),
          problems: count('Paths with problems.'),
          fault: text('Why its journal cannot be read to the end; absent when it can.').optional(),
        })
        .meta({id: 'runSummary', description: 'One run.'}),
    )
    .describe('The newest first.'),
};
const history = z.strictObject({format, type: ofType('history'), ...historyFields});

const sideNow = z
  .strictObject({
    entry: entry.describe('What stands there; absent when nothing does, or when it could not be looked at.').optional(),
    escaped: text('Its path on disk, where names that the file system cannot hold are escaped (--rename-invalid).').optional(),
    fault: text('Why it could not be looked at: an errno name.').optional(),
  })
  .meta({id: 'side', description: 'What one side has at the path now.'});
const explained = {
  path: relPath.describe('What was asked about.'),
  verdict: z
    .enum(VERDICTS)
    .describe(
      'changed: an action changes it; upkeep: only its times are put back; linked: it changes with another name of the same file; ' +
        'equal: there is nothing to do; left-out: a filter leaves it out; protected: a filter protects what the target has; ' +
        'blocked: a problem keeps the plan away; not-kept: a FIFO, socket or device that cannot be made or is not wanted; ' +
        'other-size: --min-size or --max-size leaves it alone; other-file-system: --one-file-system leaves it out; kept: deletes are not wanted; holds: a folder stays for what it holds; ' +
        'narrowed: the change was left out of the plan; drifted: the sides came to differ after the plan was made; ' +
        "nowhere: neither side has it; own: dirsync's own.",
    ),
  sentence: text('The answer for people; names in it are escaped.'),
  plan: header.describe('The header of the plan that was asked.'),
  source: sideNow.describe('What the source has.'),
  target: sideNow.describe('What the target has.'),
  action: action.describe('The step of the plan for this path; absent when there is none.').optional(),
  above: z.array(action).describe('Steps by which a folder above comes, goes or is replaced.'),
  leader: relPath.describe('The first name of the file of which this path is another name.').optional(),
  below: z
    .strictObject({changes: count('Changes.'), problems: count('Paths with problems.')})
    .describe('What the plan has below the path.'),
  mount: relPath.describe('With --one-file-system: the folder at or above the path where another file system begins.').optional(),
  holds: relPath.describe('For holds: the first path in it that a filter protects or that could not be read.').optional(),
  filter: z
    .strictObject({
      excluded: flag('Whether the filters leave it out.'),
      rule: z
        .strictObject({
          from: relPath.describe('The .dirsyncignore that holds the line; "" for the command line and the config.'),
          line: count('Its number in that file, or its place among the lines of the command line and the config; from 1.'),
          pattern: text('The line as it was written.'),
        })
        .describe('The line that decided; absent when none matches.')
        .optional(),
      tag: relPath
        .describe('The tag by which all else in its folder is left out: --exclude-caches, --exclude-if-present.')
        .optional(),
      at: relPath.describe('What was decided about: the path, or a folder above it that is left out with all that is in it.'),
    })
    .describe('What the filters say.'),
  problems: problems.describe('Problems of the path and of folders above it, the nearest first.'),
  halts,
  notes: z
    .array(z.enum(NOTES))
    .describe(
      'size-only: sizes alone are compared; within-window: the times differ by no more than the two trees keep, or --mtime-window; ' +
        'mode-not-kept, owner-not-kept, group-not-kept: they differ, and the target or the user cannot keep them; drifted: what stands there now is not what the plan saw.',
    ),
  lastRun: z
    .strictObject({header: runHeader.describe('The run.'), step: runStep.describe('What it did.')})
    .describe('The last run that had to do with the path; absent when none is known.')
    .optional(),
};
const explanation = z.strictObject({format, type: ofType('explanation'), ...explained});

const settingKeys = 'By key, such as "exclude" or "hooks.onFailure"';
const configFields = {
  file: name.describe('The config file: absolute.'),
  files: z.array(name).describe('That file, and then those that it extends, the strongest first.'),
  jobs: z
    .record(
      z.string(),
      z
        .strictObject({
          settings: z
            .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
            .describe(`What holds. ${settingKeys}; paths are absolute, and of addresses only the host is told.`),
          origins: z
            .record(
              z.string(),
              z.strictObject({
                from: z
                  .enum(ORIGINS)
                  .describe('The command line, the job, the defaults of a config file, or nobody: it is built in.'),
                file: name.describe('The config file that says it: absolute.').optional(),
                line: z.int().positive().describe('Its line there; absent where the file has no lines to tell.').optional(),
              }),
            )
            .describe(`Where it was said. ${settingKeys}.`),
        })
        .meta({id: 'jobSettings', description: 'The settings of one job.'}),
    )
    .describe('Jobs by name.'),
};
const settings = z.strictObject({format, type: ofType('settings'), ...configFields});

const error = z.strictObject({
  format,
  type: ofType('error'),
  code: text('What went wrong, always the same word for the same thing; INTERNAL for a mistake in dirsync.'),
  exitCode: z.int().nonnegative().max(255).describe('The exit code of the program.'),
  message: text('The whole sentence; names in it are escaped for people.'),
  summary: text('What is always said for this code; absent for INTERNAL.').optional(),
  detail: text('The particulars; absent for INTERNAL.').optional(),
  hint: text('What to do about it; absent when there is nothing to say.').optional(),
  drift: drift.optional(),
});

const stopped = z.strictObject({
  format,
  type: ofType('stopped'),
  stopped: z
    .enum(STOPS)
    .describe('The signal that ended the command before it came to a result; a daemon ends by one in any case.'),
  exitCode: z.int().nonnegative().max(255).describe('The exit code of the program.'),
});

const jobRun = z
  .strictObject({
    id: text("The run's id, as in its journal and in the log."),
    job: text('The name of the job; absent for two folders.').optional(),
    source: name.describe('The source as it was given; absent where the config could not be read.').optional(),
    target: name.describe('The target as it was given; absent where the config could not be read.').optional(),
    started: moment('When it began.'),
    finished: moment('When it had ended.'),
    duration: count('Milliseconds that it took.'),
    result: z
      .enum(RUN_RESULTS)
      .describe('partial: done, but for some paths; halted: a guard did not let it begin; interrupted: by a signal.'),
    exitCode: z.int().nonnegative().max(255).describe('The exit code of the run by itself.'),
    plan: header.describe('The header of its plan; absent when it did not come to one, as are summary and halts.').optional(),
    summary: summary.describe("The plan's counts.").optional(),
    halts: halts.optional(),
    report: report.describe('What it did; absent when it did not come to that.').optional(),
    error: z
      .strictObject({
        code: text('What went wrong, as in an error.'),
        message: text('The whole sentence.'),
        hint: text('What to do about it; absent when there is nothing to say.').optional(),
      })
      .describe('Why it ended early; absent when it did not.')
      .optional(),
  })
  .meta({id: 'jobRun', description: 'One run of a job, whether or not it came to change anything.'});
const job = z.strictObject({format, type: ofType('job-run'), ...jobRun.shape});
const jobs = z.strictObject({
  format,
  type: ofType('jobs'),
  runs: z.array(jobRun).describe('One for each job, in the order in which they ended.'),
});

/** Of an event: whose it is. */
const jobName = text('The name of the job; absent for two folders.').optional();

const event = z.discriminatedUnion('type', [
  z.strictObject({
    format,
    job: jobName,
    type: ofType('plan-started'),
    source: name.describe('The absolute path of the source.'),
    target: name.describe('The absolute path of the target.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('scan-progress'),
    source: count('Entries of the source read so far.'),
    target: count('Entries of the target read so far.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('scan-done'),
    side: side.describe('The tree that was read.'),
    entries: count('All its entries.'),
    bytes: count('Bytes of all its files.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('plan-ready'),
    plan: text("The plan's id."),
    summary: summary.describe('Its counts.'),
    halts,
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('plan-file'),
    file: name.describe('The file that the plan was written to or read from.'),
    sha256: sha256.describe('What --plan-sha256 pins.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('explained'),
    explanation: z.strictObject(explained).describe('The answer, as in the document explanation.'),
  }),
  z.strictObject({format, job: jobName, type: ofType('drift'), drift}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('lock-waiting'),
    target: name.describe('The absolute path of the target, on which another run is working.'),
    holder: z
      .strictObject({
        pid: count('Its process.'),
        host: text('The host on which that runs.'),
        since: text('When it got the lock; ISO 8601, in UTC.'),
        command: text('Its command line, which may be shortened.'),
      })
      .describe('That run, as it says itself; absent when it has not said so yet.')
      .optional(),
    timeout: count('For how many milliseconds this run waits at most.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('apply-started'),
    actions: count('All actions of the plan.'),
    steps: count('All that there is to do: the checks, and each action once for each wave that it is in.'),
    checks: count('How many of the steps are checks before the first change.'),
    bytes: count('Bytes to be written.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('apply-progress'),
    phase: z.enum(['check', 'write', 'sync', 'delete', 'attrs']).describe('What it is at.'),
    actions: count('Actions whose outcome is known.'),
    steps: count('Steps done so far; what needed no work counts as done.'),
    totalSteps: count('All steps.'),
    bytes: count('Bytes written so far, and those that need not be.'),
    totalBytes: count('All bytes to be written.'),
    current: z
      .array(relPath.nullable().describe('A path, or null for a worker without work.'))
      .describe('The path at hand, for each worker.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('action'),
    status: status.describe('What happened to it.'),
    action: action.describe('The step of the plan.'),
  }),
  z.strictObject({format, job: jobName, type: ofType('problem'), problem: problem.describe('What went wrong.')}),
  z.strictObject({format, job: jobName, type: ofType('apply-done'), report: report.describe('How it ended.')}),
  z.strictObject({format, job: jobName, type: ofType('run-shown'), ...runFields}),
  z.strictObject({format, job: jobName, type: ofType('history'), ...historyFields}),
  z.strictObject({format, job: jobName, type: ofType('config-shown'), ...configFields}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-waiting'),
    next: moment('When the next run begins.'),
    watching: flag('Whether a change of the source starts a run too; absent when it does not.').optional(),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-skipped'),
    ticks: count("How many of the job's times passed without a run."),
    why: z.enum(['busy', 'slept']).describe('busy: a run was at work; slept: the machine was not.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-failed'),
    code: text('What went wrong, as in an error.'),
    message: text('The whole sentence.'),
    hint: text('What to do about it; absent when there is nothing to say.').optional(),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-started'),
    id: text("The run's id, as in its journal and in the log."),
  }),
  z.strictObject({format, job: jobName, type: ofType('run-ended'), run: jobRun.describe('How it ended.')}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('notice'),
    level: z.enum(['info', 'warn']).describe('Whether somebody should look at it.'),
    about: z.enum(NOTICE_TOPICS).describe('What it is about. It never changes how a run ends.'),
    message: text('A sentence; names in it are escaped.'),
  }),
  error.describe('The error that ended the program; the last line.'),
  stopped.describe('The signal that ended the program; the last line.'),
]);

export type PlanDocument = Written<typeof plan>;
export type ApplyDocument = Written<typeof apply>;
export type RunDocument = Written<typeof run>;
export type HistoryDocument = Written<typeof history>;
export type ExplanationDocument = Written<typeof explanation>;
export type JobRunDocument = Written<typeof job>;
export type JobsDocument = Written<typeof jobs>;
export type SettingsDocument = Written<typeof settings>;
export type ErrorDocument = Written<typeof error>;
export type StoppedDocument = Written<typeof stopped>;
export type EventLine = Written<typeof event>;

const DOCUMENTS = {
  plan: [plan, 'A plan, as plan --json writes it.'],
  apply: [apply, 'How an apply ended, as apply --json writes it.'],
  run: [run, 'A run of the past with all its steps.'],
  history: [history, 'The runs of a target.'],
  explanation: [explanation, 'Why a path is or is not in a plan, as explain --json writes it.'],
  'job-run': [job, 'A run of a job, as hooks read it from stdin.'],
  jobs: [jobs, 'The runs of several jobs, as run --json writes them.'],
  settings: [settings, 'What the config file says of its jobs, as config --json writes it.'],
  error: [error, 'The error that ended a command, which --json writes in place of its document.'],
  stopped: [stopped, 'The signal that ended a command, which --json writes in place of its document.'],
  event: [event, 'One line of --events.'],
} as const;

/** JSON Schema (2020-12) of each document by the name of its file, such as "plan-1". */
export function documentSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(DOCUMENTS).map(([type, [schema, description]]) => {
      const file = `${type}-1`;
      const titled = schema.meta({$id: `urn:dirsync:schema:${file}`, title: `dirsync ${type}, format 1`, description});
      return [file, z.toJSONSchema(titled, {io: 'input', override: withoutSafeMaximum})];
    }),
  );
}

/** Every number that is written is a JSON number; that sums above 2^53 are rounded is no reason to refuse them. */
function withoutSafeMaximum({jsonSchema}: {jsonSchema: {maximum?: number}}): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
