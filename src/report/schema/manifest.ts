/** A manifest: the snapshot of one tree. */
import {z} from 'zod';
import {LINKS_AS, PRESERVABLE} from '../../core/plan.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';
import {count, entry, flag, format, moment, name, ofType, problems, relPath, seconds, text} from './parts.js';
import {owners, root, rules, tagged, timeRange, treeTotals} from './plan-header.js';

const xattrs = z.strictObject({
  xattrs: z.array(z.enum(XATTR_NAMESPACES)).describe('The namespaces of extended attributes.'),
  acls: flag('Whether POSIX ACLs are among them.'),
});

const header = z.strictObject({
  id: text("The snapshot's id."),
  created: moment('When reading began.'),
  writer: text('Program and version.'),
  root: root.describe('The folder that was read.'),
  options: z
    .strictObject({
      filters: z.array(z.string()).describe('Filter lines in gitignore syntax; the last match wins.'),
      excludeCaches: flag('Whether the contents of folders with a valid CACHEDIR.TAG are left out.'),
      excludeIfPresent: z.array(name).describe('The content of folders with an entry of such a name is left out.'),
      oneFileSystem: flag('Whether the content of folders on other file systems is left out.'),
      linksAs: z.enum(LINKS_AS).describe('What was read in place of symbolic links, if not the links.').optional(),
      digest: flag('Whether the content of files was read too.'),
      read: xattrs.describe('The extended attributes that were read.'),
    })
    .describe('How the folder was read.'),
  fileSystem: z
    .strictObject({
      type: text('As in mount(8); absent if it is unknown.').optional(),
      madeUp: z.array(z.enum(PRESERVABLE)).describe('Attributes that its driver makes up.'),
      resolution: seconds.describe('The precision of its times, in seconds.'),
      range: timeRange.describe('The earliest and the latest time that it can store, if known.'),
      supports: xattrs.describe('The extended attributes that it supports.'),
      largestFile: count('The largest file that it can hold; absent without such a limit.').optional(),
      folding: z
        .strictObject({
          keepsCase: flag('Whether it shows names in the case in which they were written.'),
          keepsAccents: flag('Whether it shows accents as they were written.'),
        })
        .describe('How it folds names; absent if it does not.')
        .optional(),
    })
    .describe('The file system of the folder.'),
});

const facts = z.strictObject({
  totals: treeTotals.describe('What was read.'),
  owners: owners.describe('The names of the owners in the tree, on the machine where it was read.'),
  rules: rules.describe('The .dirsyncignore files, up to a limit.'),
  tagged: tagged.describe('The folders with a tag, up to a limit.'),
  isCut: flag('Whether there are more of these files or folders.'),
  problems: problems.describe('The problems of reading.'),
  unlisted: count('The number of further problems.'),
  warnings: z.array(z.string()).describe('Warnings about the snapshot as a whole.'),
});

export const manifestFields = {
  file: name.describe('The file of the manifest.'),
  checksum: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('Identifies the manifest: the first half of a BLAKE3, which covers all of it.'),
  header: header.describe('The folder, and how it was read.'),
  facts: facts.describe('What was found in it.'),
};

const listed = z.strictObject({
  path: relPath.describe('The path below the folder.'),
  state: z
    .enum(['excluded', 'unknown'])
    .describe('excluded: a filter leaves it out; unknown: it could not be read. Absent for other entries.')
    .optional(),
  entry: entry.describe('The entry; absent if it has a state.').optional(),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("The BLAKE3 of a file's content; absent if it was not read.")
    .optional(),
});

export const manifest = z.strictObject({
  format,
  type: ofType('manifest'),
  ...manifestFields,
  entries: z
    .array(listed)
    .describe('All entries in canonical order, with the folder itself first; only with --entries.')
    .optional(),
});
