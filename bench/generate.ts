/** Worker thread of `generateTree`: makes every other top folder of a generated tree. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {workerData} from 'node:worker_threads';

export interface GenerateJob {
  readonly root: string;
  readonly files: number;
  /** Bytes of each file; if not given, 0 to 200. */
  readonly size?: number;
  /** This worker makes the top folders `first`, `first + step`, … */
  readonly first: number;
  readonly step: number;
}

const FILES_PER_FOLDER = 50;
const FOLDERS_PER_TOP = 100;
const FILES_PER_TOP = FILES_PER_FOLDER * FOLDERS_PER_TOP;

const {root, files, size, first, step} = workerData as GenerateJob;
const content = Buffer.alloc(size ?? 200, 'dirsync ');
for (let top = first; top * FILES_PER_TOP < files; top += step) {
  const end = Math.min(files, (top + 1) * FILES_PER_TOP);
  let folder = '';
  for (let file = top * FILES_PER_TOP; file < end; file++) {
    if (file % FILES_PER_FOLDER === 0) {
      folder = `${root}/top-${top}/folder-${file / FILES_PER_FOLDER}`;
      mkdirSync(folder, {recursive: true});
    }
    writeFileSync(`${folder}/file-${file}`, content.subarray(0, size ?? (file * 7919) % 201));
  }
}
