/**
 * Names that a tree cannot hold, written in another way: each byte that it refuses as `%` and two hexadecimal digits, like RFC 3986.
 * What looks like that already has its `%` written so too, and other names stay as they are: so it can always be read back.
 */
import {type Abilities, type HeldNames, holdsLength, holdsName} from './abilities.js';
import {type ByteName, encodeName, fromByteName, toByteName} from './name.js';

export class Naming {
  readonly #odd: RegExp;
  readonly #written: RegExp;

  constructor({refused, ends, letters}: HeldNames) {
    const controls = refused.includes('\u0001') ? '\\x01-\\x1f' : '';
    const others = refused.replace('\u0001', '');
    const inside = `${controls}${literal(others)}`;
    const bytes = letters === 'unicode' ? '\\udc80-\\udcff' : letters === 'ascii' ? '\\u{80}-\\u{10ffff}' : '';
    const hex = [
      ...(controls === '' ? [] : ['[01][0-9A-Fa-f]']),
      ...Array.from(others, hexOf),
      ...(letters === 'bytes' ? [] : ['[89A-Fa-f][0-9A-Fa-f]']),
      ...Array.from(ends, (letter) => `${hexOf(letter)}$`),
    ].join('|');
    const written = `(?:25)*(?:${hex})`;
    const odd = [
      ...(`${inside}${bytes}` === '' ? [] : [`[${inside}${bytes}]`]),
      ...(ends === '' ? [] : [`[${literal(ends)}]$`]),
      ...(hex === '' ? [] : [`%(?=${written})`]),
    ];
    // Where nothing is refused, nothing is matched.
    this.#odd = new RegExp(odd.join('|') || '[]', 'gu');
    this.#written = new RegExp(hex === '' ? '[]' : `%(${written})`, 'g');
  }

  /** How a name is written in the tree. */
  write(name: ByteName): ByteName {
    // No names of files: else a file `.%2E` would be read as the way out of the tree, and a folder would not find itself.
    if (name === '.' || name === '..') return name;
    const text = fromByteName(name);
    const written = text.replace(this.#odd, (letter) => Array.from(encodeName(letter), hexByte).join(''));
    return written === text ? name : toByteName(written);
  }

  /** How a path is written, name by name. */
  writePath(path: string): string {
    return path
      .split('/')
      .map((name) => fromByteName(this.write(toByteName(name))))
      .join('/');
  }

  /** The inverse of `writePath`. */
  readPath(written: string): string | undefined {
    const names = written.split('/').map((name) => this.read(toByteName(name)));
    return names.includes(undefined) ? undefined : (names as ByteName[]).map(fromByteName).join('/');
  }

  /** The inverse of `write`; undefined for a name that it never gives. */
  read(written: ByteName): ByteName | undefined {
    if (!written.includes('%') && this.write(written) === written) return written;
    const name = written.replace(this.#written, (_, digits: string) =>
      digits.length > 2 ? `%${digits.slice(2)}` : String.fromCharCode(Number.parseInt(digits, 16)),
    ) as ByteName;
    return this.write(name) === written ? name : undefined;
  }
}

/** Whether a target can hold a name as it is written there: `held` says what it can hold, `escaped` for which names there is an escape. */
export function holderOf(
  held: Pick<Abilities, 'names' | 'longestName'> | undefined,
  escaped: HeldNames | undefined,
): (name: string) => boolean {
  if (held === undefined) return () => true;
  const naming = escaped && new Naming(escaped);
  const {names, longestName} = held;
  return (name) => {
    const written = naming === undefined ? name : fromByteName(naming.write(toByteName(name)));
    return holdsName(written, names) && holdsLength(written, longestName);
  };
}

/** A name with its digits as `write` has them: some targets show all names in lower case. */
export function withUpperDigits(written: ByteName): ByteName {
  return written.replace(/%[0-9a-f]{2}/gi, (digits) => digits.toUpperCase()) as ByteName;
}

/** Its two digits, in both cases. The flag `i` would take more letters for one: in Unicode, s is \u017f too. */
const hexOf = (letter: string) =>
  (letter.codePointAt(0) as number)
    .toString(16)
    .padStart(2, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

const hexByte = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** As it stands in a character class. */
function literal(letters: string): string {
  return letters.replace(/[\\\]^-]/g, '\\$&');
}
