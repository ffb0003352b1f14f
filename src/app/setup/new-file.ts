/** Small files of text that a person keeps: never half written, and never over one that somebody else wrote. */
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {osPath} from '../../core/name.js';
import {replaceFileSync} from '../../formats/whole-file.js';
import {errnoOf} from '../../platform/platform.js';

/** @throws Node's error, EEXIST where there is such a file and it is not to be replaced. */
export function writeText(file: string, text: string, {replace}: {readonly replace: boolean}): void {
  if (replace) {
    replaceFileSync(file, text, {});
    return;
  }
  writeFileSync(osPath(file), '', {flag: 'wx'});
  try {
    writeFileSync(osPath(file), text);
  } catch (error) {
    rmSync(osPath(file), {force: true});
    throw error;
  }
}

/** What stands in the file, or undefined where there is none. */
export function readTextOf(file: string): string | undefined {
  try {
    return readFileSync(osPath(file), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
