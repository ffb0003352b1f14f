/** Texts that others wrote: configs, and files of patterns. */
import {decodeName} from './name.js';

/** Why these bytes are no such text, or undefined: UTF-16, as some editors and shells of Windows write, would be read as other words. */
export function noText(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16) return 'it is UTF-16, not UTF-8';
  return bytes.includes(0) ? 'it contains a NUL, which no UTF-8 text does' : undefined;
}

/** Without a byte order mark; a byte that is not UTF-8 becomes a lone surrogate, as in a name. */
export function decodeText(bytes: Uint8Array): string {
  return decodeName(bytes).replace(/^\ufeff/, '');
}
