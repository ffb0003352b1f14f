/** Finds what is mounted inside of a tree, now and in earlier runs. Writes nothing. */
import {CODE, emptyStat} from '../../core/block.js';
import type {ByteName} from '../../core/name.js';
import type {RelPath} from '../../core/path.js';
import type {KnownMount, MountFacts} from '../../core/plan.js';
import {platform} from '../../platform/choose.js';
import {Cursor} from '../../platform/cursor.js';
import {errnoOf, type Folder, orNothing} from '../../platform/platform.js';

export interface MountsOptions {
  /** Opens the root of the tree. @throws SystemError */
  readonly open: () => Folder;
  /** Mount points that the scan found, or that the plan contains. */
  readonly met: readonly RelPath[];
  readonly known: readonly KnownMount[];
}

/** A bind mount within its own file system. The portable backend cannot see it. */
const BIND = 'bind';
/** A file system without an id, or one that has just been unmounted. */
const UNNAMED = 'unnamed';

/** Returns the mounts. Paths that cannot be read are left out: the scan has reported them, and nothing is changed there. */
export function mountFacts({open, met, known}: MountsOptions): MountFacts[] {
  const before = new Map(known.map(({at, fileSystems}) => [at, fileSystems]));
  const paths = [...new Set([...met, ...before.keys()])];
  if (paths.length === 0) return [];
  // Another guard checks for a missing root.
  const folder = orNothing(open);
  if (folder === undefined) return [];
  const cursor = new Cursor(platform(), folder);
  const facts = paths.flatMap((at): MountFacts[] => {
    const names = before.get(at) ?? [];
    const now = mountedAt(cursor, at);
    if (now === undefined || (now === '' && names.some((name) => name.startsWith(BIND)) && !seesBinds(folder))) return [];
    return [{at, now, before: names.length === 0 && now === '' ? [UNNAMED] : names}];
  });
  cursor.reset();
  platform().close(folder);
  return facts;
}

/** Returns the id of what is mounted at a path; '' if nothing is mounted or exists there; undefined if it cannot be read. */
function mountedAt(cursor: Cursor, at: RelPath): string | undefined {
  const backend = platform();
  const [stat, above] = [emptyStat(), emptyStat()];
  try {
    const place = cursor.find(at);
    if (place === undefined || !backend.stat(place.folder, place.name, stat)) return '';
    backend.stat(place.folder, '' as ByteName, above);
    const isOther = stat.device !== above.device;
    if (!stat.mounted && !isOther) return '';
    if (stat.code !== CODE.directory) return stat.mounted ? BIND : '';
    const folder = backend.openFolder(place.folder, place.name);
    try {
      const id = backend.volume(folder).id ?? UNNAMED;
      return isOther ? id : `${BIND} ${id}`;
    } finally {
      backend.close(folder);
    }
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

function seesBinds(folder: Folder): boolean {
  const stat = emptyStat();
  platform().stat(folder, '' as ByteName, stat);
  return stat.mounted !== undefined;
}
