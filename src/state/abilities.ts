/**
 * What a target can hold. A run tries it out in a folder of its own and notes it in `.dirsync/abilities.json` for later plans,
 * which write nothing. It is tried once for each kind of mount, since a disk can hold more with one driver than with another.
 */
import {type Abilities, areHeldNames, type HeldNames, type LongestName, TRIED_ENDS, TRIED_INSIDE} from '../core/abilities.js';
import {CODE, emptyStat, inodeOf, toEntry} from '../core/block.js';
import {type ByteName, fromByteName, toByteName} from '../core/name.js';
import {COARSEST, type TimeFacts, TimeLearner} from '../core/times.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ownGroups, privileges} from '../platform/privileges.js';
import {ensurePath, NAMES, readNote, removeNote, removeTree, writeNote} from './folder.js';
import {writeTimeFacts} from './times.js';

/** The noted abilities; undefined if nothing valid is noted for the current kind of mount. */
export function readAbilities(platform: Platform, root: Folder): Abilities | undefined {
  const note = readNote(platform, root, NAMES.abilities)?.value;
  const mounted = mountedAs(platform, root);
  if (typeof note !== 'object' || note === null || mounted === undefined) return undefined;
  const {mounted: its, ...found} = note as Record<string, unknown>;
  if (its !== mounted) return undefined;
  const isSound = (Object.keys(VALUES) as (keyof typeof VALUES)[]).every((key) => VALUES[key].includes(found[key] as never));
  return isSound && areHeldNames(found.names) && isLength(found.longestName) ? (found as unknown as Abilities) : undefined;
}

const YES_OR_NO = [true, false] as const;
const VALUES: {readonly [Key in keyof Omit<Abilities, 'names' | 'longestName'>]: readonly Abilities[Key][]} = {
  mode: YES_OR_NO,
  owner: YES_OR_NO,
  times: ['open', 'with-access', 'placed', 'none'],
  symlinks: ['kept', 'bare', 'none'],
  hardlinks: ['kept', 'hidden', 'none'],
  specials: YES_OR_NO,
  holes: YES_OR_NO,
};

function isLength(longest: unknown): longest is LongestName {
  if (typeof longest !== 'object' || longest === null) return false;
  const {length, of} = longest as Partial<Record<keyof LongestName, unknown>>;
  return Number.isSafeInteger(length) && (length as number) > 0 && ['bytes', 'units'].includes(of as string);
}

/** Identifies everything that the result depends on. */
function mountedAs(platform: Platform, root: Folder): string | undefined {
  const {mounted} = platform.fileSystem(root);
  return mounted && `${platform.name} ${privileges().chown ? 'root' : 'user'} ${mounted}`;
}

/** The result of a trial. */
export interface Tried {
  readonly abilities: Abilities;
  /** How it stores times, if not all of them exactly. */
  readonly times: TimeFacts | undefined;
}

/**
 * Tries and notes the abilities, unless they are known and `anew` is not set. Undefined if nothing was tried or there was no
 * result.
 */
export function learnAbilities(platform: Platform, root: Folder, anew = false): Tried | undefined {
  const mounted = mountedAs(platform, root);
  if (mounted === undefined || (!anew && readAbilities(platform, root) !== undefined)) return undefined;
  const state = ensurePath(platform, root, [NAMES.state]);
  try {
    removeTree(platform, state, NAMES.probe);
    const folder = ensurePath(platform, state, [NAMES.probe]);
    let tried: Tried;
    try {
      tried = new Probe(platform, folder).run();
    } catch (error) {
      if (BROKEN.has(errnoOf(error))) return undefined;
      throw error;
    } finally {
      platform.close(folder);
      removeTree(platform, state, NAMES.probe);
    }
    // Notes about times were made under another kind of mount. These are written first: if a run is killed here, all is tried again.
    removeNote(platform, root, NAMES.times);
    if (tried.times !== undefined) writeTimeFacts(platform, root, tried.times);
    writeNote(platform, root, NAMES.abilities, {mounted, ...tried.abilities});
    return tried;
  } finally {
    platform.close(state);
  }
}

/** Odd seconds and nanoseconds without a zero digit, so that any rounding is seen; far in the past, so that it is never "now". */
const TIME = 1_234_567_891_123_456_789n;

