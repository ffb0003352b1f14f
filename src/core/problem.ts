import type {RelPath} from './path.js';

/** Which step was at work when a path went wrong. */
export type Phase = 'scan' | 'plan' | 'check' | 'write' | 'attrs' | 'delete' | 'sync';

export type Side = 'source' | 'target';

/** One path that went wrong. A value: the run continues with the rest and ends with exit code 3. */
export interface Problem {
  readonly path: RelPath;
  /** The tree in which it went wrong. */
  readonly side: Side;
  readonly phase: Phase;
  /** An errno name such as EACCES, or one of ours such as CHANGED_DURING_COPY. */
  readonly code: string;
  /** What happened and what the user can do: one line, no path in it. */
  readonly message: string;
}

/** What each code of ours means, said to the person who must act on it. */
const OURS: Readonly<Record<string, string>> = {
  CHANGED_DURING_COPY: 'it was written to each time it was copied, so it is not in the target; run again when it is at rest',
  VANISHED: 'it was removed from the source while dirsync worked; run again',
  UNSIZED:
    'its size is not that of what is in it: the kernel makes it up when it is read (as in /proc and /sys); leave it out by a filter',
  TOO_MANY_LINKS:
    "its file has as many names as the target's file system allows, so this one is another file with the same content",
  DRIFTED: 'the path is no longer what the plan saw; plan again',
  NOT_EMPTY: 'the folder holds something that is not in the plan; plan again',
  PROTECTED: 'it holds what a filter leaves out, and that is kept; change the filter, or remove it by hand',
  NO_DELETE: 'a folder with content stands here and --no-delete keeps it',
  UNKNOWN_BELOW: 'part of it could not be read, so it is kept',
  TARGET_UNREADABLE: 'the target could not be read here, so nothing is planned for it',
  XATTRS_NOT_KEPT: 'the target does not take all of its extended attributes or ACLs: too large, or refused; all else is kept',
  FILTER_TOO_LARGE: 'a .dirsyncignore may have 1 MiB; what is in its folder is neither read nor deleted, make it smaller',
  FILTER_NOT_TEXT:
    'a .dirsyncignore is UTF-8, and this is UTF-16 or holds a NUL; what is in its folder is neither read nor deleted, write it anew',
  FILTERS_TOO_COSTLY:
    'over 10000 patterns hold here, or one is over 4096 characters, or has too many ** for a folder this deep; what is in it is neither read nor deleted, write fewer',
  TOO_DEEP:
    'it lies over 2048 folders deep, or its path is over 32 KiB; what is in it is neither read nor deleted, sync it by itself',
  FILTER_CHANGED: 'its .dirsyncignore changed while the trees were read; plan again',
  OWN_NAME: 'to the target this name is .dirsync, which is dirsync’s own, so it is left out; give it another name in the source',
  LEFT_RENAMED:
    'a killed run left it under this name, and no note says what it was called, so it is kept; give it back its name, or remove it',
  NAME_NOT_HELD:
    'the target cannot have this name, so it was left out: it is too long, or has a character or an ending that is refused there; rename it in the source, or run again with --rename-invalid',
  FILE_TOO_LARGE:
    'the target holds no file as large as this (FAT: less than 4 GiB), so it was not copied; use exFAT or another file system, or leave it out by a filter',
  NAME_UNCLEAR:
    'names in this tree are escaped (--rename-invalid), and dirsync never writes this one, so it was left alone; rename it there',
  LINK_NOT_FOLLOWED:
    'this link leads nowhere, or out of the source; what the target has here is kept: check whether a disk is missing, else delete it in the target',
  DEPENDS: 'a step that it needs failed',
  HELD_BACK:
    'kept: a file of the same kind, size and time was not copied in this run, and this may be its only copy; fix the cause and run again, or plan with --delete-anyway',
  ROOT_REPLACED: 'this root was replaced by another folder during the run, so nothing more was done; run again',
  NOT_LINKED:
    'a hard link to its other names is refused here, as across the quotas of projects; it is a file of its own in the target',
  JOURNAL_UNWRITABLE: 'the run is not recorded, so the history will lack it; free some space, or mend .dirsync/runs',
  MEMORY_UNWRITABLE:
    'what this run found is not remembered, so the next one may not notice a lost disk, or filters that were changed; mend the state folder, or set XDG_STATE_HOME',
  STOPPED: 'the run was stopped before this step',
};

