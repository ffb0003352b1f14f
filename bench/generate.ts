/** Worker thread of `generateTree`: makes every other top folder of a generated tree. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {workerData} from 'node:worker_threads';

export interface GenerateJob {
  readonly root: string;
  readonly files: number;
  /** This worker makes the top folders `first`, `first + step`, … */
  readonly first: number;
  readonly step: number;
}

const FILES_PER_FOLDER = 50;
const FOLDERS_PER_TOP = 100;
const FILES_PER_TOP = FILES_PER_FOLDER * FOLDERS_PER_TOP;
const CONTENT = Buffer.alloc(200, 'dirsync ');

const {root, files, first, step} = workerData as GenerateJob;
for (let top = first; top * FILES_PER_TOP < files; top += step) {
  const end = Math.min(files, (top + 1) * FILES_PER_TOP);
  let folder = '';
  for (let file = top * FILES_PER_TOP; file < end; file++) {
    if (file % FILES_PER_FOLDER === 0) {
      folder = `${root}/top-${top}/folder-${file / FILES_PER_FOLDER}`;
      mkdirSync(folder, {recursive: true});
    }
    writeFileSync(`${folder}/file-${file}`, CONTENT.subarray(0, (file * 7919) % 201));
  }
}
