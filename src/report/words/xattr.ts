/** Describes extended attributes and ACLs in words. The results are always escaped. */
import {escapeName} from '../../core/escape.js';
import {decodeName} from '../../core/name.js';
import {ACL_ACCESS, ACL_DEFAULT, isAcl, UNREADABLE_XATTR, valueDigest} from '../../core/xattr.js';

/** Returns the usual name of an attribute. */
export function xattrLabel(name: string): string {
  return name === ACL_ACCESS ? 'ACL' : name === ACL_DEFAULT ? 'default ACL' : escapeName(name);
}

/** Describes a value of `Xattrs`. */
export function xattrWords(name: string, value: string): string {
  if (value === UNREADABLE_XATTR) return 'unreadable';
  const digest = valueDigest(value);
  if (digest !== undefined) return digestWords(digest, SHOWN_DIGITS);
  const bytes = bytesOf(value);
  return (isAcl(name) ? aclText(bytes) : plainText(bytes)) ?? hexWords(bytes);
}

/** Describes two values of one attribute. Different values never get the same words. */
export function xattrPairWords(name: string, before: string, after: string): [before: string, after: string] {
  const words: [string, string] = [xattrWords(name, before), xattrWords(name, after)];
  if (before === after || words[0] !== words[1]) return words;
  const [old, now] = [valueDigest(before), valueDigest(after)];
  if (old !== undefined && now !== undefined) return [digestWords(old), digestWords(now)];
  const [a, b] = [bytesOf(before), bytesOf(after)];
  let from = 0;
  while (from < a.length && a[from] === b[from]) from++;
  return [hexWords(a, from), hexWords(b, from)];
}

const SHOWN_DIGITS = 16;

function digestWords(digest: string, digits = digest.length): string {
  return `sha256 ${digest.slice(0, digits)}${digits < digest.length ? '…' : ''} (long)`;
}

/** Decodes base64. Ignores invalid characters, which our decoders never accept. */
function bytesOf(base64: string): Uint8Array {
  const digits = base64.replace(/[^A-Za-z0-9+/]/g, '');
  return Uint8Array.from(atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits), (char) => char.charCodeAt(0));
}

/** Control characters except tab, line feed and carriage return. A value with one of them is not a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/;

/** Returns UTF-8 text in quotes, also with the NUL at the end that C programs write; undefined if it is not text. */
function plainText(bytes: Uint8Array): string | undefined {
  const text = decodeName(bytes);
  if (!text.isWellFormed() || CONTROL.test(text.replace(/\0$/, ''))) return undefined;
  return `"${escapeName(text).replaceAll('"', '\\"')}"`;
}

/** The most bytes shown in hexadecimal. */
const SHOWN_BYTES = 32;

function hexWords(bytes: Uint8Array, from = 0): string {
  const shown = bytes.subarray(from, from + SHOWN_BYTES);
  const hex = Array.from(shown, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (shown.length === bytes.length) return `0x${hex}`;
  const start = from === 0 ? '' : `, from byte ${from}`;
  return `0x${hex}${from + shown.length < bytes.length ? '…' : ''} (${bytes.length} bytes${start})`;
}

// linux/posix_acl_xattr.h: a version, then entries with a tag, permissions, and the ID of a user or group.
const VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;

/** By tag: how an entry of an ACL begins, and whether it has the ID of a user or group. */
const TAGS: ReadonlyMap<number, readonly [letter: string, named: boolean]> = new Map([
  [0x01, ['u', false]],
  [0x02, ['u', true]],
  [0x04, ['g', false]],
  [0x08, ['g', true]],
  [0x10, ['m', false]],
  [0x20, ['o', false]],
]);

/** Returns the short form of acl(5): "u::rw-,u:1000:r--,g::r--,m::r--,o::---"; undefined if the bytes are not an ACL. */
function aclText(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole = bytes.length > HEADER_BYTES && (bytes.length - HEADER_BYTES) % ENTRY_BYTES === 0;
  if (!isWhole || view.getUint32(0, true) !== VERSION) return undefined;
  const entries: string[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; at += ENTRY_BYTES) {
    const tag = TAGS.get(view.getUint16(at, true));
    const permissions = view.getUint16(at + 2, true);
    if (tag === undefined || permissions > 7) return undefined;
    const [letter, named] = tag;
    entries.push(`${letter}:${named ? view.getUint32(at + 4, true) : ''}:${permissionLetters(permissions)}`);
  }
  return entries.join(',');
}

function permissionLetters(permissions: number): string {
  return [...'rwx'].map((letter, i) => ((permissions & (4 >> i)) === 0 ? '-' : letter)).join('');
}
