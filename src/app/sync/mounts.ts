/** What is mounted inside of a tree, as it is now and as it was. Nothing is written. */
import {CODE, emptyStat} from '../../core/block.js';
import type {ByteName} from '../../core/name.js';
import type {RelPath} from '../../core/path.js';
import type {KnownMount, MountFacts} from '../../core/plan.js';
import {platform} from '../../platform/choose.js';
import {Cursor} from '../../platform/cursor.js';
import {errnoOf, type Folder} from '../../platform/platform.js';

export interface MountsOptions {
  /** Opens the tree's root. @throws SystemError where it cannot. */
  readonly open: () => Folder;
  /** Where the scan, or the plan when it was made, has met a mount. */
  readonly met: readonly RelPath[];
  readonly known: readonly KnownMount[];
}

/** A bind mount of the file system that it is in: the portable backend sees none. */
const BIND = 'bind';
/** A type without a name, and what was mounted a moment ago. */
const UNNAMED = 'unnamed';

/** What could not be looked at is left out: the scan has told why, and nothing is done there. */
export function mountFacts({open, met, known}: MountsOptions): MountFacts[] {
  const before = new Map(known.map(({at, fileSystems}) => [at, fileSystems]));
  const paths = [...new Set([...met, ...before.keys()])];
  if (paths.length === 0) return [];
  let folder: Folder;
  try {
    folder = open();
  } catch (error) {
    // What a root that is missing means is another guard's to say.
    errnoOf(error);
    return [];
  }
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

/** '' for what is no mount, or nothing; undefined where that cannot be seen. */
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