/** The same where the target has something at the path, which stays. */
const KEPT: Readonly<Record<string, string>> = {
  CHANGED_DURING_COPY:
    'it was written to each time it was copied; the old file in the target was kept, run again when it is at rest',
  VANISHED: 'it was removed from the source while dirsync worked; what the target has was kept, run again',
};

/** What the errno codes people meet mean, and what to do. */
const ERRNO: Readonly<Record<string, readonly [what: string, wayOut: string]>> = {
  EACCES: ['permission denied', 'check the permissions of the path and of the folders above it'],
  EPERM: [
    'operation not permitted',
    'its file system, a missing privilege or an attribute of chattr forbids it: lsattr shows those, and root may change them',
  ],
  ENOENT: ['it is gone', 'it vanished while dirsync worked: run again'],
  ENOTDIR: ['a part of the path is no folder any more', 'run again'],
  ELOOP: ['a part of the path is a symbolic link, which is never followed', 'run again'],
  EIO: ['input/output error', 'check the disk and its connection, then run again'],
  ENOSPC: ['no space left on the target', 'free bytes or inodes (df, df -i) and run again'],
  EDQUOT: ['the disk quota of the target is used up', 'free some, or have it raised, and run again'],
  EROFS: [
    'the file system is mounted read-only',
    'mount it writable and run again; a disk with errors may have become so by itself',
  ],
  EMFILE: ['too many open files', 'raise the limit (ulimit -n) and run again'],
  ENFILE: ['too many open files on this machine', 'end programs that hold many, or raise fs.file-max, and run again'],
  ENAMETOOLONG: ['the name is too long for this file system', 'shorten it in the source, or leave it out by a filter'],
  EXDEV: ['something else is mounted there', 'sync it by itself; if it was mounted just now, run again'],
  ENODEV: ['what was mounted there is not mounted any more', 'mount it again, and run again'],
  ENOTEMPTY: ['the folder is not empty', 'something in it is not in the plan: plan again'],
  EBUSY: ['it is in use, or a mount point', 'end what uses it, or unmount it, and run again'],
  ETXTBSY: ['the program is running', 'end it and run again'],
  ESTALE: ['the network file system lost the file', 'run again'],
  EMLINK: ['that would be more names, or more folders in one, than this file system allows', 'use another file system, or fewer'],
  EOVERFLOW: [
    'the file is larger than can be counted exactly (8 PiB)',
    'leave it out by a filter, or make it smaller, and run again',
  ],
  E2BIG: ['its extended attributes are too large or too many', 'remove some, or run with --no-preserve xattrs,acls'],
  EFBIG: ['the file is too large for this file system', 'leave it out by a filter, or use another file system'],
};

/** What was tried in each phase; of the source there is nothing but reading. */
const TRIED: Readonly<Record<Phase, string>> = {
  scan: 'reading',
  plan: 'reading',
  check: 'reading',
  write: 'writing',
  attrs: 'setting attributes',
  delete: 'deleting',
  sync: 'flushing to disk',
};

/** What a problem is of, so far as its message depends on it; `isKept`: the target has something at the path, which stays. */
type Circumstances = Pick<Problem, 'phase' | 'side'> & {readonly isKept?: boolean};

/** The fixed sentence for a problem's code; for an errno with what was tried. */
export function problemMessage(code: string, {phase, side, isKept = false}: Circumstances): string {
  const ours = isKept ? (KEPT[code] ?? OURS[code]) : OURS[code];
  if (ours !== undefined) return ours;
  const [what, wayOut] = ERRNO[code] ?? [`the operating system answered ${code}`, 'run again, and look for the code if it stays'];
  return `${what} while ${side === 'source' ? 'reading' : TRIED[phase]}; ${wayOut}`;
}

/** What can be done about an errno, if that is known. */
export function wayOut(code: string): string | undefined {
  return ERRNO[code]?.[1];
}

export function problem(options: Omit<Problem, 'message'> & Circumstances & {message?: string}): Problem {
  const {path, side, phase, code, message = problemMessage(code, options)} = options;
  return {path, side, phase, code, message};
}
