import {expect} from 'chai';
import fc from 'fast-check';
import type {Block} from '../../src/core/block.js';
import {BlockPaths} from '../../src/core/block-paths.js';
import type {RelPath} from '../../src/core/path.js';
import {pathsIn} from '../support/manifest.js';
import {blocksOf} from '../support/streams.js';
import {arbitraryTree, dir} from '../support/tree.js';

describe('core/block-paths', () => {
  it('law: follows the paths of first and last rows', () => {
    fc.assert(
      fc.property(arbitraryTree, fc.constantFrom(1, 2, 3, 7, 1000), (tree, rows) => {
        const blocks = blocksOf(tree, rows);
        const paths = new BlockPaths();
        for (const [k, block] of blocks.entries()) {
          const expected = pathsIn(blocks, k);
          expect(paths.next(block)).to.equal(expected[0]);
          expect(paths.last).to.equal(expected.at(-1));
        }
      }),
    );
  });
  it('starts in a folder', () => {
    const [, block] = blocksOf({a: dir({b: dir({c: 'x'})})}, 3) as [Block, Block];
    const paths = new BlockPaths('a/b' as RelPath);
    expect([paths.next(block), paths.last]).to.deep.equal(['a/b/c', 'a/b/c']);
  });
});
