/** Escapes names and texts before they reach a terminal, a log, a page or a message. */

const NAMED: Readonly<Record<string, string>> = {'\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\'};

/**
 * Control characters (C0, DEL, C1), line and paragraph separators, bidirectional marks, other invisible format characters,
 * and bytes that are not UTF-8: everything that could move a cursor, hide text or make one name look like another.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\\]/gu;

/**
 * Writes every unsafe character as an escape: `\n`, `\x1b`, `\u202e`; a byte that is not UTF-8 as `\xff`.
 *
 * @example
 * escapeName('a\tb\u001b'); // → 'a\\tb\\x1b'
 */
export function escapeName(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) as number;
    if (NAMED[char] !== undefined) return NAMED[char];
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
    if (code <= 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Escapes a line of a file's content: tabs become spaces, and a backslash stays, because it is common in content. */
export function escapeLine(text: string): string {
  return text.replaceAll('\t', '    ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => escapeName(char));
}

const CHARS: Readonly<Record<string, string>> = {n: '\n', r: '\r', t: '\t', '\\': '\\'};

/** The inverse of `escapeName`; text that is not one of its escapes is unchanged. */
export function unescapeName(text: string): string {
  return text.replace(
    /\\(?:([nrt\\])|x([0-9a-f]{2})|u([0-9a-f]{4})|u\{(10[0-9a-f]{4}|[1-9a-f][0-9a-f]{4})\})/g,
    (_, named?: string, byte?: string, unit?: string, point?: string) => {
      if (named !== undefined) return CHARS[named] as string;
      if (byte !== undefined) {
        const code = Number.parseInt(byte, 16);
        return String.fromCharCode(code < 0x80 ? code : 0xdc00 + code);
      }
      return String.fromCodePoint(Number.parseInt(unit ?? point ?? '', 16));
    },
  );
}

/**
 * Like `escapeName`, for JSON text, whose meaning stays the same: unsafe characters can only be inside its strings.
 * `JSON.stringify` escapes half of a surrogate pair, but not every writer of JSON does (pino).
 */
export function escapeJson(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    if (char === '\n') return char;
    return Array.from({length: char.length}, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  });
}
