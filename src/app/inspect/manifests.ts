/** Shows manifests. */
import {type Block, CODE, entryAt, kindOf} from '../../core/block.js';
import {BlockPaths} from '../../core/block-paths.js';
import type {ManifestEntry, ShownManifest} from '../../core/manifest.js';
import {openManifestFile} from '../../formats/saved-manifest.js';
import {digestAt} from '../sync/trees.js';

/** Reads a manifest completely, and shows it; with all its `entries` if they are wanted. @throws DirsyncError MANIFEST_… */
export function readManifest(file: string, {entries}: {entries: boolean}): ShownManifest {
  const saved = openManifestFile(file);
  try {
    for (const _ of saved.blocks());
    const {header, facts, checksum} = saved;
    return {file, checksum, header, facts, ...(entries && {entries: () => entriesIn(file)})};
  } finally {
    saved.close();
  }
}

function* entriesIn(file: string): Generator<ManifestEntry, undefined> {
  const saved = openManifestFile(file);
  try {
    const paths = new BlockPaths();
    for (const block of saved.blocks()) {
      let i = 0;
      for (const path of paths.rows(block)) yield {path, ...listedAt(block, i++)};
    }
  } finally {
    saved.close();
  }
}

function listedAt(block: Block, i: number): Omit<ManifestEntry, 'path'> {
  const code = block.code[i] as number;
  if (kindOf(code) === undefined) return {entry: undefined, state: code === CODE.excluded ? 'excluded' : 'unknown'};
  const digest = digestAt({block, index: i});
  return {entry: entryAt(block, i), state: 'known', ...(digest && {digest: Buffer.from(digest).toString('hex')})};
}
