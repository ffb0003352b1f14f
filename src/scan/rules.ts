/** The .dirsyncignore of a folder, as every reader of filters takes it. */
import type {ByteName} from '../core/name.js';
import {noText} from '../core/text.js';
import {type Folder, type Platform, SystemError} from '../platform/platform.js';
import {IGNORE_FILE} from './filter.js';

/** A `.dirsyncignore` above this is refused, as one that could not be read. */
const MAX_RULES_BYTES = 1024 * 1024;

/** Undefined where there is none. @throws SystemError, EFBIG and EILSEQ (UTF-16, or a NUL) for what is no text of patterns. */
export function readRules(platform: Platform, folder: Folder): Uint8Array | undefined {
  const rules = platform.readFile(folder, IGNORE_FILE as ByteName, MAX_RULES_BYTES + 1);
  if (rules !== undefined && rules.length > MAX_RULES_BYTES) throw new SystemError('EFBIG', 'read');
  if (rules !== undefined && noText(rules) !== undefined) throw new SystemError('EILSEQ', 'read');
  return rules;
}
