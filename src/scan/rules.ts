/** Reads the rules that a folder of the source has for its content: its .dirsyncignore and its tag. */
import {CODE, emptyStat} from '../core/block.js';
import type {Tags} from '../core/filter.js';
import {IGNORE_FILE} from '../core/filter.js';
import {type ByteName, toByteName} from '../core/name.js';
import {noText} from '../core/text.js';
import {type Folder, type Platform, SystemError} from '../platform/platform.js';

/** A larger `.dirsyncignore` is refused, like one that cannot be read. */
const MAX_RULES_BYTES = 1024 * 1024;

/** Undefined if there is none. @throws SystemError, with EFBIG or EILSEQ (UTF-16, or a NUL) if it is not a text of patterns. */
export function readRules(platform: Platform, folder: Folder): Uint8Array | undefined {
  const rules = platform.readFile(folder, IGNORE_FILE as ByteName, MAX_RULES_BYTES + 1);
  if (rules !== undefined && rules.length > MAX_RULES_BYTES) throw new SystemError('EFBIG', 'read');
  if (rules !== undefined && noText(rules) !== undefined) throw new SystemError('EILSEQ', 'read');
  return rules;
}

/** The name of the tag that marks a folder as a cache. */
const CACHE_TAG = 'CACHEDIR.TAG';
/** The beginning of a tag that marks a folder as a cache: https://bford.info/cachedir/ */
const CACHE_SIGNATURE = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55');

/**
 * The name of the first tag in a folder; undefined if it has none. `mayHold`: whether a name can exist there, without a system
 * call.
 * @throws SystemError if this cannot be found out.
 */
export function readTag(platform: Platform, folder: Folder, tags: Tags, mayHold = (_: ByteName) => true): string | undefined {
  if (tags.excludeCaches && mayHold(CACHE_TAG as ByteName) && isCache(platform, folder)) return CACHE_TAG;
  return tags.excludeIfPresent.find((tag) => {
    const name = toByteName(tag);
    return mayHold(name) && platform.stat(folder, name, emptyStat());
  });
}

function isCache(platform: Platform, folder: Folder): boolean {
  const name = CACHE_TAG as ByteName;
  const stat = emptyStat();
  if (!platform.stat(folder, name, stat) || stat.code !== CODE.file) return false;
  const start = platform.readFile(folder, name, CACHE_SIGNATURE.length);
  return start !== undefined && CACHE_SIGNATURE.equals(start);
}
