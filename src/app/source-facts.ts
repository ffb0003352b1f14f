/** What a source has only as its driver makes it up. It is never written to, so that cannot be tried, as it is in targets. */
import {CODE, emptyStat, type Stat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import type {Preservable} from '../core/plan.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import {platform} from '../platform/choose.js';
import {HAVE_NO_MODES} from '../platform/filesystems.js';
import {errnoOf, type Folder} from '../platform/platform.js';
import {readAbilities} from '../state/abilities.js';
import {readTimeFacts} from '../state/times.js';

export interface SourceFacts {
  /** As mount(8) calls it. */
  readonly type: string | undefined;
  /** What is the same for all its files, and may be other when it is mounted again. */
  readonly madeUp: readonly Preservable[];
  /** How exactly it keeps times. */
  readonly resolution: bigint;
}

const NOTHING_KNOWN: SourceFacts = {type: undefined, madeUp: [], resolution: 1n};

/** Where it was the target of other runs, these have tried it. */
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
    const tried = readAbilities(backend, root);
    const hasNone = tried === undefined ? HAVE_NO_MODES.has(type) || (type === DISK_OF_FUSE && isUniform(root)) : undefined;
    const madeUp: Preservable[] = [];
    if (hasNone ?? tried?.mode === false) madeUp.push('mode');
    if (hasNone ?? tried?.owner === false) madeUp.push('owner');
    const {resolution} = joinFacts(times, readTimeFacts(backend, root)) as TimeFacts;
    return {type, madeUp, resolution};
  } catch (error) {
    // The scan says what is wrong with it.
    errnoOf(error);
    return NOTHING_KNOWN;
  } finally {
    backend.close(root);
  }
}

/** exFAT and NTFS, by exfat-fuse and ntfs-3g: the type does not tell which, and whether the driver was told to keep modes. */
const DISK_OF_FUSE = 'fuseblk';

/** So many entries are looked at. */
const ENOUGH = 200;

/** Whether all files in a folder have one owner and one mode, and all folders too: one more owner or mode, and they mean something. */
function isUniform(root: Folder): boolean {
  const backend = platform();
  const modes = new Map<number, number>();
  const first = emptyStat();
  const stat = emptyStat();
  backend.stat(root, '' as ByteName, first);
  modes.set(CODE.directory, first.mode);
  const isAsOthers = ({code, mode, uid, gid}: Stat) => {
    if (!modes.has(code)) modes.set(code, mode);
    return uid === first.uid && gid === first.gid && (code === CODE.symlink || modes.get(code) === mode);
  };
  return backend
    .names(root)
    .slice(0, ENOUGH)
    .every((name) => !backend.stat(root, name, stat) || isAsOthers(stat));
}
