import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {OpenedFolders} from '../../src/apply/opened.js';
import type {Action} from '../../src/core/action.js';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {platform} from '../../src/platform/choose.js';
import {Cursor} from '../../src/platform/cursor.js';
import type {Folder} from '../../src/platform/platform.js';
import {sweepStaging} from '../../src/state/staging.js';
import type {Opened} from '../../src/state/traces.js';
import {handOver} from '../support/cli.js';
import {folder} from '../support/plan.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, type Tree, writeTree} from '../support/tree.js';
import {asNobody} from '../support/user.js';

const RUN = '20260101T000000000Z-000000';

describe('apply/opened', () => {
  const temp = tempDirs();
  const open: Folder[] = [];
  afterEach(() => {
    for (const each of open.splice(0)) platform().close(each);
  });

  const rootOf = (at: string) => {
    const root = platform().openRoot(toByteName(at));
    open.push(root);
    return root;
  };
  function target(tree: Tree) {
    const at = temp();
    writeTree(at, tree);
    const root = rootOf(at);
    const log: Opened[] = [];
    const modeOf = (name: string) => fs.statSync(path.join(at, name)).mode & 0o7777;
    return {at, root, log, opened: new OpenedFolders(platform(), root, log), modeOf};
  }
  const settled = (at: string, mode: number): Action => ({
    kind: 'attrs',
    path: at as RelPath,
    reasons: ['mode'],
    before: folder(),
    after: folder({mode}),
  });
  const add = (opened: OpenedFolders, modes: Record<string, number>) => {
    for (const [at, mode] of Object.entries(modes)) opened.add(at as RelPath, mode);
  };

  it('the first mode counts, because later ones are those of an opened folder', () => {
    const {opened, log} = target({a: {}});
    add(opened, {a: 0o500});
    add(opened, {a: 0o700});
    expect([...opened.modes]).to.deep.equal([['a', 0o500]]);
    expect(log).to.deep.equal([{path: 'a', mode: 0o500}]);
  });

  describe('in the end', () => {
    it('each gets its old mode back, inner folders first', () => {
      const {opened, modeOf} = target({a: dir({b: dir({}, {mode: 0o700})}, {mode: 0o755})});
      add(opened, {a: 0o555, 'a/b': 0o400});
      expect(opened.close([])).to.deep.equal([]);
      expect([modeOf('a'), modeOf('a/b')]).to.deep.equal([0o555, 0o400]);
      expect(opened.modes.size, 'once is enough').to.equal(0);
    });

    it('also by who has no other right than to own them', () => {
      const {at, opened, modeOf} = target({a: dir({b: dir({}, {mode: 0o700})}, {mode: 0o700})});
      handOver(at);
      add(opened, {a: 0o400, 'a/b': 0o400});
      expect(asNobody(() => opened.close([]))).to.deep.equal([]);
      expect([modeOf('a'), modeOf('a/b')]).to.deep.equal([0o400, 0o400]);
    });

    it('or the one that it was to have', () => {
      const {opened, modeOf} = target({a: dir({}, {mode: 0o755}), b: dir({}, {mode: 0o755})});
      add(opened, {a: 0o555, b: 0o555});
      opened.close([settled('a', 0o511)]);
      expect([modeOf('a'), modeOf('b')]).to.deep.equal([0o511, 0o555]);
    });

    it('stays open where the source has it open as well, unless that was settled otherwise', () => {
      const {opened, modeOf} = target({a: dir({}, {mode: 0o755}), b: dir({}, {mode: 0o755}), c: dir({}, {mode: 0o755})});
      const from = temp();
      writeTree(from, {a: dir({}, {mode: 0o755}), b: dir({}, {mode: 0o500}), c: dir({}, {mode: 0o755})});
      add(opened, {a: 0o555, b: 0o555, c: 0o555});
      const source = new Cursor(platform(), rootOf(from));
      opened.close([settled('c', 0o511)], source);
      source.reset();
      expect([modeOf('a'), modeOf('b'), modeOf('c')]).to.deep.equal([0o755, 0o555, 0o511]);
    });

    it('what somebody else has changed meanwhile is left as it is', () => {
      const {at, opened, modeOf} = target({a: dir({}, {mode: 0o711}), b: 'x', c: {}});
      fs.rmdirSync(path.join(at, 'c'));
      add(opened, {a: 0o555, b: 0o444, c: 0o555});
      expect(opened.close([])).to.deep.equal([]);
      expect([modeOf('a'), modeOf('b')]).to.deep.equal([0o711, 0o644]);
    });

    it('one that cannot be closed is a problem, and the others are closed', () => {
      const {root, log, modeOf} = target({a: dir({}, {mode: 0o755}), b: dir({}, {mode: 0o755})});
      const refusing = new Proxy(platform(), {
        get(of, key) {
          const value = Reflect.get(of, key);
          if (typeof value !== 'function') return value;
          if (key !== 'setAttributes') return value.bind(of);
          return (...args: Parameters<typeof of.setAttributes>) => {
            if (args[1] === 'a') throw Object.assign(new Error('x'), {code: 'EROFS', syscall: 'chmod'});
            of.setAttributes(...args);
          };
        },
      });
      const opened = new OpenedFolders(refusing, root, log);
      add(opened, {a: 0o555, b: 0o555});
      expect(opened.close([]).map(({path, phase, code}) => `${path} ${phase} ${code}`)).to.deep.equal(['a attrs EROFS']);
      expect(modeOf('b')).to.equal(0o555);
    });
  });

  it('those of a killed run are known to the next, with the modes that they had', () => {
    const {root, opened} = target({a: dir({}, {mode: 0o755})});
    add(opened, {a: 0o555});
    opened.note(RUN);
    const log: Opened[] = [];
    expect([...new OpenedFolders(platform(), root, log).modes]).to.deep.equal([['a', 0o555]]);
    expect(log).to.deep.equal([{path: 'a', mode: 0o555}]);
    sweepStaging(platform(), root);
    expect(new OpenedFolders(platform(), root, []).modes.size).to.equal(0);
  });

  it('nothing is noted where nothing is open', () => {
    const {at, opened} = target({});
    opened.note(RUN);
    expect(fs.readdirSync(at)).to.deep.equal([]);
  });

  describe('the root', () => {
    it('is opened by its owner where it is closed, and closed again', () => {
      const {at, opened, modeOf} = target({});
      fs.chmodSync(at, 0o555);
      expect(opened.openRoot()).to.equal(true);
      expect(modeOf('')).to.equal(0o755);
      expect([...opened.modes]).to.deep.equal([['', 0o555]]);
      opened.close([]);
      expect(modeOf('')).to.equal(0o555);
    });

    it('is left alone if it is already open, or belongs to another user', function () {
      const {at, opened, modeOf} = target({});
      fs.chmodSync(at, 0o755);
      expect(opened.openRoot()).to.equal(false);
      if (process.geteuid?.() !== 0) skip(this, 'only root may give a folder away');
      fs.chownSync(at, 65_534, 65_534);
      fs.chmodSync(at, 0o555);
      expect(opened.openRoot()).to.equal(false);
      expect(modeOf('')).to.equal(0o555);
    });
  });
});
