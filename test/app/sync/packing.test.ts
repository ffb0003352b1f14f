import {expect} from 'chai';
import {packing} from '../../../src/app/sync/packing.js';
import {type Block, entryAt, nameAt} from '../../../src/core/block.js';
import {blocksOf} from '../../support/streams.js';
import {file, symlink} from '../../support/tree.js';

describe('app/sync/packing', () => {
  it('gives back the same rows, and takes less memory', () => {
    const files = Array.from({length: 1000}, (_, i) => [`file ${i}`, file('x'.repeat(i), {mtime: BigInt(i)})] as const);
    const [block] = blocksOf({...Object.fromEntries(files), link: symlink('file 1'), 'caf\u00e9': ''}) as [Block];
    const packed = packing.pack(block) as Buffer;
    const unpacked = packing.unpack(packed);
    const rows = (of: Block) => Array.from({length: of.count}, (_, i) => [nameAt(of, i), entryAt(of, i), of.inode[i]]);
    expect(rows(unpacked)).to.deep.equal(rows(block));
    expect(packed.length).to.be.below(40 * block.count);
  });
});
