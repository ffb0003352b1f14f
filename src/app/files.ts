/** Small files of text that a person keeps: never half written, and never over one that somebody else wrote. */
import {readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import process from 'node:process';
import {errnoOf} from '../platform/platform.js';

/** @throws Node's error, EEXIST where there is such a file and it is not to be replaced. */
export function writeText(file: string, text: string, {replace}: {readonly replace: boolean}): void {
  const written = replace ? join(dirname(file), `.dirsync-${process.pid}.draft`) : file;
  writeFileSync(written, '', {flag: 'wx'});
  try {
    writeFileSync(written, text);
    if (replace) renameSync(written, file);
  } catch (error) {
    rmSync(written, {force: true});
    throw error;
  }
}

/** What stands in the file, or undefined where there is none. */
export function readTextOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
