/** Finds attributes that the driver of a source invents. Sources are never written to, so this cannot be tested as in targets. */
import {CODE, emptyStat, type Stat} from '../../core/block.js';
import {NS_PER_SECOND} from '../../core/entry.js';
import type {ByteName} from '../../core/name.js';
import type {Preservable} from '../../core/plan.js';
import {joinFacts, type TimeFacts} from '../../core/times.js';
import {ACL_ACCESS} from '../../core/xattr.js';
import {platform} from '../../platform/choose.js';
import {HAVE_NO_MODES} from '../../platform/filesystems.js';
import {errnoOf, type Folder} from '../../platform/platform.js';
import {readAbilities} from '../../state/abilities.js';
import {readTimeFacts} from '../../state/times.js';

/** Facts about the file system of a source. */
export interface SourceFacts {
  /** The type of the file system, as in mount(8). */
  readonly type: string | undefined;
  /** Attributes that are the same for all files, and may change with the next mount. */
  readonly madeUp: readonly Preservable[];
  /** Precision of its times, in nanoseconds. */
  readonly resolution: bigint;
}

const NOTHING_KNOWN: SourceFacts = {type: undefined, madeUp: [], resolution: 1n};

/** Returns the facts about a source. If it was the target of other runs, their tests count. */
export function sourceFacts(source: ByteName): SourceFacts {
  const backend = platform();
  let root: Folder;
  try {
    root = backend.openRoot(source);
  } catch (error) {
    errnoOf(error);
    return NOTHING_KNOWN;
  }
  try {
    const {type, times} = backend.fileSystem(root);
    const disk = diskOf(type, root);
    const tried = readAbilities(backend, root);
    const hasModes = disk?.hasModes ?? !HAVE_NO_MODES.has(type);
    const madeUp: Preservable[] = [];
    if (!(tried?.mode ?? hasModes)) madeUp.push('mode');
    if (!(tried?.owner ?? hasModes)) madeUp.push('owner');
    const {resolution} = joinFacts(joinFacts(times, disk?.times), readTimeFacts(backend, root)) as TimeFacts;
    return {type, madeUp, resolution};
  } catch (error) {
    // The scan reports what is wrong.
    errnoOf(error);
    return NOTHING_KNOWN;
  } finally {
    backend.close(root);
  }
}

interface Disk {
  readonly hasModes: boolean;
  readonly times: TimeFacts;
}

/**
 * Recognizes NTFS and exFAT with `ntfs-3g` and `exfat-fuse`, because mount type and options show neither which it is nor how it is
 * mounted.
 */
function diskOf(type: string | undefined, root: Folder): Disk | undefined {
  if (type !== 'fuseblk' && type !== 'fuse') return undefined;
  if (asked(root, 'system.ntfs_attrib') === 'there') {
    // Without `permissions` and `acl`, each path reports that it has no ACL; with `permissions`, ACLs are unsupported.
    return {hasModes: asked(root, ACL_ACCESS) !== 'none', times: {resolution: 100n, range: {}}};
  }
  if (type !== 'fuseblk' || !isUniform(root)) return undefined;
  // The portable backend cannot distinguish exFAT from NTFS.
  return {hasModes: false, times: {resolution: platform().preservesAll ? NS_PER_SECOND : 1n, range: {}}};
}

function asked(root: Folder, attribute: string): 'there' | 'none' | 'unknown' {
  try {
    return platform().xattr(root, SELF, attribute as ByteName) === undefined ? 'none' : 'there';
  } catch (error) {
    errnoOf(error);
    return 'unknown';
  }
}

const SELF = '' as ByteName;

/** At most this many entries are read. */
const ENOUGH = 200;

/** Whether all files in a folder have the same owner and mode, and all folders too. Otherwise, owners and modes are real. */
function isUniform(root: Folder): boolean {
  const backend = platform();
  const modes = new Map<number, number>();
  const first = emptyStat();
  const stat = emptyStat();
  backend.stat(root, SELF, first);
  modes.set(CODE.directory, first.mode);
  const isAsOthers = ({code, mode, uid, gid, device}: Stat) => {
    // Another file system is mounted there.
    if (device !== first.device) return true;
    if (!modes.has(code)) modes.set(code, mode);
    return uid === first.uid && gid === first.gid && (code === CODE.symlink || modes.get(code) === mode);
  };
  return backend
    .names(root)
    .slice(0, ENOUGH)
    .every((name) => !backend.stat(root, name, stat) || isAsOthers(stat));
}
