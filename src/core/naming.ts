/**
 * Escapes names that a tree cannot hold: each refused byte becomes `%` and two hexadecimal digits, as in RFC 3986. If a name
 * already looks escaped, its `%` is escaped too; other names are unchanged. So every name can be read back.
 */
import {type Abilities, type HeldNames, holdsLength, holdsName} from './abilities.js';
import {type ByteName, encodeName, fromByteName, toByteName} from './name.js';

/** The escapes of one tree: which names it writes differently, and how. */
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
    // If nothing is refused, nothing matches.
    this.#odd = new RegExp(odd.join('|') || '[]', 'gu');
    this.#written = new RegExp(hex === '' ? '[]' : `%(${written})`, 'g');
  }

  /** Escapes a name. */
  write(name: ByteName): ByteName {
    // These are not file names. If they were escaped, a file `.%2E` would be read as the parent folder.
    if (name === '.' || name === '..') return name;
    const text = fromByteName(name);
    const written = text.replace(this.#odd, (letter) => Array.from(encodeName(letter), hexByte).join(''));
    return written === text ? name : toByteName(written);
  }

  /** Escapes each name of a path. */
  writePath(path: string): string {
    return path
      .split('/')
      .map((name) => fromByteName(this.write(toByteName(name))))
      .join('/');
  }

  /** The inverse of `writePath`; undefined if `writePath` never returns this path. */
  readPath(written: string): string | undefined {
    const names = written.split('/').map((name) => this.read(toByteName(name)));
    return names.includes(undefined) ? undefined : (names as ByteName[]).map(fromByteName).join('/');
  }

  /** The inverse of `write`; undefined if `write` never returns this name. */
  read(written: ByteName): ByteName | undefined {
    if (!written.includes('%') && this.write(written) === written) return written;
    const name = written.replace(this.#written, (_, digits: string) =>
      digits.length > 2 ? `%${digits.slice(2)}` : String.fromCharCode(Number.parseInt(digits, 16)),
    ) as ByteName;
    return this.write(name) === written ? name : undefined;
  }
}

/**
 * Returns a function that tests whether a target can hold a name after escaping. `held` describes what it can hold (undefined: not
 * known, and every name passes), `escaped` which names are escaped.
 */
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

/** Writes hexadecimal digits in upper case, like `write`, because some targets show all names in lower case. */
export function withUpperDigits(written: ByteName): ByteName {
  return written.replace(/%[0-9a-f]{2}/gi, (digits) => digits.toUpperCase()) as ByteName;
}

/** A pattern for the two digits in both cases. The flag `i` would match more letters: in Unicode, s also matches \u017f. */
const hexOf = (letter: string) =>
  (letter.codePointAt(0) as number)
    .toString(16)
    .padStart(2, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);

const hexByte = (byte: number) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;

/** Escapes letters for a character class. */
function literal(letters: string): string {
  return letters.replace(/[\\\]^-]/g, '\\$&');
}
