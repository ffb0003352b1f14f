import {expect} from 'chai';
import {type Block, CODE, emptyStat} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import type {ByteName} from '../../src/core/name.js';
import {TreeDigest} from '../../src/scan/tree-digest.js';

interface Row {
  readonly name: string;
  readonly size?: number;
  readonly xattrs?: string;
  readonly inode?: number;
}

const ROWS: readonly Row[] = [{name: ''}, {name: 'a', size: 1}, {name: 'b', xattrs: 'user.x\0eA==\0'}, {name: 'c'}];

/** A digest of rows, in blocks of at most `most` rows. */
function digestOf(rows: readonly Row[], most: number): string {
  const digest = new TreeDigest();
  const writer = new BlockWriter((block: Block) => digest.add(block));
  rows.forEach(({name, size = 0, xattrs = '', inode = 1}, i) => {
    if (i % most === 0) writer.finish();
    writer.append(i === 0 ? 0 : 1, name as ByteName, {...emptyStat(), code: CODE.file, size, inodeLow: inode});
    writer.amend(0, '', xattrs);
  });
  writer.finish();
  return digest.value();
}

describe('scan/tree-digest', () => {
  it('does not depend on where blocks end', () => {
    expect([1, 2, 3].map((most) => digestOf(ROWS, most))).to.deep.equal(new Array(3).fill(digestOf(ROWS, 4)));
  });

  it('depends on names, sizes and attributes, but not on inodes', () => {
    const others = [
      {name: 'a', size: 2},
      {name: 'd', size: 1},
      {name: 'a', size: 1, xattrs: 'user.x\0eA==\0'},
    ];
    const digests = others.map((other) => digestOf([ROWS[0] as Row, other, ...ROWS.slice(2)], 4));
    expect(new Set([digestOf(ROWS, 4), ...digests]).size).to.equal(4);
    expect(
      digestOf(
        ROWS.map((row) => ({...row, inode: 2})),
        4,
      ),
    ).to.equal(digestOf(ROWS, 4));
  });

  it('shows in which of two neighbours a text is', () => {
    const [one, two] = [
      [{name: 'ab'}, {name: 'c'}],
      [{name: 'a'}, {name: 'bc'}],
    ];
    expect(digestOf(one, 2)).to.not.equal(digestOf(two, 2));
  });
});
