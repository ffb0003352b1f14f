/** Manifests in memory. */
import {blake3} from '@napi-rs/blake-hash';
import {type Block, nameAt} from '../../src/core/block.js';
import {BlockPaths} from '../../src/core/block-paths.js';
import type {ManifestFacts, ManifestHeader} from '../../src/core/manifest.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {type Manifest, ManifestWriter, openManifest, type RandomAccess, type Section} from '../../src/formats/manifest-file.js';
import {Devices, encodeFrame} from '../../src/formats/manifest-frame.js';

export interface Facts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly closing?: Readonly<Record<string, unknown>>;
}

/** A manifest of these blocks as bytes. */
export function manifestOf(blocks: readonly Block[], {header = {writer: 'dirsync test'}, closing = {}}: Facts = {}): Buffer {
  const devices = new Devices();
  const paths = new BlockPaths();
  const pieces: Uint8Array[] = [];
  const writer = new ManifestWriter(header, (bytes) => pieces.push(bytes));
  for (const block of blocks) writer.add(encodeFrame(block, devices), paths.next(block));
  writer.finish(closing, devices.numbers);
  return Buffer.concat(pieces);
}

export function accessTo(bytes: Buffer): RandomAccess {
  return {size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length)};
}

export function openBytes(bytes: Buffer, section?: Section): Manifest {
  return openManifest(accessTo(bytes), section);
}

/** Reads everything that a manifest has. */
export function readAll(bytes: Buffer): Block[] {
  return [...openBytes(bytes).blocks()];
}

/** The columns that are in use, for a comparison. */
export function usedColumns(block: Block): Record<string, unknown> {
  const {count, text, others: _, ...columns} = block;
  const used = Object.entries(columns).map(([name, column]) => [name, column?.slice(0, name === 'digests' ? 32 * count : count)]);
  return {count, ...Object.fromEntries(used), text: text.slice(0, block.end[count - 1])};
}

/** The paths of all rows of block k. */
export function pathsIn(blocks: readonly Block[], k: number): string[] {
  const names: string[] = [];
  const found: string[] = [];
  for (const [at, block] of blocks.entries()) {
    for (let i = 0; i < block.count; i++) {
      const depth = block.depth[i] as number;
      names.length = Math.max(0, depth - 1);
      if (depth > 0) names.push(nameAt(block, i));
      if (at === k) found.push(names.join('/'));
    }
  }
  return found;
}

/** A changed frame with a new checksum. */
export function seal(frame: Buffer): Buffer {
  blake3(frame.subarray(16)).copy(frame, 0, 0, 16);
  return frame;
}

export const HEADER: ManifestHeader = {
  id: '20260101T100000000Z-00000a',
  created: '2026-01-01T10:00:00.000Z',
  writer: 'dirsync test',
  root: {path: '/s\udcff', identity: {inode: 2n ** 63n, birthtime: -1n}},
  options: {
    filters: ['*.tmp'],
    excludeCaches: true,
    excludeIfPresent: ['.nobackup'],
    oneFileSystem: true,
    linksAs: 'text',
    digest: true,
    read: {xattrs: ['user'], acls: true},
  },
  fileSystem: {
    type: 'vfat',
    madeUp: ['owner'],
    resolution: 2_000_000_000n,
    range: {},
    supports: {xattrs: ['user', 'trusted'], acls: false},
    largestFile: 2 ** 32 - 1,
    folding: {keepsCase: true, keepsAccents: false},
  },
};

export const FACTS: ManifestFacts = {
  totals: {entries: 3, leaves: 2, bytes: 12, digest: 'ab'.repeat(32)},
  owners: {users: {root: 0}, groups: {'a\udcff': 7}},
  rules: [['b' as RelPath, '*.log\n']],
  tagged: [['c' as RelPath, '.nobackup']],
  isCut: true,
  problems: [problem({path: 'd' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'})],
  unlisted: 4,
  warnings: ['x'],
};
