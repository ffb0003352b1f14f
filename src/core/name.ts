/**
 * Names are bytes. Inside the engine they are bytes or *byte strings* (one UTF-16 unit per byte, 0 to 255), which `<` sorts in
 * canonical order. Everywhere else they are text in which each byte that is not UTF-8 is a lone surrogate U+DC80 to U+DCFF
 * (Python's surrogateescape, PEP 383). Both directions are exact: encode(decode(x)) = x for all bytes.
 */

// `ignoreBOM` keeps a leading U+FEFF, which is a valid part of a name.
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

/** The length in bytes of a UTF-8 sequence that starts with this byte; 1 if none can start with it. */
function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}

/** Text to bytes: the inverse of `decodeName`. @throws RangeError if the text has a lone surrogate that represents no byte. */
export function encodeName(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code < 0xd800 || code > 0xdfff) bytes.push(...encoder.encode(char));
    else if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) bytes.push(code - ESCAPE);
    else throw new RangeError(`U+${code.toString(16).toUpperCase()} represents no byte of a name`);
  }
  return Uint8Array.from(bytes);
}

/** Whether `decodeName` can return this text. Two different names are then never the same bytes. */
export function isName(text: string): boolean {
  if (text.isWellFormed()) return true;
  try {
    return decodeName(encodeName(text)) === text;
  } catch {
    return false;
  }
}

/**
 * Converts a path for functions of `node:fs`, which would turn a lone surrogate into U+FFFD and so use a different name. Not for
 * `realpathSync`, which converts bytes to text (use `realPath` of platform/environment).
 */
export function osPath(path: string): string | Buffer {
  return path.isWellFormed() ? path : Buffer.from(encodeName(path));
}

/** The name as it looks after Node or a library decoded its bytes as UTF-8, for a comparison with such a name. */
export function lossyName(text: string): string {
  // Decoders disagree about how many U+FFFD replace several bytes.
  return text.toWellFormed().replace(/\ufffd+/g, '\ufffd');
}

/** Compares names by their bytes. Plain `<` gives a different order above U+FFFF and for escaped bytes. */
export function compareNames(a: string, b: string): number {
  return compareBytes(encodeName(a), encodeName(b));
}

/** Compares byte by byte; the result is negative, 0 or positive, as for `sort`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** A name or path as a byte string: one UTF-16 unit per byte, so that `<` sorts siblings in canonical order. */
export type ByteName = string & {readonly __brand: 'ByteName'};

// ASCII is the same in all three forms, and nearly every name is ASCII.
// biome-ignore lint/suspicious/noControlCharactersInRegex: a name may hold any byte
const ASCII = /^[\x00-\x7f]*$/;

/** Surrogateescape text to a byte string. @throws RangeError if the text represents no bytes. */
export function toByteName(text: string): ByteName {
  if (ASCII.test(text)) return text as ByteName;
  let bytes = '';
  for (const byte of encodeName(text)) bytes += String.fromCharCode(byte);
  return bytes as ByteName;
}

/** A byte string to surrogateescape text. */
export function fromByteName(name: ByteName): string {
  return ASCII.test(name) ? name : decodeName(Uint8Array.from(name, (unit) => unit.charCodeAt(0)));
}

/**
 * How a tree folds names: names that differ only in case, or only in how an accent is encoded, are or may be the same name there.
 * If case or accents are not kept, the tree shows a different spelling than it was given.
 */
export interface Folding {
  readonly keepsCase: boolean;
  readonly keepsAccents: boolean;
}

/** For a tree whose folding is not known. */
export const FOLDING_UNKNOWN: Folding = {keepsCase: true, keepsAccents: true};

/** Whether a tree that was given `name` may show it as `shown`. */
export function isShownAs(name: string, shown: string, {keepsCase, keepsAccents}: Folding): boolean {
  const kept = (text: string) => {
    const written = keepsAccents ? text : text.normalize('NFD');
    return keepsCase ? written : written.toUpperCase().toLowerCase();
  };
  return kept(name) === kept(shown);
}

/** Folds case and the encoding of accents: names that a folding file system treats as equal give equal texts. */
export function foldName(name: string): string {
  // Upper case first: some letters, such as ß, have no lower case of their own.
  return name.normalize('NFD').toUpperCase().toLowerCase();
}
