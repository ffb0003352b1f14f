/** Problems: what went wrong at one path, with the messages of all codes. */
import type {RelPath} from './path.js';

/** The step in which a problem occurred. */
export type Phase = 'scan' | 'plan' | 'check' | 'write' | 'attrs' | 'delete' | 'sync';

export type Side = 'source' | 'target';

/** A problem with one path. A value: the run continues with the rest and ends with exit code 3. */
export interface Problem {
  readonly path: RelPath;
  /** The tree in which it occurred. */
  readonly side: Side;
  readonly phase: Phase;
  /** An errno name such as EACCES, or one of ours such as CHANGED_DURING_COPY. */
  readonly code: string;
  /** What happened and what the user can do: one line, without a path. */
  readonly message: string;
}

/** What each of dirsync's own codes means, for the user who must act on it. */
const OURS: Readonly<Record<string, string>> = {
  CHANGED_DURING_COPY:
    'it changed during each attempt to copy it, so it is not in the target; run again when no program writes to it',
  CHANGED_DURING_READ:
    'it changed while its content was read, so the snapshot has no digest of it; take the snapshot again when no program writes to it',
  NOT_DIGESTED:
    'its content was not read when the manifest was made, so it cannot be compared; take the snapshot again with --digest',
  VANISHED: 'it was removed from the source while dirsync worked; run again',
  UNSIZED:
    'its size does not match its content, which the kernel generates when it is read (as in /proc and /sys); leave it out with a filter',
  TOO_MANY_LINKS:
    "its file already has as many names as the target's file system allows, so this one is a separate file with the same content",
  DRIFTED: 'the path has changed since the plan was made; plan again',
  NOT_EMPTY: 'the folder contains something that is not in the plan; plan again',
  PROTECTED: 'it contains entries that a filter leaves out, so it is kept; change the filter, or delete those entries by hand',
  NO_DELETE: 'the target has a folder with content here, and --no-delete keeps it',
  UNKNOWN_BELOW: 'part of it could not be read, so it is kept',
  XATTRS_NOT_KEPT:
    'the target does not accept all of its extended attributes or ACLs (too large, or refused); everything else is kept',
  FILTER_TOO_LARGE:
    'it is larger than 1 MiB, the limit for a .dirsyncignore; nothing in its folder is read or deleted; make it smaller',
  FILTER_NOT_TEXT:
    'a .dirsyncignore must be UTF-8, and this one is UTF-16 or contains a NUL; nothing in its folder is read or deleted; save it as UTF-8',
  FILTERS_TOO_COSTLY:
    'more than 10000 patterns apply here, or one is longer than 4096 characters or has too many ** for a folder this deep; nothing in it is read or deleted; use fewer or shorter patterns',
  TOO_DEEP:
    'it is more than 2048 folders deep, or its path is longer than 32 KiB; nothing in it is read or deleted; sync it separately',
  FILTER_CHANGED: 'its .dirsyncignore changed while the trees were read; plan again',
  OWN_NAME: 'the target treats this name as .dirsync, which dirsync itself uses, so it is left out; rename it in the source',
  LEFT_RENAMED:
    'a killed run left it under this name, and its original name is not recorded, so it is kept; rename it back, or delete it',
  NAME_NOT_HELD:
    'the target cannot hold this name (too long, or with a character or ending that it refuses), so it was left out; rename it in the source, or run again with --rename-invalid',
  FILE_TOO_LARGE:
    'the target cannot hold a file this large (on FAT, less than 4 GiB), so it was not copied; use exFAT or another file system, or leave it out with a filter',
  NAME_UNCLEAR:
    'names in this tree are escaped (--rename-invalid), and this is not how dirsync escapes a name, so it was left alone; rename it there',
  LINK_NOT_FOLLOWED:
    'this link is broken, or leads out of the source, so what the target has here is kept; check whether a disk is missing, or delete it in the target',
  DEPENDS: 'a step that this one depends on failed',
  HELD_BACK:
    'kept, because a file of the same kind, size and time was not copied in this run, and this may be its only copy; fix the cause and run again, or plan with --delete-anyway',
  ROOT_REPLACED: 'this root was replaced by another folder during the run, so nothing more was done; run again',
  NOT_LINKED:
    'a hard link to its other names was refused here, as between project quotas, so it is a separate file in the target',
  NOT_MOVED:
    'it cannot be renamed to its new path, which is on another volume or in another project quota, so it stays where it is; plan again with --no-moves',
  JOURNAL_UNWRITABLE:
    'the run could not be recorded, so it will be missing from the history; free some space, or repair .dirsync/runs',
  MEMORY_UNWRITABLE:
    'the findings of this run could not be saved, so the next run may not notice a lost disk or changed filters; repair the state folder, or set XDG_STATE_HOME',
  LAST_UNWRITABLE:
    'the state of both folders could not be written to .dirsync/last.manifest, so the next run reads more, and may copy what was only renamed; free some space, or repair .dirsync',
};

