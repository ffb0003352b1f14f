import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, type Tree} from '../support/tree.js';
import {BACKENDS, type OneWorker, workers} from '../support/worker.js';

const OLD = {mtime: 1_500_000_000_000_000_000n};

for (const [name, backend] of Object.entries(BACKENDS)) {
  describe(`apply/rename, ${name}`, () => {
    const start = workers(tempDirs());

    /** What the source has as `a`, and the target as `A`. */
    function given(source: Tree, target: Tree) {
      const worker = start(backend(), {source, target, looksAtNames: true});
      const {before} = worker.plan('delete', 'A');
      const {after} = worker.plan('create', 'a');
      const as = (kind: 'move' | 'update', reasons: Action['reasons']) =>
        ({kind, path: 'a' as RelPath, from: 'A' as RelPath, reasons, before, after}) as Action;
      return {worker, as, names: () => fs.readdirSync(worker.target).filter((each) => each !== '.dirsync')};
    }
    const read = ({target}: OneWorker, at: string) => fs.readFileSync(path.join(target, at), 'utf8');

    it('a file gets its name, and that is all', () => {
      const {worker, as, names} = given({a: 'x'}, {A: 'x'});
      expect(worker.perform('renames', as('move', ['name']))).to.equal('done');
      expect([names(), read(worker, 'a')]).to.deep.equal([['a'], 'x']);
      expect(worker.check(as('move', ['name']))).to.equal('done');
      expect(worker.perform('renames', as('move', ['name'])), 'in another run').to.equal('already-done');
    });

    it('leaves the rest to another wave', () => {
      const metadata = given({a: file('x', {mode: 0o600})}, {A: 'x'});
      expect(metadata.worker.perform('renames', metadata.as('move', ['name', 'mode']))).to.equal('todo');
      expect(metadata.names()).to.deep.equal(['a']);
      const content = given({a: 'new'}, {A: file('x', OLD)});
      expect(content.worker.perform('renames', content.as('update', ['name', 'size']))).to.equal('todo');
      expect([content.names(), read(content.worker, 'a')]).to.deep.equal([['a'], 'x']);
    });

    it('a folder is renamed with its content', () => {
      const {worker, as, names} = given({a: dir({b: 'x'})}, {A: dir({b: 'x', c: 'y'})});
      expect(worker.perform('renames', as('move', ['name']))).to.be.oneOf(['done', 'already-done']);
      expect([names(), read(worker, 'a/c')]).to.deep.equal([['a'], 'y']);
    });

    it('an entry that has changed keeps its name', () => {
      const {worker, as, names} = given({a: 'x'}, {A: 'x'});
      fs.writeFileSync(path.join(worker.target, 'A'), 'of somebody else');
      expect(worker.perform('renames', as('move', ['name']))).to.equal('skipped: drift of the target');
      expect([names(), read(worker, 'A')]).to.deep.equal([['A'], 'of somebody else']);
    });

    it('an entry that already has the new name is not replaced', () => {
      const {worker, as} = given({a: 'x'}, {A: 'x'});
      fs.writeFileSync(path.join(worker.target, 'a'), 'of somebody else');
      expect(worker.perform('renames', as('move', ['name']))).to.match(/^(skipped|failed)/);
      expect([read(worker, 'a'), read(worker, 'A')]).to.deep.equal(['of somebody else', 'x']);
    });

    it('checks the source before it only renames', () => {
      const {worker, as, names} = given({a: 'x'}, {A: 'x'});
      fs.rmSync(path.join(worker.source, 'a'));
      expect(worker.perform('renames', as('move', ['name']))).to.equal('skipped: drift of the source');
      expect(names()).to.deep.equal(['A']);
    });
  });
}
