import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Called in a `describe`: returns a function that makes empty folders, which are removed after the test. */
export function tempDirs(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const folder of made.splice(0)) removeTree(folder);
  });
  return () => {
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dirsync-test-')));
    made.push(folder);
    return folder;
  };
}

/** Removes a folder with its content, even folders that their owner cannot enter, and names that are not UTF-8. */
export function removeTree(folder: string | Buffer): void {
  fs.chmodSync(folder, 0o700);
  for (const entry of fs.readdirSync(folder, {withFileTypes: true, encoding: 'buffer'})) {
    const inside = Buffer.concat([Buffer.from(folder), Buffer.from('/'), entry.name]);
    if (entry.isDirectory()) removeTree(inside);
    else fs.unlinkSync(inside);
  }
  fs.rmdirSync(folder);
}
