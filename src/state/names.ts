/**
 * How a target folds names. For most file systems the type determines this. For others the first run leaves files in
 * `.dirsync/names/`: each plan checks how their names are shown and under which names they are found, so the result is valid for
 * the current mount.
 */
import {emptyStat} from '../core/block.js';
import {type ByteName, FOLDING_UNKNOWN, type Folding, fromByteName, isShownAs, toByteName} from '../core/name.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ensurePath, inFolder, inState, NAMES, removeTree} from './folder.js';

/** Some file systems show a name of only capitals differently from a name with mixed case. */
const CAPITALS = 'NAMES';
const MIXED = 'Name-\u00e9';
const SAMPLES = [CAPITALS, MIXED];

/** Undefined if names do not seem to be folded. */
export function foldingOf(platform: Platform, root: Folder): Folding | undefined {
  const {foldsNames} = platform.volume(root);
  if (foldsNames === false) return undefined;
  const seen = look(platform, root);
  if (seen === undefined) return FOLDING_UNKNOWN;
  return foldsNames || seen.folds ? seen.folding : undefined;
}

/** Leaves the files for later plans, if the type of the file system does not determine how names are folded. */
export function writeSamples(platform: Platform, root: Folder): void {
  if (platform.volume(root).foldsNames === false) return;
  const folder = ensurePath(platform, root, [NAMES.state, NAMES.names]);
  try {
    const shown = platform.names(folder);
    for (const name of SAMPLES.map(toByteName)) {
      if (shown.includes(name)) continue;
      removeTree(platform, folder, name);
      writeSample(platform, folder, name);
    }
  } finally {
    platform.close(folder);
  }
}

/** If the target cannot hold one of the names, it is unknown how it folds names. */
function writeSample(platform: Platform, folder: Folder, name: ByteName): void {
  try {
    platform.writeFile(folder, name, new Uint8Array());
  } catch (error) {
    if (['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) throw error;
  }
}

interface Seen {
  readonly folds: boolean;
  readonly folding: Folding;
}

function look(platform: Platform, root: Folder): Seen | undefined {
  try {
    return inState(platform, root, (state) => inFolder(platform, state, NAMES.names, (folder) => lookIn(platform, folder)));
  } catch (error) {
    // It does not exist, or cannot be read.
    errnoOf(error);
    return undefined;
  }
}

/** Compares only names, since some file systems show a different inode number under each name of a file. */
function lookIn(platform: Platform, folder: Folder): Seen | undefined {
  const shown = platform.names(folder).map(fromByteName);
  const keeps = (how: Folding) => SAMPLES.every((name) => shown.some((other) => isShownAs(name, other, how)));
  if (!keeps({keepsCase: false, keepsAccents: false})) return undefined;
  // A name that is found but not listed is another spelling of a listed one.
  const isOther = (name: string) => !shown.includes(name) && platform.stat(folder, toByteName(name), emptyStat());
  const others = SAMPLES.flatMap((name) => [name, name.toUpperCase(), name.toLowerCase(), name.normalize('NFD')]);
  return {
    folds: others.some(isOther),
    folding: {
      keepsCase: keeps({keepsCase: true, keepsAccents: false}),
      keepsAccents: keeps({keepsCase: false, keepsAccents: true}),
    },
  };
}
