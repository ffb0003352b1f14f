/**
 * A way to the folders of one tree, opened component by component and never through a symlink. It keeps the folders of the
 * last path open, since the next one asked for is mostly the same or near it.
 *
 * A folder that is held open stays the same folder wherever it is moved to, also out of the tree. So a way that was looked at longer
 * than `TRUSTED_MS` ago is looked at again, and walked anew from where it leads elsewhere.
 */
import {CODE, emptyStat, inodeOf} from '../core/block.js';
import type {Identity} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {baseName, parentPath, pathParts, type RelPath} from '../core/path.js';
import {errnoOf, type Folder, type Platform, SystemError} from './platform.js';

/** Where a path is looked for: its name in an open folder, which stays open until the cursor is asked for another one. */
export interface Place {
  readonly folder: Folder;
  readonly name: ByteName;
}

/**
 * Race: for so long, what is new may be made in a folder where that folder now is. What destroys something looks first, so there
 * the race is that one call. Who can move a folder could do the same to what is in it.
 */
const TRUSTED_MS = 1;

/** What `folder` throws where something else stands on the way, see there. */
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
 * Tells apart between what nothing is renamed or linked: mounts, and devices on one mount, as subvolumes of btrfs are. Some other
 * borders, such as those of project quotas, show in the refusal alone.
 */
export function volumeOf(platform: Platform, folder: Folder): string {
  platform.stat(folder, '' as ByteName, stat);
  return volumeName(platform.mountOf(folder), stat.device);
}

function volumeName(mount: number, device: number): string {
  return `${mount}:${device}`;
}

export class Cursor {
  readonly #open: Level[] = [];
  #at = '';
  #asked: RelPath | undefined;
  /**
   * Folders that no longer stand where they were found, while who asked for them may still hold them: were they closed, another
   * thread could be given the same descriptor for another folder.
   */
  #gone: Folder[] = [];
  /** When the way was last looked at, in milliseconds of the process. */
  #looked = 0;
  #rootVolume: string | undefined;

  /**
   * `root` stays the caller's to close. `mounts`: what may be mounted on the way, see `Platform.mounts`; what else is there was mounted
   * meanwhile, and is no part of the tree. `mountPoints`: where something must be mounted; else what is there is another disk's.
   */
  constructor(
    private readonly platform: Platform,
    readonly root: Folder,
    private readonly mounts?: ReadonlySet<number>,
    private readonly mountPoints?: ReadonlySet<RelPath>,
  ) {}

  /**
   * `isLooking`: the way is looked at again, however short ago that was.
   * @throws SystemError: ENOENT, ENOTDIR or ELOOP where the way is not one of plain folders, EXDEV where something was mounted on it,
   * ENODEV where something was, and is not any more.
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

  /** On which volume the folder at `path` is: see `volumeOf`. */
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

  /** Like `place`, but undefined where no plain folder is on the way: then nothing of this tree stands at the path. */
  find(path: RelPath): Place | undefined {
    try {
      return this.place(path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) return undefined;
      throw error;
    }
  }

  /** The first thing on the way to `path` that stands there and is no plain folder. @throws SystemError where it cannot be looked at. */
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

  /** Forgets all open folders: each wave starts anew, since the one before may have replaced some. */
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

  /** That of the deepest open folder. */
  #device(): number {
    const last = this.#open.at(-1);
    if (last !== undefined) return last.identity.device;
    this.platform.stat(this.root, '' as ByteName, stat);
    return stat.device;
  }

  /** How many of the open folders still stand where they were found. */
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

  /** Forgets the folders from this depth on, the deepest first. */
  #drop(length: number): Folder[] {
    if (length === this.#open.length) return [];
    const dropped = this.#open.splice(length).map(({folder}) => folder);
    this.#at = this.#open.map(({name}) => name).join('/');
    return dropped.reverse();
  }
}
