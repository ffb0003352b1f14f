/** Sizes, times, depths and attributes at and beyond what a number, or a line of a plan, can hold: each is the problem of one path. */
import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {emptyStat} from '../../src/core/block.js';
import {type ByteName, toByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import {dirsync, pairIn, planDocument, planned} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {readTree} from '../support/tree.js';

const PEBI = 2 ** 50;
const PORTABLE = process.env.DIRSYNC_PLATFORM === 'portable';

describe('story: extremes', () => {
  const temp = tempDirs();

  describe('sizes and times that a number does not hold exactly', () => {
    /** In memory: other file systems have no room for such sizes and times. */
    const IN_MEMORY = '/dev/shm';
    const made: string[] = [];

    before(function () {
      const tried = spawnSync('sh', [
        '-c',
        `f=$(mktemp -p ${IN_MEMORY}) && truncate -s 9223372036854775807 $f; s=$?; rm -f $f; exit $s`,
      ]);
      if (tried.status !== 0) skip(this, `${IN_MEMORY} does not take files of 2^63 - 1 bytes`);
    });

    afterEach(() => {
      for (const folder of made.splice(0)) fs.rmSync(folder, {recursive: true});
    });

    function pair() {
      const root = fs.mkdtempSync(`${IN_MEMORY}/dirsync-test-`);
      made.push(root);
      return pairIn(root, {a: 'a', z: 'z'}, {});
    }

    /** `size` in decimal: a number would not do. */
    const sparse = (file: string, size: string) => execFileSync('truncate', ['-s', size, file]);
    const names = (folder: string) => fs.readdirSync(folder).filter((name) => name !== '.dirsync');
    const told = (source: string, target: string) =>
      planDocument([source, target]).problems.map(({code, path, side}) => `${code} ${path} ${side}`);

    for (const size of ['9223372036854775807', '9007199254740992']) {
      it(`a file of ${size} bytes is told, and the rest is done`, () => {
        const {source, target} = pair();
        sparse(path.join(source, 'big'), size);
        expect(told(source, target)).to.deep.equal(['EOVERFLOW big source']);
        const {code, stdout} = dirsync(['run', source, target]);
        expect(code).to.equal(3);
        expect(stdout).to.match(
          /! EOVERFLOW +big \(source\): the file is too large for dirsync to count its bytes exactly \(8 PiB\)/,
        );
        expect(names(target)).to.deep.equal(['a', 'z']);
      });
    }

    it('where the target has one under that name it stays, be it the larger or the smaller one', () => {
      const {source, target} = pair();
      sparse(path.join(source, 'grown'), '9007199254740992');
      fs.writeFileSync(path.join(source, 'shrunk'), 'now');
      fs.writeFileSync(path.join(target, 'grown'), 'old');
      for (const name of ['shrunk', 'gone']) sparse(path.join(target, name), '9223372036854775807');
      expect(dirsync(['run', source, target, '--allow', 'too-many-deletes']).code).to.equal(3);
      expect(fs.readFileSync(path.join(target, 'grown'), 'utf8')).to.equal('old');
      expect(names(target)).to.deep.equal(['a', 'gone', 'grown', 'shrunk', 'z']);
      expect(told(source, target)).to.have.members([
        'EOVERFLOW grown source',
        'EOVERFLOW shrunk target',
        'EOVERFLOW gone target',
      ]);
    });

    it('what a killed run left in staging is swept, however large', () => {
      const {source, target} = pair();
      const left = path.join(target, '.dirsync/tmp/20260101T000000000Z-abcdef/worker-0');
      fs.mkdirSync(left, {recursive: true});
      sparse(path.join(left, '7'), '9223372036854775807');
      expect(dirsync(['run', source, target]).code).to.equal(0);
      expect(fs.existsSync(path.join(target, '.dirsync/tmp'))).to.equal(false);
    });

    it('sums of large files are written as whole numbers, which plan, history and metrics can read again', function () {
      if (PORTABLE) skip(this, 'this backend would write holes as zeros');
      const {root, source, target} = pair();
      for (const name of ['big1', 'big2', 'big3']) sparse(path.join(source, name), String(5 * PEBI));
      const [file, metrics] = [path.join(root, 'big.plan'), path.join(root, 'm.prom')];
      expect(dirsync(['plan', source, target, '--out', file]).code).to.equal(0);
      const plan = JSON.parse(dirsync(['show', file, '--json']).stdout);
      expect(plan.summary.bytes).to.equal(Number.MAX_SAFE_INTEGER);
      expect(dirsync(['apply', file, '--yes']).code).to.equal(0);
      expect(fs.statSync(path.join(target, 'big3')).size).to.equal(5 * PEBI);
      const [run] = JSON.parse(dirsync(['history', target, '--json']).stdout).runs;
      expect([run.header.bytes, run.end.bytes, run.kinds.create.bytes]).to.deep.equal(Array(3).fill(Number.MAX_SAFE_INTEGER));
      for (const name of ['big1', 'big2', 'big3']) fs.rmSync(path.join(source, name));
      expect(dirsync(['run', source, target, '--metrics', metrics, '--allow', 'too-many-deletes']).code).to.equal(0);
      expect(fs.readFileSync(metrics, 'utf8')).to.match(/^dirsync_last_run_planned_bytes.*kind="delete".* 9007199254740991$/m);
    });

    for (const seconds of [
      '9223372036854775807',
      '-9223372036854775808',
      '9007199254740993',
      '-9007199254740993',
      '4611686018427387905',
    ]) {
      it(`a file and a folder of ${seconds} seconds after 1970 are copied, as is a plan of them, and then are equal`, () => {
        const {root, source, target} = pair();
        for (const name of ['m', 'n']) fs.writeFileSync(path.join(source, name), 'text');
        fs.mkdirSync(path.join(source, 'folder'));
        execFileSync('touch', ['-h', '-d', `@${seconds}`, ...['m', 'folder'].map((name) => path.join(source, name))]);
        const file = path.join(root, 'times.plan');
        expect(dirsync(['plan', source, target, '--out', file]).code).to.equal(0);
        expect(dirsync(['apply', file, '--yes'])).to.include({code: 0});
        expect(fs.readFileSync(path.join(target, 'm'), 'utf8')).to.equal('text');
        expect(planned([source, target])).to.deep.equal([]);
        fs.writeFileSync(path.join(source, 'n'), 'more text');
        expect(dirsync(['run', source, target]).code, 'also as a fresh plan').to.equal(0);
        expect(planned([source, target])).to.deep.equal([]);
      });
    }
  });

  describe('folders in folders', () => {
    /** Folders of this name in one another, below one that is there; `rm` can remove them, node:fs cannot. */
    function nest(folder: string, name: string, depth: number): void {
      let open = platform().openRoot(toByteName(folder));
      for (let i = 0; i < depth; i++) {
        platform().makeFolder(open, name as ByteName, 0o755);
        const next = platform().openFolder(open, name as ByteName);
        platform().close(open);
        open = next;
      }
      platform().close(open);
    }

    function depthOf(folder: string, name: string): number {
      let open = platform().openRoot(toByteName(folder));
      for (let depth = 0; ; depth++) {
        const isThere = platform().stat(open, name as ByteName, emptyStat());
        const next = isThere ? platform().openFolder(open, name as ByteName) : undefined;
        platform().close(open);
        if (next === undefined) return depth;
        open = next;
      }
    }

    before(function () {
      if (PORTABLE) skip(this, 'paths of this backend end at 4096 bytes');
    });

    const CASES = [
      {title: 'over 2048 deep', name: 'd', depth: 2100, reached: 2049},
      {title: 'whose paths are over 32 KiB', name: 'd'.repeat(250), depth: 140, reached: 131},
    ];
    for (const {title, name, depth, reached} of CASES) {
      it(`${title}: the first that is not read is told, and a plan of the rest can be read`, () => {
        const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
        const file = path.join(root, 'deep.plan');
        try {
          nest(source, name, depth);
          expect(dirsync(['plan', source, target, '--out', file]).code).to.equal(0);
        } finally {
          execFileSync('rm', ['-rf', path.join(source, name)]);
        }
        const {code, stdout} = dirsync(['show', file, '--json']);
        const {actions, problems} = JSON.parse(stdout);
        expect(code).to.equal(0);
        expect(problems).to.have.length(1);
        expect(problems[0]).to.include({code: 'TOO_DEEP', side: 'source'});
        expect(problems[0].path.split('/')).to.have.length(reached);
        expect(actions.filter((action: {kind: string}) => action.kind === 'mkdir')).to.have.length(reached);
      });
    }

    it('what the target has below the deepest is kept', () => {
      const {source, target} = pairIn(temp(), {a: 'a'}, {a: 'a'});
      const name = 'd'.repeat(250);
      try {
        nest(source, name, 131);
        nest(target, name, 140);
        expect(dirsync(['run', source, target]).code).to.equal(3);
        expect(depthOf(target, name)).to.equal(140);
      } finally {
        for (const root of [source, target]) execFileSync('rm', ['-rf', path.join(root, name)]);
      }
    });
  });

  it('a file with more extended attributes than a line of a plan takes is told, and stays as it is in the target', function () {
    if (PORTABLE) skip(this, 'this backend reads no extended attributes');
    const {root, source, target} = pairIn(temp(), {a: 'a', many: 'new'}, {many: 'old'});
    const script = `import os,sys\nfor i in range(250): os.setxattr(sys.argv[1], "trusted.%0230d" % i, b"")`;
    const file = path.join('/dev/shm', `dirsync-test-${process.pid}`);
    fs.mkdirSync(file);
    try {
      fs.cpSync(source, path.join(file, 'source'), {recursive: true});
      if (spawnSync('python3', ['-c', script, path.join(file, 'source/many')]).status !== 0)
        skip(this, 'so many extended attributes cannot be set in /dev/shm');
      const plan = path.join(root, 'xattrs.plan');
      const args = [path.join(file, 'source'), target];
      expect(planDocument(args).problems.map(({code, path}) => `${code} ${path}`)).to.deep.equal(['E2BIG many']);
      expect(dirsync(['plan', ...args, '--out', plan]).code).to.equal(0);
      expect(dirsync(['apply', plan, '--yes']).code).to.equal(3);
      expect(Object.keys(readTree(target)).filter((at) => !at.startsWith('.dirsync'))).to.deep.equal(['.', 'a', 'many']);
      expect(fs.readFileSync(path.join(target, 'many'), 'utf8')).to.equal('old');
    } finally {
      fs.rmSync(file, {recursive: true});
    }
  });
});
