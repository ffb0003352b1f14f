import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, planned, startDirsync, withoutChange} from '../support/cli.js';
import {needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {file, readTree} from '../support/tree.js';

const KB = 1000;
/** Takes a quarter of an hour at the rate with which it is copied. */
const LONG = 'x'.repeat(1000 * KB);

describe('story: --rate', () => {
  const temp = tempDirs();

  it('moves pieces that take a part of a second, of files large and small, and copies all of them', function () {
    needStrace(this);
    const mtime = 1_500_000_000_000_000_000n;
    const sizes = [0, 1, 100, 5000, 50 * KB, 250 * KB];
    const tree = Object.fromEntries(sizes.map((size) => [`f${size}`, file('y'.repeat(size), {mtime})]));
    const {root, source, target} = pairIn(temp(), tree, {f5000: file('z'.repeat(5000), {mtime})});
    const log = path.join(root, 'log');
    const under = ['strace', '-f', '-qq', '--seccomp-bpf', '-e', 'trace=copy_file_range,read', '-o', log];
    const args = [source, target, '--checksum', '--rate', '1MB/s'];
    expect(dirsync(['apply', ...args, '--yes'], {under})).to.deep.include({code: 0});
    expect(readTree(target)).to.deep.equal(readTree(source));
    const asked = [...fs.readFileSync(log, 'utf8').matchAll(/copy_file_range\(.* (\d+), 0\) += \d+/g)].map(([, size]) =>
      Number(size),
    );
    expect(asked, 'calls of copy_file_range').to.have.length.above(2);
    expect(Math.max(...asked)).to.equal(122_880);

    expect(planned(args)).to.deep.equal([]);
  });

  for (const backend of ['', 'portable']) {
    const env = {DIRSYNC_PLATFORM: backend};

    it(`a signal ends a copy at once, however slow it is${backend && `: ${backend}`}`, async () => {
      const {source, target} = pairIn(temp(), {a: LONG}, {});
      const running = startDirsync(['apply', source, target, '--yes', '--rate', '1kB/s'], {env});
      const begun = (folder: string): boolean => {
        try {
          const files = fs.readdirSync(folder, {recursive: true, withFileTypes: true}).filter((entry) => entry.isFile());
          return files.some(({parentPath, name}) => fs.readFileSync(path.join(parentPath, name), 'latin1').startsWith('xxx'));
        } catch {
          // It is not there yet, or one of its files has gone.
          return false;
        }
      };
      await running.until(() => begun(path.join(target, '.dirsync')));
      expect(await running.kill('SIGINT')).to.deep.include({code: 130});
      expect(Object.keys(readTree(target))).to.deep.equal(['.']);
    });

    it(`a signal ends a comparison of content at once${backend && `: ${backend}`}`, async () => {
      const mtime = 1_500_000_000_000_000_000n;
      const {source, target} = pairIn(temp(), {a: file(LONG, {mtime})}, {a: file(LONG, {mtime})});
      const running = startDirsync(['plan', source, target, '--checksum', '--rate', '1kB/s', '--events'], {env});
      await running.says('plan-started');
      expect(await running.kill('SIGINT')).to.deep.include({code: 130});
    });
  }

  it('--max-duration ends it as well', () => {
    const {source, target} = pairIn(temp(), {a: LONG, b: 'b'}, {});
    const {code} = dirsync(['apply', source, target, '--yes', '--rate', '1kB/s', '--max-duration', '1s']);
    expect(code).to.equal(3);
    expect(readTree(target)).not.to.include.keys('a');
  });

  it('may be given with a saved plan, of which it is no part', () => {
    const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
    const plan = path.join(root, 'plan');
    expect(dirsync(['plan', source, target, '--rate', '1MB', '--out', plan]).code).to.equal(0);
    expect(dirsync(['apply', plan, '--rate', '2MB/s'])).to.deep.include({code: 0});
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a']);
  });

  for (const value of ['1', '50 MB/s', '1MB/h', '', '-1']) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
      const {code, stderr} = withoutChange(root, () => dirsync(['apply', source, target, '--yes', `--rate=${value}`]));
      expect({code}).to.deep.equal({code: 1});
      expect(stderr).to.include(`"${value}" is not a rate`);
    });
  }
});
