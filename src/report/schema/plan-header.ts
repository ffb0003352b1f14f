/** The roots of a plan, and how it was made. */
import {z} from 'zod';
import {LINKS_AS, ON_DRIFT} from '../../core/plan.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';
import {count, flag, id, moment, name, relPath, seconds, text} from './parts.js';

export const root = z.strictObject({
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
    .describe('What identifies the folder; absent if it does not exist yet.')
    .optional(),
  escapes: z
    .strictObject({
      refused: text('Characters that names cannot contain; U+0001 stands for all control characters.'),
      ends: text('Characters that names cannot end with.'),
      letters: z.enum(['bytes', 'unicode', 'ascii']).describe('The form of possible names.'),
    })
    .describe('The names that are escaped in it (--rename-invalid); absent if none are.')
    .optional(),
});

export const treeTotals = z.strictObject({
  entries: count('All entries below the root.'),
  leaves: count('Entries that are not folders.'),
  bytes: count('Bytes of all files.'),
  digest: text('BLAKE3 over all entries in canonical order, hexadecimal; "" for a tree that does not exist.'),
});

const known = z.strictObject({
  now: z.string().describe('Its current name; absent if it has none.').optional(),
  before: z.array(z.string()).describe('Its names in earlier runs from this machine.'),
});

const found = z.strictObject({count: count('Their number.'), example: relPath.describe('An example.')});
const mounts = z.array(
  z.strictObject({
    at: relPath.describe('Where it is.'),
    now: z.string().describe('The file system that is mounted there; "" for none.'),
    before: z.array(z.string()).describe('The file systems that were mounted there before; empty for a new path.'),
  }),
);

const facts = z
  .strictObject({
    target: known.describe("The target's own id.").optional(),
    unread: z
      .array(z.strictObject({file: name.describe('Its absolute path.'), why: text('An errno name, or a sentence.')}))
      .describe('Files with facts about earlier runs that cannot be read or are not valid.')
      .optional(),
    sourceFileSystem: known.describe('The file system of the source.').optional(),
    sourceMounts: mounts.describe('Paths below the root of the source where something is or was mounted.').optional(),
    targetMounts: mounts.describe('Paths below the root of the target where something is or was mounted.').optional(),
    reversed: flag(
      'Whether an earlier run copied the other way, from this target to this source; absent when not known.',
    ).optional(),
    space: z
      .array(
        z.strictObject({
          at: relPath.describe('Where it is mounted; "" for that of the root.'),
          block: count('The size of a block in bytes.'),
          free: count('Free bytes.'),
          freeInodes: count('Free inodes; absent if there is no limit.').optional(),
          needed: count('The most bytes that the plan needs, if that was measured.').optional(),
        }),
      )
      .describe('The file systems of the target.')
      .optional(),
    notWritable: found.describe('Folders of the target that this user cannot write to.').optional(),
    stateOwner: id('The ID of the owner of .dirsync in the target, if this user cannot use it.').optional(),
    collisions: found.describe('Names of the source that are the same name in the target.').optional(),
    unfiltered: found.describe('Paths to be deleted or overwritten that the filters of the last run protected.').optional(),
  })
  .meta({id: 'facts', description: 'Facts for the guards, besides the actions.'});

export const timeRange = z.strictObject({
  min: seconds.describe('Seconds since 1970 UTC, negative before.').optional(),
  max: seconds.describe('Seconds since 1970 UTC.').optional(),
});

export const owners = z.strictObject({
  users: z.record(z.string(), id("The user's number.")).describe('Users by name.'),
  groups: z.record(z.string(), id("The group's number.")).describe('Groups by name.'),
});

export const rules = z.array(z.tuple([relPath.describe('Its folder.'), z.string().describe('Its text.')]));
export const tagged = z.array(z.tuple([relPath.describe('The folder.'), name.describe('The name of its tag.')]));

