/**
 * The trees of the benchmark. They are created once in its work folder, and a marker file next to each shows that it is
 * complete.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {Worker} from 'node:worker_threads';
import type {GenerateJob} from './generate.js';

export const WORK_FOLDER = path.resolve(process.env.DIRSYNC_BENCH_DIR ?? path.join(os.tmpdir(), 'dirsync-bench'));
const MEMORY_FOLDER = '/dev/shm/dirsync-bench';

const OWNER_MARK = '.dirsync-bench';
const LINUX_PACKAGE = '/usr/src';

/** Why a row cannot be measured on this machine. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** Creates a work folder; refuses a folder with files that are not from a benchmark, because rows empty folders in it. */
export function claim(folder: string): string {
  mkdirSync(folder, {recursive: true});
  const names = readdirSync(folder);
  if (names.length > 0 && !names.includes(OWNER_MARK)) throw new Error(`${folder} holds other things: name an empty folder`);
  writeFileSync(path.join(folder, OWNER_MARK), '');
  return folder;
}

/** The Linux source tree, unpacked from Debian's package. */
export function linuxTree(): Promise<string> {
  const archive = existsSync(LINUX_PACKAGE)
    ? readdirSync(LINUX_PACKAGE).find((name) => /^linux-source-.*\.tar\.xz$/.test(name))
    : undefined;
  if (!archive) throw new Unavailable(`needs ${LINUX_PACKAGE}/linux-source-*.tar.xz (on Debian: apt-get install linux-source)`);
  return once('linux', (folder) =>
    execFileSync('tar', ['-xJf', path.join(LINUX_PACKAGE, archive), '-C', folder, '--strip-components=1']),
  );
}

/** A tree of small files of 0 to 200 bytes, 50 to a folder, in folders two levels deep. */
export function generatedTree(files: number): Promise<string> {
  return once(`generated-${files}`, (root) => Promise.all([0, 1].map((first) => generate({root, files, first, step: 2}))));
}

/** A tree of files of one size, in folders like those of `generatedTree`. */
export function treeOfSize(files: number, size: number): Promise<string> {
  return once(`files-${files}-${size}`, (root) =>
    Promise.all([0, 1].map((first) => generate({root, files, size, first, step: 2}))),
  );
}

/** A copy of a tree of the work folder, named after the tool that uses it: each tool has its own, because dirsync leaves a folder in its copy. */
export function copyOf(tree: string, user: string): Promise<string> {
  return once(`${path.basename(tree)}-${user}`, (folder) => execFileSync('cp', ['-a', `${tree}/.`, folder]));
}

/** An empty folder in memory, if there is room for this many bytes. */
export function memoryFolder(bytes: number): string {
  if (existsSync(MEMORY_FOLDER)) rmSync(claim(MEMORY_FOLDER), {recursive: true});
  const base = path.dirname(MEMORY_FOLDER);
  const room = existsSync(base) ? statfsSync(base).bavail * statfsSync(base).bsize : 0;
  if (Math.min(room, process.availableMemory()) < bytes) {
    throw new Unavailable(`needs ${(bytes / 1e9).toFixed(1)} GB of memory free in ${base}`);
  }
  return claim(MEMORY_FOLDER);
}

/** Bytes that a tree takes up on disk. */
export function diskUsage(tree: string): number {
  return Number.parseInt(execFileSync('du', ['-s', '-B1', tree], {encoding: 'utf8'}), 10);
}

/** All entries below a folder, without dirsync's own at its root. */
export function countEntries(root: string): number {
  const pending = [root];
  let count = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of readdirSync(folder, {withFileTypes: true})) {
      if (folder === root && entry.name === '.dirsync') continue;
      count++;
      if (entry.isDirectory()) pending.push(`${folder}/${entry.name}`);
    }
  }
  return count;
}

export function fileSystem(folder: string): string {
  return execFileSync('df', ['--output=fstype', folder], {encoding: 'utf8'}).trim().split('\n').at(-1) as string;
}

async function once(name: string, make: (folder: string) => unknown): Promise<string> {
  const folder = path.join(claim(WORK_FOLDER), name);
  const marker = `${folder}.complete`;
  if (existsSync(marker)) return folder;
  process.stderr.write(`making ${folder}\n`);
  rmSync(folder, {recursive: true, force: true});
  mkdirSync(folder);
  await make(folder);
  writeFileSync(marker, '');
  return folder;
}

function generate(workerData: GenerateJob): Promise<void> {
  return new Promise((resolve, reject) => {
    new Worker(new URL('./generate.js', import.meta.url), {workerData}).on('error', reject).on('exit', () => resolve());
  });
}
