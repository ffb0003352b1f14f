import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {checkLogPlace, ownFiles, ownInTrees} from '../../../src/app/sync/own-files.js';
import type {LogSettings} from '../../../src/core/log.js';
import type {RelPath} from '../../../src/core/path.js';
import {FilterScope} from '../../../src/scan/filter.js';
import {refusal} from '../../support/refusal.js';
import {settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

const logAt = (file: string): LogSettings => ({file, format: 'text', level: 'info', maxSize: 1, maxAge: undefined, maxFiles: 1});

describe('app/sync/own-files', () => {
  const temp = tempDirs();

  describe('where a log can be', () => {
    it('is a folder that is there, whether the file is or not', () => {
      const root = temp();
      checkLogPlace(undefined);
      checkLogPlace(logAt(path.join(root, 'log')));
      fs.writeFileSync(path.join(root, 'log'), '');
      checkLogPlace(logAt(path.join(root, 'log')));
    });

    it('also /dev/null, which is no file', () => checkLogPlace(logAt('/dev/null')));

    const refused: Record<string, (root: string) => string> = {
      'a folder': (root) => root,
      'in a folder that is not there': (root) => path.join(root, 'none', 'log'),
      'in a file': (root) => path.join(root, 'file', 'log'),
      'in a device': () => '/dev/null/log',
      'below a file': (root) => path.join(root, 'file', 'deep', 'log'),
      'in a folder that a symlink does not lead to': (root) => path.join(root, 'dangling', 'log'),
    };
    for (const [title, at] of Object.entries(refused)) {
      it(`is not ${title}`, async () => {
        const root = temp();
        fs.writeFileSync(path.join(root, 'file'), '');
        fs.symlinkSync('nowhere', path.join(root, 'dangling'));
        const error = await refusal(() => checkLogPlace(logAt(at(root))));
        expect(error.code).to.equal('LOG_UNWRITABLE');
        expect(error.hint).to.be.a('string');
      });
    }
  });

  it('tells where they are, symlinks followed, whether they are there or not', () => {
    const root = temp();
    fs.mkdirSync(path.join(root, 'real'));
    fs.symlinkSync('real', path.join(root, 'link'));
    const at = (...names: string[]) => path.join(root, ...names);
    expect(ownFiles({log: logAt(at('link', 'log')), metrics: at('link', 'm.prom')})).to.deep.equal([
      at('real', 'log'),
      at('real', 'm.prom'),
    ]);
    expect(ownFiles({log: logAt(at('none', 'log')), metrics: undefined})).to.deep.equal([at('none', 'log')]);
    expect(ownFiles({log: undefined, metrics: undefined})).to.deep.equal([]);
  });

  describe('in the trees', () => {
    const ownIn = (files: {log?: string; metrics?: string}, trees: {source: string; target: string}) =>
      ownInTrees(
        settings(trees.source, trees.target, {
          log: files.log === undefined ? undefined : logAt(files.log),
          metrics: files.metrics,
        }),
        trees,
      );
    const leftOut = ({patterns}: {patterns: readonly string[]}, names: readonly string[]) => {
      const scope = FilterScope.root(patterns);
      return names.filter((name) => scope.excludes(name as RelPath, false));
    };

    it('a log is left out with what it is rotated to, and nothing else', () => {
      const root = temp();
      const trees = {source: path.join(root, 'source'), target: path.join(root, 'target')};
      const own = ownIn({log: path.join(trees.source, 'x.log')}, trees);
      const names = ['x.log', 'x.log.1', 'x.log.12', 'x.log.lock', 'x.log.old', 'x.logs', 'a/x.log', 'ax.log'];
      expect(leftOut(own, names)).to.deep.equal(['x.log', 'x.log.1', 'x.log.12', 'x.log.lock']);
      expect(own.warnings).to.have.length(1);
      expect(own.warnings[0]).to.include('the log ').and.include('in the source');
    });

    it('a name with letters of patterns is that name alone', () => {
      const root = temp();
      fs.mkdirSync(path.join(root, 'target'));
      const trees = {source: path.join(root, 'source'), target: path.join(root, 'target')};
      const own = ownIn({metrics: path.join(trees.target, '[a]*!.prom')}, trees);
      expect(leftOut(own, ['[a]*!.prom', '[a]*!.prom.77.tmp', 'a!.prom', '[a]b!.prom'])).to.deep.equal([
        '[a]*!.prom',
        '[a]*!.prom.77.tmp',
      ]);
    });

    it('of a folder for metrics, only the files of dirsync', () => {
      const root = temp();
      const trees = {source: path.join(root, 'source'), target: path.join(root, 'target')};
      fs.mkdirSync(path.join(trees.source, 'metrics'), {recursive: true});
      for (const [metrics, under] of [
        [path.join(trees.source, 'metrics'), 'metrics/'],
        [trees.source, ''],
      ] as const) {
        const names = [`${under}dirsync-a.prom`, `${under}dirsync-a.prom.1.tmp`, `${under}other.prom`, 'x/dirsync-a.prom'];
        expect(leftOut(ownIn({metrics}, trees), names)).to.deep.equal(names.slice(0, 2));
      }
    });

    it('both where a symlink lies and where it leads to', () => {
      const root = temp();
      const trees = {source: path.join(root, 'source'), target: path.join(root, 'target')};
      for (const folder of Object.values(trees)) fs.mkdirSync(folder);
      fs.writeFileSync(path.join(trees.target, 'real.log'), '');
      fs.symlinkSync(path.join(trees.target, 'real.log'), path.join(trees.source, 'link.log'));
      const own = ownIn({log: path.join(trees.source, 'link.log')}, trees);
      expect(leftOut(own, ['link.log', 'real.log', 'other.log'])).to.deep.equal(['link.log', 'real.log']);
      expect(own.warnings).to.have.length(2);
    });

    it('nothing where they lie beside them, or are no files', () => {
      const root = temp();
      const trees = {source: path.join(root, 'source'), target: path.join(root, 'target')};
      const beside = [path.join(root, 'x.log'), path.join(root, 'source.log'), '/dev/null'];
      for (const log of beside)
        expect(ownIn({log}, {...trees, target: log === '/dev/null' ? '/' : trees.target})).to.deep.equal({
          patterns: [],
          warnings: [],
        });
    });

    it('a name that begins with two dots is in the tree', () => {
      const root = temp();
      const trees = {source: path.join(root, 'source'), target: path.join(root, 'target')};
      fs.mkdirSync(trees.source);
      expect(leftOut(ownIn({log: path.join(trees.source, '..log')}, trees), ['..log'])).to.deep.equal(['..log']);
    });
  });
});
