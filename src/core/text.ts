/** Decodes text files that users write: configs and pattern files. */
import {decodeName} from './name.js';

/**
 * Why these bytes are not UTF-8 text; undefined if they are. UTF-16, which some editors and shells on Windows write, would
 * otherwise be misread.
 */
export function noText(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16) return 'it is UTF-16, not UTF-8';
  return bytes.includes(0) ? 'it contains a NUL, which no UTF-8 text does' : undefined;
}

/** Decodes UTF-8 without a byte order mark; a byte that is not UTF-8 becomes a lone surrogate, as in a name. */
export function decodeText(bytes: Uint8Array): string {
  return decodeName(bytes).replace(/^\ufeff/, '');
}
