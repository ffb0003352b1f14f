/** What is written to stdout or stderr does not arrive: a full disk, a reader that has gone. The work is done all the same. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliResult, dirsync, pairIn, startDirsync} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import type {Tree} from '../support/tree.js';

const SOURCE: Tree = Object.fromEntries(Array.from({length: 60}, (_, i) => [`file-with-a-long-name-${i}`, `${i}`]));
const FORMATS = ['text', 'json', 'markdown', 'html', 'github', 'junit'];

/** Commands that start a program with an output that takes nothing. */
const LOSSES = [
  {title: 'on a full disk', under: ['sh', '-c', 'exec "$@" >/dev/full', 'sh'], why: 'no space left on device (ENOSPC)'},
  {title: 'in a pipe that nobody reads', under: ['bash', '-c', 'exec "$@" > >(:)', 'bash'], why: 'broken pipe (EPIPE)'},
];

describe('story: output that cannot be written', () => {
  const temp = tempDirs();
  before(function () {
    needRsync(this);
    if (!fs.existsSync('/dev/full')) skip(this, 'there is no /dev/full');
  });

  function pair() {
    const made = pairIn(temp(), SOURCE, {});
    const plan = path.join(made.root, 'saved.plan');
    expect(dirsync(['plan', made.source, made.target, '--out', plan]).code).to.equal(0);
    return {...made, plan};
  }

  for (const {title, under, why} of LOSSES) {
    const told = `Error: stdout cannot be written: ${why}\n`;
    /** A pipe holds what is written before its reader goes. */
    const isSure = title === 'on a full disk';

    function checkLoss({code, stderr}: CliResult, lossCode: number): void {
      if (!isSure && code === 0) expect(stderr).to.equal('');
      else expect({code, stderr}).to.deep.equal({code: lossCode, stderr: told});
    }

    for (const format of FORMATS) {
      it(`${title}: plan, apply, run and show in ${format}`, () => {
        const {source, target, plan} = pair();
        const flags = ['--format', format];
        checkLoss(dirsync(['plan', source, target, ...flags], {under}), 1);
        checkLoss(dirsync(['show', plan, ...flags], {under}), 1);
        expect(fs.readdirSync(target)).to.deep.equal([]);
        checkLoss(dirsync(['apply', plan, ...flags], {under}), 3);
        expect(rsyncDifference(source, target), 'the work is done').to.deep.equal([]);
        fs.writeFileSync(path.join(source, 'more'), 'more');
        checkLoss(dirsync(['run', source, target, ...flags], {under}), 3);
        expect(rsyncDifference(source, target), 'the work is done').to.deep.equal([]);
      });
    }

    it(`${title}: --events, --help, --version, config, history and explain`, function () {
      this.timeout(120_000);
      const {source, target} = pair();
      checkLoss(dirsync(['apply', source, target, '--yes', '--events'], {under}), 3);
      expect(rsyncDifference(source, target), 'the work is done').to.deep.equal([]);
      const asked = [
        ['plan', source, target, '--events'],
        ['--help'],
        ['plan', '--help'],
        ['help', 'run'],
        ['--version'],
        ['history', target],
        ['explain', 'file-with-a-long-name-1', source, target],
      ];
      for (const args of asked) checkLoss(dirsync(args, {under}), 1);
    });

    it(`${title}: runs on a schedule go on, and tell it once`, async () => {
      const {source, target} = pair();
      const running = startDirsync(['run', source, target, '--every', '1s'], {under});
      await running.until(() => fs.existsSync(path.join(target, 'file-with-a-long-name-0')));
      for (const name of ['second', 'third']) {
        fs.writeFileSync(path.join(source, name), name);
        await running.until(() => fs.existsSync(path.join(target, name)));
      }
      const {code, stderr} = await running.kill('SIGTERM');
      expect({code, stderr}).to.deep.equal({code: 143, stderr: told});
    });
  }

  it('a disk that takes a part of it is told of too', () => {
    const {root, source, target} = pair();
    const file = path.join(root, 'plan.json');
    const under = ['sh', '-c', `ulimit -f 8; exec "$@" >'${file}'`, 'sh'];
    const {code, stderr} = dirsync(['plan', source, target, '--json'], {under});
    expect({code, stderr}).to.deep.equal({code: 1, stderr: 'Error: stdout cannot be written: file too large (EFBIG)\n'});
    expect(fs.statSync(file).size).to.equal(4096);
  });

  it('where stderr is lost, the exit code says so, and text on stdout does', () => {
    const {source, target} = pair();
    const under = ['sh', '-c', 'exec "$@" 2>/dev/full', 'sh'];
    fs.mkdirSync(path.join(source, 'x'));
    const args = ['apply', source, target, '--yes', '-l', '/dev/full'];
    const {code, stdout} = dirsync(args, {under});
    expect(code).to.equal(3);
    expect(stdout).to.include('Stderr cannot be written: no space left on device (ENOSPC)');
    expect(rsyncDifference(source, target), 'the work is done').to.deep.equal([]);
  });

  it('the log holds it', () => {
    const {root, source, target} = pair();
    const log = path.join(root, 'log');
    const [{under} = {under: []}] = LOSSES;
    expect(dirsync(['run', source, target, '-l', log], {under}).code).to.equal(3);
    expect(fs.readFileSync(log, 'utf8')).to.match(/WARN .*stdout cannot be written: no space left on device \(ENOSPC\)/);
  });

  it("the summary of GitHub's step that cannot be written is told, and the annotations are", () => {
    const {source, target} = pair();
    const env = {GITHUB_STEP_SUMMARY: '/dev/full'};
    const {code, stdout, stderr} = dirsync(['plan', source, target, '--format', 'github'], {env});
    expect(stdout).to.match(/^::notice /);
    expect({code, stderr}).to.deep.equal({
      code: 1,
      stderr: 'Error: /dev/full cannot be written: no space left on device (ENOSPC)\n',
    });
  });
});
