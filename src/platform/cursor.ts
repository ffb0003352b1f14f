/**
 * Opens the folders of one tree by path, component by component and never through a symlink. It keeps the folders of the last path
 * open, since the next path is usually the same or close to it.
 *
 * An open folder stays the same folder even if it is moved, also out of the tree. So folders that were checked longer than
 * `TRUSTED_MS` ago are checked again, and opened again from the first one that is now somewhere else.
 */
import {CODE, emptyStat, inodeOf} from '../core/block.js';
import type {Identity} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {baseName, parentPath, pathParts, type RelPath} from '../core/path.js';
import {errnoOf, type Folder, type Platform, SystemError} from './platform.js';

/** The place of a path: its name in an open folder, which stays open until the cursor is asked for another path. */
export interface Place {
  readonly folder: Folder;
  readonly name: ByteName;
}

/**
 * Race: for this long, new entries may be made in a folder that was moved, at its new place. Calls that destroy something check
 * first, so their race lasts for that one call. A user who can move a folder could do the same to its content.
 */
const TRUSTED_MS = 1;

/** The errors that `folder` throws if the path to it is not a chain of plain folders. */
const OBSTACLES: ReadonlySet<string> = new Set(['ENOTDIR', 'ELOOP', 'EXDEV', 'ENODEV']);

interface Level {
  readonly name: string;
  readonly folder: Folder;
  readonly identity: Identity;
  readonly mount?: number;
  volume?: string;
}

const stat = emptyStat();

/**
 * Identifies a volume: nothing can be renamed or linked from one volume to another. Volumes are mounts, and devices within one
 * mount, such as subvolumes of btrfs. A few other borders, such as project quotas, are only seen when the kernel refuses.
 */
export function volumeOf(platform: Platform, folder: Folder): string {
  platform.stat(folder, '' as ByteName, stat);
  return volumeName(platform.mountOf(folder), stat.device);
}

function volumeName(mount: number, device: number): string {
  return `${mount}:${device}`;
}

/** Keeps the folders of the last path open. Used by one thread for one tree. */
export class Cursor {
  readonly #open: Level[] = [];
  #at = '';
  #asked: RelPath | undefined;
  /**
   * Folders that were moved away while callers may still use them. They stay open, since another thread could otherwise get the
   * same descriptor for another folder.
   */
  #gone: Folder[] = [];
  /** When the open folders were last checked, in milliseconds since the process started. */
  #looked = 0;
  #rootVolume: string | undefined;

  /**
   * The caller closes `root`. `mounts`: the mounts that may be crossed, see `Platform.mounts`; any other mount was made meanwhile
   * and is not part of the tree. `mountPoints`: paths where something must be mounted; if not, the content there belongs to another
   * disk.
   */
  constructor(
    private readonly platform: Platform,
    readonly root: Folder,
    private readonly mounts?: ReadonlySet<number>,
    private readonly mountPoints?: ReadonlySet<RelPath>,
  ) {}

  /**
   * `isLooking`: checks the open folders again, however recent the last check is.
   * @throws SystemError ENOENT, ENOTDIR or ELOOP if the path is not a chain of plain folders, EXDEV if something was mounted on it,
   * ENODEV if something is no longer mounted on it.
   */
  folder(path: RelPath, isLooking = false): Folder {
    if (path !== this.#asked) {
      this.#closeGone();
      this.#asked = path;
    }
    const now = performance.now();
    if (isLooking || now - this.#looked > TRUSTED_MS) {
      this.#giveUp(this.#standing());
      this.#looked = now;
    }
    if (path !== this.#at) this.#move(path);
    return this.#open.at(-1)?.folder ?? this.root;
  }

  get rootVolume(): string {
    this.#rootVolume ??= volumeOf(this.platform, this.root);
    return this.#rootVolume;
  }

  /** The volume of the folder at `path`, see `volumeOf`. */
  volumeAt(path: RelPath): string {
    const folder = this.folder(path);
    const last = this.#open.at(-1);
    if (last === undefined) return this.rootVolume;
    last.volume ??= volumeName(last.mount ?? this.platform.mountOf(folder), last.identity.device);
    return last.volume;
  }

  place(path: RelPath, isLooking = false): Place {
    return {folder: this.folder(parentPath(path), isLooking), name: toByteName(baseName(path))};
  }

  /** Like `place`, but undefined if the path is not a chain of plain folders: then this tree has nothing at the path. */
  find(path: RelPath): Place | undefined {
    try {
      return this.place(path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) return undefined;
      throw error;
    }
  }

  /** The first entry on the path that exists and is not a plain folder. @throws SystemError if it cannot be examined. */
  obstacleAbove(path: RelPath): RelPath | undefined {
    const above = parentPath(path);
    try {
      this.folder(above);
      return undefined;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return undefined;
      if (!OBSTACLES.has(errno)) throw error;
      return pathParts(above)
        .slice(0, this.#open.length + 1)
        .join('/') as RelPath;
    }
  }

  /** Forgets all open folders. Each wave starts without any, since the wave before may have replaced some. */
  reset(): void {
    this.#shrink(0);
    this.#closeGone();
    this.#asked = undefined;
  }

  #move(path: RelPath): void {
    const parts = pathParts(path);
    let shared = 0;
    while (shared < parts.length && this.#open[shared]?.name === parts[shared]) shared++;
    this.#shrink(shared);
    for (const name of parts.slice(shared)) {
      const folder = this.platform.openFolder(this.#open.at(-1)?.folder ?? this.root, toByteName(name));
      const mount = this.mounts && this.platform.mountOf(folder);
      if (mount !== undefined && !this.mounts?.has(mount)) {
        this.platform.close(folder);
        throw new SystemError('EXDEV', 'openat');
      }
      this.platform.stat(folder, '' as ByteName, stat);
      const identity = {device: stat.device, inode: inodeOf(stat)};
      const at = (this.#at === '' ? name : `${this.#at}/${name}`) as RelPath;
      if (this.mountPoints?.has(at) && !(stat.mounted ?? identity.device !== this.#device())) {
        this.platform.close(folder);
        throw new SystemError('ENODEV', 'openat');
      }
      this.#open.push({name, folder, identity, ...(mount !== undefined && {mount})});
      this.#at = at;
    }
  }

  /** The path of the deepest open folder. */
  #device(): number {
    const last = this.#open.at(-1);
    if (last !== undefined) return last.identity.device;
    this.platform.stat(this.root, '' as ByteName, stat);
    return stat.device;
  }

  /** How many of the open folders are still at their paths. */
  #standing(): number {
    let parent = this.root;
    for (const [depth, {name, folder, identity}] of this.#open.entries()) {
      const isThere = this.platform.stat(parent, toByteName(name), stat) && stat.code === CODE.directory;
      if (!isThere || stat.device !== identity.device || inodeOf(stat) !== identity.inode) return depth;
      parent = folder;
    }
    return this.#open.length;
  }

  #shrink(length: number): void {
    for (const folder of this.#drop(length)) this.platform.close(folder);
  }

  #giveUp(length: number): void {
    this.#gone.push(...this.#drop(length));
  }

  #closeGone(): void {
    for (const folder of this.#gone) this.platform.close(folder);
    this.#gone = [];
  }

  /** Forgets the folders from this depth down, deepest first. */
  #drop(length: number): Folder[] {
    if (length === this.#open.length) return [];
    const dropped = this.#open.splice(length).map(({folder}) => folder);
    this.#at = this.#open.map(({name}) => name).join('/');
    return dropped.reverse();
  }
}
