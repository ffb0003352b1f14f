/** Small files of text that a person keeps: never half written, and never over one that somebody else wrote. */
import {readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import process from 'node:process';
import {osPath} from '../../core/name.js';
import {errnoOf} from '../../platform/platform.js';

/** @throws Node's error, EEXIST where there is such a file and it is not to be replaced. */
export function writeText(file: string, text: string, {replace}: {readonly replace: boolean}): void {
  const written = replace ? join(dirname(file), `.dirsync-${process.pid}.draft`) : file;
  writeFileSync(osPath(written), '', {flag: 'wx'});
  try {
    writeFileSync(osPath(written), text);
    if (replace) renameSync(osPath(written), osPath(file));
  } catch (error) {
    rmSync(osPath(written), {force: true});
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