class Probe {
  readonly #learner = new TimeLearner();

  constructor(
    private readonly platform: Platform,
    private readonly folder: Folder,
  ) {}

  run(): Tried {
    const {platform, folder} = this;
    platform.writeFile(folder, FILE, Buffer.from('content'));
    const times = this.#times();
    const owner = this.#owner();
    const abilities: Abilities = {
      mode: this.#mode(),
      owner,
      times,
      symlinks: this.#symlinks(owner && privileges().chown),
      hardlinks: this.#hardlinks(),
      names: this.#names(),
      longestName: this.#longestName(),
      specials: this.#can(() => platform.makeNode({folder, name: OTHER, code: CODE.fifo, major: 0, minor: 0, attributes: {}})),
      holes: this.#holes(),
    };
    return {abilities, times: this.#learner.facts()};
  }

  /** Makes a file in the way of a run: written, its time set while it is open, closed and renamed. */
  #times(): Abilities['times'] {
    for (const times of ['open', 'with-access', 'placed'] as const) {
      const kept = this.#timeOfNew(times);
      if (kept === undefined || distance(kept, TIME) >= COARSEST) continue;
      this.#learner.learn(TIME, kept);
      return times;
    }
    return 'none';
  }

  #timeOfNew(times: 'open' | 'with-access' | 'placed'): bigint | undefined {
    const {platform, folder} = this;
    const attributes = {mtime: TIME, withAccess: times !== 'open'};
    let kept: bigint | undefined;
    this.#can(() => {
      const file = platform.createFile(folder, DRAFT);
      try {
        platform.append(file, Buffer.from('content'));
        platform.setOnFile(file, attributes);
      } finally {
        platform.close(file);
      }
      platform.move({from: folder, name: DRAFT, to: folder, as: OTHER, replace: false});
      if (times === 'placed') platform.setAttributes(folder, OTHER, CODE.file, attributes);
      kept = this.#entry(OTHER)?.mtime;
    });
    return kept;
  }

  /** Two modes, since one may be the mode of every file. */
  #mode(): boolean {
    return [0o640, 0o711].every((mode) =>
      this.#can(() => {
        this.platform.setAttributes(this.folder, FILE, CODE.file, {mode});
        if (this.#entry(FILE)?.mode !== mode) throw NOT_KEPT;
      }),
    );
  }

  /** Users other than root can give files only to their own groups. */
  #owner(): boolean {
    const own = ownGroups().find((group) => group !== this.#entry(FILE)?.gid);
    const wanted = privileges().chown ? {uid: 1, gid: 2} : {gid: own};
    return this.#can(() => {
      this.platform.setAttributes(this.folder, FILE, CODE.file, wanted);
      const now = this.#entry(FILE);
      const {uid = now?.uid, gid = now?.gid}: {uid?: number; gid?: number | undefined} = wanted;
      if (now?.uid !== uid || now?.gid !== gid) throw NOT_KEPT;
    });
  }

  /** The link leads nowhere, since some file systems set attributes on the target of a link. */
  #symlinks(haveOwners: boolean): Abilities['symlinks'] {
    const {platform, folder} = this;
    const isMade = this.#can(
      () => {
        platform.makeSymlink(folder, DRAFT, NOWHERE, {});
        platform.move({from: folder, name: DRAFT, to: folder, as: OTHER, replace: false});
        if (platform.readLink(folder, OTHER) !== NOWHERE) throw NOT_KEPT;
      },
      () => {
        // The file is still needed for the next test.
      },
    );
    const isWhole =
      isMade &&
      this.#can(() => {
        const owner = haveOwners ? {uid: 1, gid: 2} : {};
        platform.setAttributes(folder, OTHER, CODE.symlink, {...owner, mtime: TIME, withAccess: true});
        const now = emptyStat();
        platform.stat(folder, OTHER, now);
        const {uid, mtime} = toEntry(now, {link: NOWHERE});
        if (distance(mtime, TIME) >= COARSEST || (haveOwners && uid !== 1)) throw NOT_KEPT;
      });
    this.#clear();
    return isWhole ? 'kept' : isMade ? 'bare' : 'none';
  }

  #hardlinks(): Abilities['hardlinks'] {
    const {platform, folder} = this;
    let isShown = false;
    const isMade = this.#can(() => {
      platform.makeLink(folder, FILE, folder, OTHER);
      const [one, two] = [emptyStat(), emptyStat()];
      platform.stat(folder, FILE, one);
      platform.stat(folder, OTHER, two);
      isShown = inodeOf(one) === inodeOf(two);
    });
    return isMade ? (isShown ? 'kept' : 'hidden') : 'none';
  }

  /** Network shares report a file's size as its space on disk even if it has holes: then the free space shows it. */
  #holes(): boolean {
    const {platform, folder} = this;
    const free = () => platform.volume(folder).room?.free;
    return this.#can(() => {
      const before = free();
      const file = platform.createFile(folder, DRAFT);
      try {
        platform.lengthen(file, HOLE);
      } finally {
        platform.close(file);
      }
      if (platform.bytesOnDisk(folder, DRAFT) < HOLE) return;
      const after = free();
      if (before === undefined || after === undefined || before - after >= HOLE) throw NOT_KEPT;
    });
  }

  #names(): HeldNames {
    const refused = Array.from(TRIED_INSIDE).filter((letter) => !this.#holds(`a${letter}b`));
    const ends = Array.from(TRIED_ENDS).filter((letter) => !this.#holds(`a${letter}`));
    const letters = !this.#holds('\u00e9') ? 'ascii' : this.#holds('\udcff') ? 'bytes' : 'unicode';
    return {refused: refused.join(''), ends: ends.join(''), letters};
  }

  /** File systems that encrypt names only hold shorter ones. */
  #longestName(): LongestName {
    let [held, tooLong] = this.#holds('a'.repeat(MAX_NAME)) ? [MAX_NAME, MAX_NAME + 1] : [1, MAX_NAME];
    while (tooLong - held > 1) {
      const length = (held + tooLong) >> 1;
      if (this.#holds('a'.repeat(length))) held = length;
      else tooLong = length;
    }
    return {length: held, of: this.#holds('\u00e9'.repeat(held)) ? 'units' : 'bytes'};
  }

  /** Some file systems accept a name and show a different one. */
  #holds(text: string): boolean {
    const {platform, folder} = this;
    const name = toByteName(text);
    return this.#can(
      () => {
        platform.writeFile(folder, name, new Uint8Array());
        const shown = platform.names(folder).map((each) => fromByteName(each).normalize('NFC'));
        if (!shown.includes(text)) throw NOT_KEPT;
      },
      () => {
        if (
          this.#can(
            () => platform.stat(folder, name, emptyStat()),
            () => {},
          )
        )
          removeTree(platform, folder, name);
      },
    );
  }

  #entry(name: ByteName) {
    const stat = emptyStat();
    return this.platform.stat(this.folder, name, stat) ? toEntry(stat) : undefined;
  }

  /** Whether `act` succeeds. Errors that say nothing about that, such as a full disk or a lost connection, are thrown. */
  #can(act: () => void, clear = () => this.#clear()): boolean {
    try {
      act();
      return true;
    } catch (error) {
      if (error === NOT_KEPT) return false;
      const code = errnoOf(error);
      if (NO_ROOM.has(code) || BROKEN.has(code)) throw error;
      return false;
    } finally {
      clear();
    }
  }

  #clear(): void {
    for (const name of [DRAFT, OTHER]) removeTree(this.platform, this.folder, name);
  }
}

/** No file system accepts longer names, in units of UTF-16 or in bytes. */
const MAX_NAME = 255;
const HOLE = 1024 * 1024;
const FILE = 'file' as ByteName;
const DRAFT = 'draft' as ByteName;
const OTHER = 'other' as ByteName;
const NOWHERE = 'nowhere' as ByteName;

/** The call succeeded, but the value is different. */
const NOT_KEPT = new Error('not kept');

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** Temporary errors, which say nothing about the file system. EIO is not one: some file systems without links return it. */
const BROKEN: ReadonlySet<string> = new Set([
  ...['EAGAIN', 'EINTR', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENODEV', 'ENXIO', 'ESTALE', 'ETIMEDOUT'],
  ...['ENOTCONN', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTDOWN', 'EHOSTUNREACH', 'ENETDOWN', 'ENETUNREACH'],
]);

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