/** The same if the target has something at the path, which stays. */
const PRESERVED: Readonly<Record<string, string>> = {
  CHANGED_DURING_COPY:
    'it changed during each attempt to copy it, so the old file in the target was kept; run again when no program writes to it',
  VANISHED: 'it was removed from the source while dirsync worked, so what the target has was kept; run again',
};

/** What common errno codes mean, and what to do about them. */
const ERRNO: Readonly<Record<string, readonly [what: string, wayOut: string]>> = {
  EACCES: ['permission denied', 'check the permissions of the path and of the folders above it'],
  EPERM: [
    'operation not permitted',
    'its file system, a missing privilege or a chattr attribute forbids it: lsattr shows such attributes, and root can change them',
  ],
  ENOENT: ['no such file or folder', 'it was removed while dirsync worked: run again'],
  ENOTDIR: ['a part of the path is no longer a folder', 'run again'],
  ELOOP: ['a part of the path is a symbolic link, which is never followed', 'run again'],
  EIO: ['input/output error', 'check the disk and its connection, then run again'],
  ENOSPC: ['no space left on the target', 'free bytes or inodes (df, df -i) and run again'],
  EDQUOT: ['the disk quota of the target is used up', 'free some space, or have the quota raised, and run again'],
  EROFS: [
    'the file system is mounted read-only',
    'mount it read-write and run again; the kernel may have made it read-only because the disk has errors',
  ],
  EMFILE: ['too many open files', 'raise the limit (ulimit -n) and run again'],
  ENFILE: [
    'too many open files on this machine',
    'close programs that hold many files open, or raise fs.file-max, and run again',
  ],
  ENAMETOOLONG: ['the name is too long for this file system', 'shorten it in the source, or leave it out with a filter'],
  EXDEV: ['another file system is mounted there', 'sync it separately; if it was mounted just now, run again'],
  ENODEV: ['the file system that was mounted there is no longer mounted', 'mount it again, and run again'],
  ENOTEMPTY: ['the folder is not empty', 'something in it is not in the plan: plan again'],
  EBUSY: ['it is in use, or a mount point', 'close the program that uses it, or unmount it, and run again'],
  ETXTBSY: ['the program is running', 'stop it and run again'],
  ESTALE: ['the network file system lost the file', 'run again'],
  EMLINK: [
    'a file would have more names, or a folder more subfolders, than this file system allows',
    'use another file system, or fewer of them',
  ],
  EOVERFLOW: [
    'the file is too large for dirsync to count its bytes exactly (8 PiB)',
    'leave it out with a filter, or make it smaller, and run again',
  ],
  E2BIG: ['its extended attributes are too large or too many', 'remove some, or run with --no-preserve xattrs,acls'],
  EFBIG: ['the file is too large for this file system', 'leave it out with a filter, or use another file system'],
};

/** What was tried in each phase; the source is only ever read. */
const TRIED: Readonly<Record<Phase, string>> = {
  scan: 'reading',
  plan: 'reading',
  check: 'reading',
  write: 'writing',
  attrs: 'setting attributes',
  delete: 'deleting',
  sync: 'flushing to disk',
};

/** The facts on which a problem's message depends. `isKept`: the target has something at the path, which stays. */
type Circumstances = Pick<Problem, 'phase' | 'side'> & {readonly isKept?: boolean};

/** The fixed sentence for a problem's code; for an errno, it includes what was tried. */
export function problemMessage(code: string, {phase, side, isKept = false}: Circumstances): string {
  const ours = isKept ? (PRESERVED[code] ?? OURS[code]) : OURS[code];
  if (ours !== undefined) return ours;
  const [what, wayOut] = ERRNO[code] ?? [
    `the operating system answered ${code}`,
    'run again, and look up the code if it happens again',
  ];
  return `${what} while ${side === 'source' ? 'reading' : TRIED[phase]}; ${wayOut}`;
}

/** What to do about an errno; undefined for an uncommon one. */
export function wayOut(code: string): string | undefined {
  return ERRNO[code]?.[1];
}

/** Makes a problem, with the fixed message of its code unless one is given. */
export function problem(options: Omit<Problem, 'message'> & Circumstances & {message?: string}): Problem {
  const {path, side, phase, code, message = problemMessage(code, options)} = options;
  return {path, side, phase, code, message};
}
