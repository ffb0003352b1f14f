/** Details of a change for the review, read from the two trees. */

import {type Action, fromOf} from '../../core/action.js';
import {emptyStat, toEntry} from '../../core/block.js';
import type {Entry} from '../../core/entry.js';
import type {RelPath} from '../../core/path.js';
import type {Plan} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import {sameEntry} from '../../plan/compare.js';
import {OldPaths} from '../../plan/old-paths.js';
import {platform} from '../../platform/choose.js';
import {Cursor} from '../../platform/cursor.js';
import {errnoOf} from '../../platform/platform.js';
import {type DifferenceLine, difference} from '../../report/words/difference.js';
import {formatBytes} from '../../report/words/units.js';
import {filterRuleWords} from '../../report/words/words.js';
import {decideFilter} from '../../scan/decide.js';
import {openSide} from '../sync/sides.js';

export type Content = {readonly lines: readonly DifferenceLine[]} | {readonly none: string};

/** Larger files are not read, because nobody reviews them line by line. */
const MAX_BYTES = 512 * 1024;

/**
 * Returns the difference that an action makes to the content of its path, or the reason why none is shown. `paths`: the old paths of
 * the plan, made only once for many actions.
 */
export function contentOf(action: Action, {header, actions}: Plan, paths = new OldPaths(actions)): Content {
  const {before, after, path} = action;
  if (action.kind === 'attrs') return {none: 'Only attributes change; the content stays the same.'};
  if (action.kind === 'move') return {none: 'Only the path and attributes change; the content stays the same.'};
  if (action.kind === 'link') return {none: 'It has the content of the file that it is linked to.'};
  const files = [before, after].filter((entry) => entry?.kind === 'file');
  if (files.length === 0) return {none: 'It has no content of its own.'};
  const large = files.find((entry) => (entry as Entry).size > MAX_BYTES);
  if (large !== undefined) return {none: `Not shown: files larger than ${formatBytes(MAX_BYTES)} are not read.`};
  const at = {source: path, target: fromOf(action) ?? paths.of(path) ?? path};
  const read = (side: 'source' | 'target', entry: Entry | undefined) =>
    entry?.kind === 'file' ? readText({header, side, path: at[side], entry}) : {text: ''};
  const [old, now] = [read('target', before), read('source', after)];
  for (const [side, found] of [
    ['target', old],
    ['source', now],
  ] as const) {
    if (found.fault !== undefined) return {none: `Not shown: in the ${side}, ${found.fault}.`};
  }
  const lines = difference(old.text ?? '', now.text ?? '');
  if (lines === undefined) return {none: 'The two texts are too different to compare.'};
  return lines.length === 0 ? {none: 'The content is the same.'} : {lines};
}

/** Returns the filter line that includes the path of an action, as text; undefined if no line matches. */
export function filterOf({path, before, after}: Action, {header}: Plan): string | undefined {
  const fs = platform();
  let root: ReturnType<typeof fs.openRoot> | undefined;
  try {
    root = header.sourceMissing ? undefined : openSide(header, 'source').root;
    const isFolder = (after ?? before)?.kind === 'directory';
    const {rule} = decideFilter({platform: fs, root, filtering: header.options, path, isFolder});
    return rule && filterRuleWords(rule);
  } catch (error) {
    errnoOf(error);
    return undefined;
  } finally {
    if (root !== undefined) fs.close(root);
  }
}

interface ReadOptions {
  readonly header: Plan['header'];
  readonly side: Side;
  readonly path: RelPath;
  readonly entry: Entry;
}

type Read = {readonly text: string; readonly fault?: undefined} | {readonly fault: string; readonly text?: undefined};

function readText({header, side, path, entry}: ReadOptions): Read {
  const fs = platform();
  let folder: ReturnType<typeof fs.openRoot> | undefined;
  let cursor: Cursor | undefined;
  try {
    folder = openSide(header, side).root;
    cursor = new Cursor(fs, folder);
    const place = cursor.place(path);
    const stat = emptyStat();
    if (!fs.stat(place.folder, place.name, stat)) return {fault: 'it was removed after the plan was made'};
    if (!sameEntry(toEntry(stat), entry, header.options)) return {fault: 'it changed after the plan was made'};
    const bytes = fs.readFile(place.folder, place.name, MAX_BYTES + 1) ?? new Uint8Array();
    // Like git: a file with a NUL is binary.
    if (bytes.includes(0)) return {fault: 'it is binary'};
    return {text: new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes)};
  } catch (error) {
    if (error instanceof TypeError) return {fault: 'it is binary, or text that is not UTF-8'};
    return {fault: `it could not be read (${errnoOf(error)})`};
  } finally {
    cursor?.reset();
    if (folder !== undefined) fs.close(folder);
  }
}
