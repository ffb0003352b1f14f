/**
 * Names are bytes. Inside the engine they travel as bytes or as *byte strings* (one UTF-16 unit per byte, 0 to 255), whose
 * `<` is the canonical order; everywhere else as text in which each byte that is not UTF-8 is a lone surrogate
 * U+DC80 to U+DCFF (Python's surrogateescape, PEP 383). Both directions are exact: encode(decode(x)) = x for all bytes.
 */

// `ignoreBOM` keeps a leading U+FEFF, which is a legal part of a name.
const strict = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
const encoder = new TextEncoder();
const ESCAPE = 0xdc00;

/** Bytes to text; bytes that are not valid UTF-8 become lone surrogates. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return decodeEscaped(bytes);
  }
}

function decodeEscaped(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes[at] as number);
    const piece = bytes.subarray(at, at + length);
    const decoded = piece.length === length ? tryDecode(piece) : undefined;
    text += decoded ?? String.fromCharCode(ESCAPE + (bytes[at] as number));
    at += decoded === undefined ? 1 : length;
  }
  return text;
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many bytes a UTF-8 sequence has that starts with this byte; 1 where none can. */
function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

/** Text to bytes: the inverse of `decodeName`. Other lone surrogates stand for no byte and throw a RangeError. */
export function encodeName(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...encoder.encode(char));
    else if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) bytes.push(code - ESCAPE);
    else throw new RangeError(`U+${code.toString(16).toUpperCase()} stands for no byte of a name`);
  }
  return Uint8Array.from(bytes);
}

/** Whether a text is what `decodeName` makes of some bytes, so that two names that differ are never the same bytes. */
export function isName(text: string): boolean {
  if (text.isWellFormed()) return true;
  try {
    return decodeName(encodeName(text)) === text;
  } catch {
    return false;
  }
}

/**
 * A path as functions of `node:fs` take it, for they write a lone surrogate as U+FFFD, which is another name. Not for `realpathSync`:
 * it makes text of bytes (`realPath` of platform/environment).
 */
export function osPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : Buffer.from(encodeName(path));
}

/** What is left of a name where Node, or a library, took its bytes for UTF-8. */
export function lossyName(text: string): string {
  // How many U+FFFD stand for several bytes is told differently by each.
  return text.toWellFormed().replace(/\ufffd+/g, '\ufffd');
}

/** The order of names by their bytes. Plain `<` differs from it above U+FFFF and for escaped bytes. */
export function compareNames(a: string, b: string): number {
  return compareBytes(encodeName(a), encodeName(b));
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A name or path as a byte string: one UTF-16 unit per byte, so that `<` is the canonical order of siblings. */
export type ByteName = string & {readonly __brand: 'ByteName'};

// ASCII is the same in all three forms, and nearly every name is ASCII.
// biome-ignore lint/suspicious/noControlCharactersInRegex: a name may hold any byte
const ASCII = /^[\x00-\x7f]*$/;

export function toByteName(text: string): ByteName {
  if (ASCII.test(text)) return text as ByteName;
  let bytes = '';
  for (const byte of encodeName(text)) bytes += String.fromCharCode(byte);
  return bytes as ByteName;
}

export function fromByteName(name: ByteName): string {
  return ASCII.test(name) ? name : decodeName(Uint8Array.from(name, (unit) => unit.charCodeAt(0)));
}

/**
 * A tree in which names that differ in case alone, or in how an accent is written, are one name, or may be: that cannot always be seen.
 * What is not kept is shown in a way of its own, whatever name was given.
 */
export interface Folding {
  readonly keepsCase: boolean;
  readonly keepsAccents: boolean;
}

/** Of a tree about whose names nothing is known. */
export const FOLDING_UNKNOWN: Folding = {keepsCase: true, keepsAccents: true};

/** Whether a tree that shows one of these names may have been given the other. */
export function isShownAs(name: string, shown: string, {keepsCase, keepsAccents}: Folding): boolean {
  const kept = (text: string) => {
    const written = keepsAccents ? text : text.normalize('NFD');
    return keepsCase ? written : written.toUpperCase().toLowerCase();
  };
  return kept(name) === kept(shown);
}

/** What a name is to file systems that do not tell upper from lower case, or accents written in two ways: equal names give equal texts. */
export function foldName(name: string): string {
  // Upper case first: some letters, such as ß, have no lower case of their own.
  return name.normalize('NFD').toUpperCase().toLowerCase();
}
