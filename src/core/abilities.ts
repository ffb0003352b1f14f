/**
 * What a target can hold, found out by trying. The name of its file system would say less, and says nothing for file systems in
 * user space.
 */
import {toByteName} from './name.js';
import type {Preserved} from './plan.js';

/** What one target can hold. Undefined abilities elsewhere mean that nothing was tried yet. */
export interface Abilities {
  /** Permission bits are kept as they were set. */
  readonly mode: boolean;
  /** Owners can be set. A user other than root can only give files to its own groups; a user with one group cannot try this. */
  readonly owner: boolean;
  /**
   * When a modification time must be set so that it is kept: on the open file (`open`); on the open file together with an access
   * time (`with-access`); or again after the file is in its place, because closing or renaming it counts as a change (`placed`).
   * `none`: it is never kept.
   */
  readonly times: 'open' | 'with-access' | 'placed' | 'none';
  readonly symlinks: Symlinks;
  /** `hidden`: hard links can be made, but their names show different inodes. */
  readonly hardlinks: 'kept' | 'hidden' | 'none';
  /** FIFOs, and therefore also sockets and devices that this user may create. */
  readonly specials: boolean;
  /** Holes in files take no space. */
  readonly holes: boolean;
  readonly names: HeldNames;
  readonly longestName: LongestName;
}

/** The length of the longest name that the target accepted, in bytes or in UTF-16 units. */
export interface LongestName {
  readonly length: number;
  readonly of: 'bytes' | 'units';
}

/** The kinds of names that a target refused when they were tried. */
export interface HeldNames {
  /** Characters that a name cannot contain; U+0001 stands for all control characters. */
  readonly refused: string;
  /** Characters with which a name cannot end. */
  readonly ends: string;
  /** What a name may consist of: any bytes, only Unicode, or only ASCII. */
  readonly letters: 'bytes' | 'unicode' | 'ascii';
}

/** Names are tried with each of these characters in the middle, and at the end. Windows and its file systems refuse them. */
export const TRIED_INSIDE = '\u0001"*:<>?\\|';
export const TRIED_ENDS = '. ';

/** Whether a value read from a file is a valid `HeldNames`. */
export function areHeldNames(names: unknown): names is HeldNames {
  if (typeof names !== 'object' || names === null) return false;
  const {refused, ends, letters} = names as Partial<Record<keyof HeldNames, unknown>>;
  const areOf = (text: unknown, tried: string) =>
    typeof text === 'string' && Array.from(text).every((each) => tried.includes(each));
  return areOf(refused, TRIED_INSIDE) && areOf(ends, TRIED_ENDS) && ['bytes', 'unicode', 'ascii'].includes(letters as string);
}

/** Whether a target can hold a name (surrogateescape text), regardless of its length. */
export function holdsName(name: string, {refused, ends, letters}: HeldNames): boolean {
  if (refused !== '' && Array.from(name).some((letter) => refused.includes(letter < ' ' ? '\u0001' : letter))) return false;
  if (ends !== '' && ends.includes(name.at(-1) as string)) return false;
  if (letters === 'ascii') return /^[\0-\x7f]*$/.test(name);
  return letters === 'bytes' || name.isWellFormed();
}

/** Whether a target can hold a name of this length. */
export function holdsLength(name: string, {length, of}: LongestName): boolean {
  return (of === 'units' ? name : toByteName(name)).length <= length;
}

/** `bare`: owner and times of a symbolic link cannot be set, or would be set on the file that it points to. */
export type Symlinks = 'kept' | 'bare' | 'none';

/** Limits what is kept to what the target can hold; without `abilities`, `kept` is unchanged. */
export function withAbilities<K extends Preserved>(preserved: K, abilities: Abilities | undefined): K {
  if (abilities === undefined) return preserved;
  const {mode, owner, times, symlinks, hardlinks, specials} = abilities;
  return {
    ...preserved,
    mode: preserved.mode && mode,
    owner: preserved.owner && owner,
    groups: owner ? preserved.groups : [],
    times: preserved.times && times !== 'none',
    symlinks: preserved.symlinks === 'kept' ? symlinks : preserved.symlinks,
    hardlinks: preserved.hardlinks && hardlinks !== 'none',
    showsLinks: preserved.showsLinks && hardlinks !== 'hidden',
    specials: preserved.specials && specials,
    devices: preserved.devices && specials,
  };
}
