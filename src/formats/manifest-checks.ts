/** Checks of the rows of a frame, which is not trusted. */
import {type Block, CODE, isDevice} from '../core/block.js';
import {decodeName, encodeName} from '../core/name.js';
import {STATE_DIR} from '../core/path.js';
import {isXattrValue, MAX_XATTRS} from '../core/xattr.js';
import {excerpt, FormatError, HostilePathError} from './shapes.js';

export const SLASH = 0x2f;
export const DOT = 0x2e;
const DIGITS = /^\d{1,10}:\d{1,10}$/;
const STATE_NAME = encodeName(STATE_DIR);

/** @throws FormatError if a row cannot be at its depth, or has an unknown code. */
export function checkPlace({depth, code}: Pick<Block, 'depth' | 'code'>, i: number): void {
  const d = depth[i] as number;
  const kind = code[i] as number;
  if (kind < CODE.file || kind > CODE.unknown) throw new FormatError('it has an unknown kind of entry');
  if (i === 0) {
    if (d === 0 && kind !== CODE.directory) throw new FormatError('its root is not a folder');
    return;
  }
  const above = depth[i - 1] as number;
  if (d === 0) throw new FormatError('it has a second root');
  if (d <= above) return;
  if (d > above + 1) throw new FormatError('it has an entry without the folder above it');
  if (code[i - 1] !== CODE.directory) throw new HostilePathError('an entry is below something that is not a folder');
}

/** @throws HostilePathError for a name that is not one, or leads elsewhere. */
export function checkName(name: Uint8Array, depth: number): void {
  const {length} = name;
  if (length > 2 && (name[0] !== DOT || depth > 1)) return;
  const isDots = length <= 2 && name[0] === DOT && (length === 1 || name[1] === DOT);
  const isState = depth === 1 && length === STATE_NAME.length && STATE_NAME.every((byte, i) => byte === name[i]);
  if (length === 0 || isDots || isState)
    throw new HostilePathError(`"${excerpt(decodeName(name))}" cannot be the name of an entry`);
}

export function checkBelongings(belongings: Uint8Array, code: number, isRenamed: boolean): void {
  let own = belongings;
  if (isRenamed) {
    const nul = belongings.lastIndexOf(0);
    const ownName = belongings.subarray(nul + 1);
    if (nul === -1 || ownName.includes(SLASH)) throw new HostilePathError('an entry has no valid name of its own');
    checkName(ownName, 2);
    own = belongings.subarray(0, nul);
  }
  const isValid =
    code === CODE.symlink
      ? own.length > 0 && !own.includes(0)
      : isDevice(code)
        ? DIGITS.test(decodeName(own))
        : own.length === 0 || code === CODE.directory;
  if (!isValid) throw new FormatError('it has an entry with belongings that do not fit its kind');
}

export function checkXattrs(packed: Uint8Array): void {
  const texts = decodeName(packed).split('\0');
  const isWhole = packed.length <= MAX_XATTRS && texts.length % 2 === 1 && texts.at(-1) === '';
  for (let i = 0; i + 1 < texts.length; i += 2) {
    if (!isWhole || !texts[i]?.includes('.') || !isXattrValue(texts[i + 1])) {
      throw new FormatError('it has extended attributes that are not valid');
    }
  }
}
