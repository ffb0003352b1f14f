/** Writes small text files for users: never half-written, and never over an existing file by accident. */
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {osPath} from '../../core/name.js';
import {replaceFileSync} from '../../formats/whole-file.js';
import {errnoOf} from '../../platform/platform.js';

/** Writes a file. @throws Node's error; EEXIST if the file exists and `replace` is false. */
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

/** Returns the content of the file, or undefined if it does not exist. */
export function readTextOf(file: string): string | undefined {
  try {
    return readFileSync(osPath(file), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
