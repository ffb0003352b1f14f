/**
 * How a target folds names. Most file systems tell by their type; of others it shows in files that the first run leaves in
 * `.dirsync/names/`: each plan looks how they are shown now and under which names they are found, so that what it learns holds for the
 * way in which the target is mounted at this moment.
 */
import {emptyStat} from '../core/block.js';
import {type ByteName, FOLDING_UNKNOWN, type Folding, fromByteName, isShownAs, toByteName} from '../core/name.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ensurePath, NAMES, openState, removeTree} from './folder.js';

/** Some file systems show one of capitals alone in another way than one in which they are mixed. */
const CAPITALS = 'NAMES';
const MIXED = 'Name-\u00e9';
const SAMPLES = [CAPITALS, MIXED];

/** Undefined where names are told apart, as far as can be seen. */
export function foldingOf(platform: Platform, root: Folder): Folding | undefined {
  const {foldsNames} = platform.volume(root);
  if (foldsNames === false) return undefined;
  const seen = look(platform, root);
  if (seen === undefined) return FOLDING_UNKNOWN;
  return foldsNames || seen.folds ? seen.folding : undefined;
}

/** Leaves the files by which the next plans see it, where the file system does not tell. */
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

/** A name that the target cannot hold shows nothing; then it is not known how it folds names. */
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
    const state = openState(platform, root);
    if (state === undefined) return undefined;
    try {
      const folder = platform.openFolder(state, NAMES.names);
      try {
        return lookIn(platform, folder);
      } finally {
        platform.close(folder);
      }
    } finally {
      platform.close(state);
    }
  } catch (error) {
    // Not there, or not to be read.
    errnoOf(error);
    return undefined;
  }
}

/** By names alone: some file systems give one file another inode number under each name. */
function lookIn(platform: Platform, folder: Folder): Seen | undefined {
  const shown = platform.names(folder).map(fromByteName);
  const keeps = (how: Folding) => SAMPLES.every((name) => shown.some((other) => isShownAs(name, other, how)));
  if (!keeps({keepsCase: false, keepsAccents: false})) return undefined;
  // A name that is found and not shown is another one's.
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
