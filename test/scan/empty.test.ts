import fs from 'node:fs';
import {expect} from 'chai';
import {type Block, CODE} from '../../src/core/block.js';
import {toByteName} from '../../src/core/name.js';
import {emptyScan, NO_SCAN} from '../../src/scan/empty.js';
import type {Scan} from '../../src/scan/scan.js';
import {tempDirs} from '../support/temp.js';

describe('scan/empty', () => {
  const temp = tempDirs();

  async function blocksOf({blocks}: Scan): Promise<Block[]> {
    const all: Block[] = [];
    for await (const block of blocks) all.push(block);
    return all;
  }

  it('of a source that is gone: a folder like the root of the target, with nothing in it', async () => {
    const folder = temp();
    fs.chmodSync(folder, 0o750);
    fs.writeFileSync(`${folder}/a`, '');
    const scan = emptyScan(toByteName(folder), undefined);
    const [block, ...more] = await blocksOf(scan);
    expect(more).to.deep.equal([]);
    expect(block?.count).to.equal(1);
    expect([block?.code[0], block?.mode[0], block?.flags[0]]).to.deep.equal([CODE.directory, 0o750, 0]);
    expect(scan.problems).to.deep.equal([]);
    expect((await scan.answer).totals).to.deep.equal({entries: 0, leaves: 0, bytes: 0, digest: ''});
  });

  it('of a source that cannot be opened: its content is unknown, and a problem says why', async () => {
    const scan = emptyScan(toByteName(temp()), 'EACCES');
    const [block] = await blocksOf(scan);
    expect(block?.flags[0]).not.to.equal(0);
    expect(scan.problems.map(({path, side, code}) => ({path, side, code}))).to.deep.equal([
      {path: '', side: 'source', code: 'EACCES'},
    ]);
  });

  it('of a target that does not exist yet: nothing at all', async () => {
    expect(await blocksOf(NO_SCAN)).to.deep.equal([]);
    expect(NO_SCAN.problems).to.deep.equal([]);
  });
});
