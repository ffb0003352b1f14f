/** What a target can hold, as was tried in it: its file system's name tells less, and nothing where it is one in user space. */
import {toByteName} from './name.js';
import type {Kept} from './plan.js';

export interface Abilities {
  /** Permission bits stay as they are set. */
  readonly mode: boolean;
  /** Files can be given away: by others than root to their groups, and where they have but one it could not be tried. */
  readonly owner: boolean;
  /**
   * When a modification time must be set to stay: on the open file; there, and only with an access time; or once more when the file has
   * its place, since closing or renaming it is taken for a change. `none`: it never stays.
   */
  readonly times: 'open' | 'with-access' | 'placed' | 'none';
  readonly symlinks: Symlinks;
  /** `hidden`: they can be made, and then show two inodes. */
  readonly hardlinks: 'kept' | 'hidden' | 'none';
  /** FIFOs, and so sockets and devices where this user may make them. */
  readonly specials: boolean;
  /** Holes in files take no space. */
  readonly holes: boolean;
  readonly names: HeldNames;
  readonly longestName: LongestName;
}

/** Of how many bytes, or units of UTF-16, the longest name is that a target takes, of those that were tried. */
export interface LongestName {
  readonly length: number;
  readonly of: 'bytes' | 'units';
}

/** Which names a target refuses, of those that were tried. */
export interface HeldNames {
  /** Characters that no name may have; U+0001 stands for all control characters. */
  readonly refused: string;
  /** Characters with which no name may end. */
  readonly ends: string;
  /** Of which letters a name may be: of any bytes, of Unicode alone, or of ASCII alone. */
  readonly letters: 'bytes' | 'unicode' | 'ascii';
}

/** Names are tried with each of these in the middle, and at the end: Windows and its file systems refuse them. */
export const TRIED_INSIDE = '\u0001"*:<>?\\|';
export const TRIED_ENDS = '. ';

/** Whether these are names as they are noted. */
export function areHeldNames(names: unknown): names is HeldNames {
  if (typeof names !== 'object' || names === null) return false;
  const {refused, ends, letters} = names as Partial<Record<keyof HeldNames, unknown>>;
  const areOf = (text: unknown, tried: string) =>
    typeof text === 'string' && Array.from(text).every((each) => tried.includes(each));
  return areOf(refused, TRIED_INSIDE) && areOf(ends, TRIED_ENDS) && ['bytes', 'unicode', 'ascii'].includes(letters as string);
}

/** Whether a target can hold a name, a surrogateescape text, as far as was tried. */
export function holdsName(name: string, {refused, ends, letters}: HeldNames): boolean {
  if (refused !== '' && Array.from(name).some((letter) => refused.includes(letter < ' ' ? '\u0001' : letter))) return false;
  if (ends !== '' && ends.includes(name.at(-1) as string)) return false;
  if (letters === 'ascii') return /^[\0-\x7f]*$/.test(name);
  return letters === 'bytes' || name.isWellFormed();
}

/** Whether a target can hold a name that is as long as this one. */
export function holdsLength(name: string, {length, of}: LongestName): boolean {
  return (of === 'units' ? name : toByteName(name)).length <= length;
}

/** `bare`: the owner and the times of a symbolic link cannot be set, or would be set on what it leads to. */
export type Symlinks = 'kept' | 'bare' | 'none';

/** What is kept of what was asked for, where a target can hold no more than this. */
export function withAbilities<K extends Kept>(kept: K, abilities: Abilities | undefined): K {
  if (abilities === undefined) return kept;
  const {mode, owner, times, symlinks, hardlinks, specials} = abilities;
  return {
    ...kept,
    mode: kept.mode && mode,
    owner: kept.owner && owner,
    groups: owner ? kept.groups : [],
    times: kept.times && times !== 'none',
    symlinks: kept.symlinks === 'kept' ? symlinks : kept.symlinks,
    hardlinks: kept.hardlinks && hardlinks !== 'none',
    showsLinks: kept.showsLinks && hardlinks !== 'hidden',
    specials: kept.specials && specials,
    devices: kept.devices && specials,
  };
}