export const header = z
  .strictObject({
    id: text("The plan's id."),
    created: moment('When planning began.'),
    writer: text('Program and version.'),
    source: root.describe('The folder to copy from.'),
    target: root.describe('The folder to copy to.'),
    options: z
      .strictObject({
        compare: z.enum(['metadata', 'size', 'content']).describe("What decides that a file's content is the same."),
        mtimeWindow: seconds.describe('Times that differ by at most this many seconds count as equal.'),
        sourceResolution: seconds
          .describe(
            'The source keeps times to this many seconds, where that is known: by less, those of the two trees may differ.',
          )
          .optional(),
        mtimeRange: timeRange.describe('The earliest and the latest time that the target can store, if known.').optional(),
        delete: flag('Whether paths that the source does not have are deleted from the target.'),
        deleteBefore: flag('Whether that is done before anything is written.'),
        deleteAnyway: flag('Whether files are deleted even if they may be the only copies of files that could not be copied.'),
        deleteExcluded: flag('Whether paths that a filter leaves out are also deleted from the target.'),
        oneFileSystem: flag('Whether folders on other file systems are copied without their content.'),
        linksAs: z.enum(LINKS_AS).describe('What symbolic links become, if they are not copied as links.').optional(),
        renameInvalid: flag('Whether names that the target cannot hold are written in another way.'),
        moves: flag('Whether entries that were renamed in the source are renamed in the target.'),
        moveCheckLimit: count('The most bytes of each tree that were read to find moved files by their content.'),
        onDrift: z.enum(ON_DRIFT).describe('What is done where somebody else has changed the target since the last run.'),
        mode: flag('Whether permissions are kept.'),
        owner: flag('Whether the owner is kept.'),
        groups: z
          .union([z.literal('any'), z.array(id('A group id.'))])
          .describe('The groups to which files could be given; "any" for root.'),
        times: flag('Whether modification times are kept.'),
        xattrs: z.array(z.enum(XATTR_NAMESPACES)).describe('The namespaces of extended attributes that are preserved.'),
        acls: flag('Whether POSIX ACLs are kept.'),
        symlinks: z
          .enum(['kept', 'bare', 'none'])
          .describe('How symbolic links are made: with owner and times, without them, or not at all.'),
        hardlinks: flag('Whether names of one file stay names of one file.'),
        showsLinks: flag('Whether names of one file show one inode in the target.'),
        sparse: flag('Whether holes in files stay holes.'),
        specials: flag('Whether FIFOs and sockets are made.'),
        devices: flag('Whether devices are made.'),
        filters: z.array(z.string()).describe('Filter lines in gitignore syntax; the last match wins.'),
        excludeCaches: flag('Whether the contents of folders with a valid CACHEDIR.TAG are left out.'),
        excludeIfPresent: z.array(name).describe('The content of folders with an entry of such a name is left out.'),
        minSize: count('Smaller files are left alone; absent if there is no such limit.').optional(),
        maxSize: count('Larger files are left alone; absent if there is no such limit.').optional(),
        maxDelete: z
          .union([
            z.strictObject({count: count('At most this many entries that are not folders.')}),
            z.strictObject({
              share: z
                .number()
                .min(0)
                .max(1)
                .describe("At most this share of the target's entries that are not folders: 0 to 1."),
            }),
          ])
          .describe('The guard too-many-deletes halts above this.'),
      })
      .describe('How the trees were compared, and what can be changed.'),
    totals: z
      .strictObject({source: treeTotals.describe('The source.'), target: treeTotals.describe('The target.')})
      .describe('What the scans found.'),
    overlap: z
      .enum(['same', 'target-in-source', 'source-in-target'])
      .describe('How the two roots overlap; absent if they do not.')
      .optional(),
    plannedBy: id('The ID of the user who made the plan; absent on systems without user IDs, and in older plans.').optional(),
    sourceMissing: flag('Whether the source was absent and taken as empty; absent when not.').optional(),
    narrowed: z
      .strictObject({
        from: text('The id of the original plan.'),
        leftOut: count('Changes that were left out.'),
      })
      .describe('Set if parts of the plan were left out in a review or on the command line.')
      .optional(),
    owners: owners
      .describe('With --owner-by name: the IDs of the owners by name, on the machine where the plan was made.')
      .optional(),
    facts: facts.describe('Facts for the guards, besides the actions, collected when the plan was made.').optional(),
    rules: rules.describe('The .dirsyncignore files of the source, up to the limit that is kept for the next plan.').optional(),
    tagged: tagged
      .describe('The folders of the source with a tag, up to the limit that is kept for the next plan; absent if there are none.')
      .optional(),
    compared: z
      .literal(true)
      .describe('The two trees were only compared, by `diff`: the source is the later one, and the plan cannot be applied.')
      .optional(),
    warnings: z.array(z.string()).describe('Warnings about the plan as a whole, each once.'),
  })
  .meta({id: 'header', description: 'The roots of a plan, and how it was made.'});
