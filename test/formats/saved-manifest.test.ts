import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type Block, emptyStat} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import {DirsyncError} from '../../src/core/errors.js';
import type {RelPath} from '../../src/core/path.js';
import {isManifestFile, openManifestFile, writeManifestFile} from '../../src/formats/saved-manifest.js';
import {FACTS, HEADER, manifestOf, usedColumns} from '../support/manifest.js';
import {blocksOf, streamOf} from '../support/streams.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, type Tree} from '../support/tree.js';

const TREE: Tree = {a: 'x', b: dir({'c\udcff': file('y'), d: dir({e: 'z'})}), f: 'w'};

describe('formats/saved-manifest', () => {
  const temp = tempDirs();
  const write = (at: string, blocks: readonly Block[]) =>
    writeManifestFile(at, {header: HEADER, blocks: streamOf(blocks), facts: async () => FACTS});

  const refusal = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      expect(error).to.be.instanceOf(DirsyncError);
      return (error as DirsyncError).code;
    }
    return 'nothing';
  };

  it('gives back header, facts, blocks and single rows', async () => {
    const at = path.join(temp(), 'm\u00e9');
    const blocks = blocksOf(TREE, 2);
    const {checksum, facts} = await write(at, blocks);
    const saved = openManifestFile(at);
    expect([saved.header, saved.facts, facts, saved.checksum]).to.deep.equal([HEADER, FACTS, FACTS, checksum]);
    expect([...saved.blocks()].map(usedColumns)).to.deep.equal(blocks.map(usedColumns));
    const sizes = ['', 'f', 'a', 'b', 'b/c\udcff', 'b/d/e', 'b/x', 'g'].map((name) => {
      const row = saved.rowAt(name as RelPath);
      return row?.block.size[row.index];
    });
    expect(sizes).to.deep.equal([0, 1, 1, 0, 1, 1, undefined, undefined]);
    saved.close();
    expect(isManifestFile(at)).to.equal(true);
    expect(fs.statSync(at).mode & 0o777).to.equal(0o600);
  });

  it('says what is wrong with a file', async () => {
    const root = temp();
    const at = (name: string) => path.join(root, name);
    await write(at('good'), blocksOf(TREE));
    const good = fs.readFileSync(at('good'));
    const given = (bytes: Uint8Array) => {
      fs.writeFileSync(at('given'), bytes);
      return refusal(() => {
        const saved = openManifestFile(at('given'));
        try {
          for (const _ of saved.blocks());
        } finally {
          saved.close();
        }
      });
    };
    expect(given(good)).to.equal('nothing');
    expect(given(Buffer.alloc(0))).to.equal('MANIFEST_NOT_A_MANIFEST');
    expect(given(Buffer.from('{"dirsync":"plan"}'))).to.equal('MANIFEST_NOT_A_MANIFEST');
    expect(given(good.subarray(0, -1))).to.equal('MANIFEST_DAMAGED');
    const newer = Buffer.from(good);
    newer.writeUInt32LE(7, 8);
    expect(given(newer)).to.equal('MANIFEST_NEWER');
    expect(given(manifestOf(blocksOf(TREE)))).to.equal('MANIFEST_DAMAGED');
    const writer = new BlockWriter((block) => {
      hostile = block;
    });
    let hostile: Block | undefined;
    writer.append(0, '', {...emptyStat(), code: 2});
    writer.append(1, '..', {...emptyStat(), code: 1});
    writer.finish();
    await write(at('hostile'), [hostile as Block]);
    expect(given(fs.readFileSync(at('hostile')))).to.equal('MANIFEST_HOSTILE');
    expect(refusal(() => openManifestFile(at('none')))).to.equal('MANIFEST_UNREADABLE');
    expect(refusal(() => openManifestFile(root))).to.equal('MANIFEST_NOT_A_MANIFEST');
    expect(spawnSync('mkfifo', [at('fifo')]).status).to.equal(0);
    expect(refusal(() => openManifestFile(at('fifo')))).to.equal('MANIFEST_NOT_A_MANIFEST');
    for (const name of ['none', 'fifo', '.']) expect(isManifestFile(at(name)), name).to.equal(false);
  });

  it('writes all or nothing', async () => {
    const root = temp();
    const at = path.join(root, 'm');
    fs.writeFileSync(at, 'old', {mode: 0o640});
    const failing = async function* () {
      yield* blocksOf(TREE);
      throw new Error('stopped');
    };
    const caught = await writeManifestFile(at, {header: HEADER, blocks: failing(), facts: async () => FACTS}).catch(
      (error) => error,
    );
    expect(caught.message).to.equal('stopped');
    expect([fs.readFileSync(at, 'utf8'), fs.readdirSync(root)]).to.deep.equal(['old', ['m']]);
    fs.symlinkSync('m', path.join(root, 'link'));
    await write(path.join(root, 'link'), blocksOf(TREE));
    expect(fs.lstatSync(path.join(root, 'link')).isSymbolicLink()).to.equal(true);
    expect([isManifestFile(at), fs.statSync(at).mode & 0o777]).to.deep.equal([true, 0o640]);
    for (const place of [root, path.join(root, 'none/x')]) {
      expect((await write(place, blocksOf(TREE)).catch((error) => error)).code).to.equal('MANIFEST_UNWRITABLE');
    }
  });
});
