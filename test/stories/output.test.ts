import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, startDirsync, withoutChange} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, file, readTree, type Tree} from '../support/tree.js';

const SOURCE: Tree = {edited: file('newer', {mtime: DEFAULT_MTIME + 1n}), folder: {new: 'n'}};
const TARGET: Tree = {edited: 'old', gone: 'g'};
const CHANGES = [
  {kind: 'update', path: 'edited', reasons: ['size', 'mtime']},
  {kind: 'mkdir', path: 'folder', reasons: ['new']},
  {kind: 'create', path: 'folder/new', reasons: ['new']},
  {kind: 'delete', path: 'gone', reasons: ['gone']},
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what clears a line
const PROGRESS = /\r.*?\x1b\[K/g;

describe('story: output', () => {
  const temp = tempDirs();

  describe('--json is one document, and nothing else', () => {
    it('of a plan', () => {
      const {source, target} = pairIn(temp(), SOURCE, TARGET);
      const {code, stdout, stderr} = dirsync(['plan', source, target, '--json', '--detailed-exitcode']);
      expect({code, stderr}).to.deep.equal({code: 2, stderr: ''});
      const document = JSON.parse(stdout);
      expect(Object.keys(document)).to.deep.equal(['format', 'type', 'header', 'summary', 'halts', 'actions', 'problems']);
      expect(document).to.deep.include({format: 1, type: 'plan', halts: [], problems: []});
      expect(document.header.source.path).to.equal(source);
      expect(document.summary).to.deep.include({changes: 4, problems: 0, bytes: 6});
      const actions = document.actions as {kind: string; path: string; reasons: string[]}[];
      expect(actions.filter(({path}) => path !== '').map(({kind, path, reasons}) => ({kind, path, reasons}))).to.deep.equal(
        CHANGES,
      );
    });

    it('of a saved plan that is shown: the same', () => {
      const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
      const plan = path.join(root, 'plan');
      const made = JSON.parse(dirsync(['plan', source, target, '--json', '--out', plan]).stdout);
      expect(JSON.parse(dirsync(['show', plan, '--json']).stdout)).to.deep.equal(made);
    });

    for (const command of [['apply', '--yes'], ['run']]) {
      it(`of ${command[0]}`, () => {
        const {source, target} = pairIn(temp(), SOURCE, TARGET);
        const {code, stdout, stderr} = dirsync([...command, source, target, '--json']);
        expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
        const {type, report, plan} = JSON.parse(stdout);
        expect(type).to.equal('apply');
        expect(report.counts).to.deep.equal({
          done: 4,
          'already-done': 0,
          'not-kept': 0,
          skipped: 0,
          failed: 0,
          stopped: 0,
          blocked: 0,
        });
        expect(report).to.deep.include({bytes: 6, problems: [], skipped: [], planId: plan.id});
      });
    }
  });

  it('--format github ends the annotations before the summary, which goes to the file that GitHub names', () => {
    const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
    const file = path.join(root, 'summary.md');
    const args = ['plan', source, target, '--format', 'github'];
    const {stdout} = dirsync(args);
    expect(stdout).to.match(/^::notice title=dirsync::Plan: 4 changes.*\n### Plan: 4 changes/);
    expect(dirsync(args, {env: {GITHUB_STEP_SUMMARY: file}}).stdout).to.match(/^::notice [^\n]*\n$/);
    expect(fs.readFileSync(file, 'utf8')).to.match(/^### Plan: 4 changes/);
    expect(dirsync(['plan', source, '--format', 'github']).stdout).to.match(/^::error [^\n]*\n$/);
  });

  for (const format of ['markdown', 'github', 'junit']) {
    it(`apply --format ${format} tells which paths no longer fit a saved plan`, () => {
      const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
      const plan = path.join(root, 'plan');
      dirsync(['plan', source, target, '--out', plan]);
      fs.appendFileSync(path.join(target, 'edited'), '+');
      const {code, stdout, stderr} = dirsync(['apply', plan, '--format', format]);
      expect(code).to.equal(4);
      expect(stderr).to.match(/^ {2}edited \(target\): size 4 instead of 3\nError: /);
      if (format === 'github') expect(stdout).to.include('%0A  edited (target): size 4 instead of 3%0A');
    });
  }

  for (const format of ['text', 'json', 'markdown', 'html', 'github', 'junit']) {
    it(`history --format ${format}`, () => {
      const {source, target} = pairIn(temp(), SOURCE, TARGET);
      dirsync(['apply', source, target, '--yes']);
      const {code, stdout, stderr} = dirsync(['history', target, '--format', format]);
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(stdout).to.include(target).and.match(/\n$/);
    });
  }

  it('a flag that means nothing is told in one line', () => {
    const {code, stderr} = dirsync(['apply', 'a.plan', '--plan-sha256', '00']);
    expect(code).to.equal(1);
    expect(stderr).to.match(/^Error: .*: --plan-sha256 takes 64 hexadecimal digits, not "00"\n/);
  });

  it('--events is a line of JSON for each event, in order', () => {
    const {source, target} = pairIn(temp(), SOURCE, TARGET);
    const {code, stdout, stderr} = dirsync(['apply', source, target, '--yes', '--events']);
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({type}) => !type.endsWith('-progress'));
    expect(events.map(({type}) => type)).to.deep.equal([
      'plan-started',
      'scan-done',
      'scan-done',
      'plan-ready',
      'apply-started',
      ...CHANGES.map(() => 'action'),
      'apply-done',
    ]);
    for (const event of events) expect(event.format).to.equal(1);
    const actions = events.filter(({type}) => type === 'action');
    expect(actions.map(({action, status}) => `${action.path} ${status}`)).to.have.members(
      CHANGES.map(({path}) => `${path} done`),
    );
    expect(
      actions.findIndex(({action}) => action.kind === 'delete'),
      'deletes come after all writes',
    ).to.be.greaterThan(1);
  });

  describe('colour', () => {
    for (const {title, env, color} of [
      {title: 'none without a terminal', env: {}, color: false},
      {title: 'none with NO_COLOR', env: {NO_COLOR: '1'}, color: false},
      {title: 'with FORCE_COLOR', env: {FORCE_COLOR: '1'}, color: true},
      {title: 'none with FORCE_COLOR=0', env: {FORCE_COLOR: '0'}, color: false},
    ]) {
      it(title, () => {
        const {source, target} = pairIn(temp(), SOURCE, TARGET);
        for (const command of [['plan'], ['apply', '--yes']]) {
          const {code, stdout, stderr} = dirsync([...command, source, target], {env});
          expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
          expect(stdout.includes('\x1b'), stdout).to.equal(color);
        }
      });
    }
  });

  describe('help', () => {
    for (const {command, codes} of [
      {command: 'plan', codes: [0, 1, 2, 3, 5, 6, 130]},
      {command: 'apply', codes: [0, 1, 3, 4, 5, 6, 130]},
      {command: 'run', codes: [0, 1, 3, 5, 6, 130]},
      {command: 'show', codes: [0, 1, 3, 4, 5, 6, 130]},
      {command: 'history', codes: [0, 1]},
      {command: 'explain', codes: [0, 1, 130]},
    ]) {
      it(`of ${command} lists its exit codes`, () => {
        const {code, stdout, stderr} = dirsync([command, '--help']);
        expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
        const [, listed = ''] = stdout.split('EXIT CODES\n');
        expect(Array.from(listed.matchAll(/^ {2}(\d+) +\w/gm), ([, found]) => Number(found))).to.deep.equal(codes);
        expect(dirsync(['help', command]).stdout).to.equal(stdout);
      });
    }

    it('of the program lists the commands', () => {
      const {code, stdout} = dirsync(['--help']);
      expect(code).to.equal(0);
      for (const command of ['apply', 'explain', 'plan', 'run', 'show'])
        expect(stdout).to.match(new RegExp(`^ +${command} +\\w`, 'm'));
    });

    it('an unknown command is an error', () => {
      const {code, stdout, stderr} = dirsync(['plna']);
      expect({code, stdout}).to.deep.equal({code: 1, stdout: ''});
      expect(stderr).to.match(/^Error: .*plna/);
    });

    it('--version names the program and its version', () => {
      const {version} = JSON.parse(fs.readFileSync('package.json', 'utf8'));
      expect(dirsync(['--version']).stdout).to.match(new RegExp(`^dirsync/${version.replaceAll('.', '\\.')} `));
    });
  });

  it('lists 100 changes one by one and more by folder; --full lists them all', () => {
    const folders = ['one', 'two', 'three'].map((name) => [
      name,
      Object.fromEntries(Array.from({length: 40}, (_, i) => [`f${i}`, 'x'])),
    ]);
    const {root, source, target} = pairIn(temp(), Object.fromEntries(folders), {});
    const plan = path.join(root, 'plan');
    const short = dirsync(['plan', source, target, '--out', plan]).stdout;
    expect(short)
      .to.match(/^ {2}one\/ +41 changes +40 B +\+41$/m)
      .and.not.include('one/f0');
    expect(short).to.include('--full lists all 123 changes one by one');
    expect(short.split('\n').length).to.be.lessThan(20);
    for (const all of [dirsync(['plan', source, target, '--full']), dirsync(['show', plan, '--full'])]) {
      expect(all.stdout.match(/^ {2}\+ create {3}\w+\/f\d+ +1 B {2}new$/gm)).to.have.length(120);
    }
    fs.rmSync(path.join(source, 'three'), {recursive: true});
    expect(dirsync(['plan', source, target]).stdout.match(/^ {2}\+ create/gm), 'one line a file, one for all').to.have.length(81);
  });

  describe('on a terminal', () => {
    before(function () {
      if (spawnSync('script', ['-qec', 'true', '/dev/null']).status !== 0) skip(this, 'script (util-linux) is missing');
    });

    for (const {answer, code, applied} of [
      {answer: 'y', code: 0, applied: true},
      {answer: 'YES', code: 0, applied: true},
      {answer: 'n', code: 1, applied: false},
      {answer: '', code: 1, applied: false},
      {answer: 'yesterday', code: 1, applied: false},
    ]) {
      it(`apply shows the plan and asks; "${answer}" ${applied ? 'applies it' : 'changes nothing'}`, async () => {
        const {source, target} = pairIn(temp(), SOURCE, TARGET);
        const before = readTree(target);
        const running = startDirsync(['apply', source, target, '--format', 'text'], {terminal: true});
        await running.says('Apply these 4 changes? [y/N]');
        expect(running.stdout).to.include('edited').and.include('Plan: 4 changes');
        expect(readTree(target), 'before the answer').to.deep.equal(before);
        running.child.stdin?.write(`${answer}\n`);
        expect((await running.ended).code, running.stdout).to.equal(code);
        expect(readTree(target)).to.deep.equal(applied ? readTree(source) : before);
      });
    }

    it('apply does not ask when there is nothing to do, or with --yes', async () => {
      const {source, target} = pairIn(temp(), SOURCE, TARGET);
      for (const flags of [['--yes'], []]) {
        const {code, stdout} = await startDirsync(['apply', source, target, ...flags], {terminal: true}).ended;
        expect(code).to.equal(0);
        expect(stdout).to.not.include('[y/N]');
      }
    });

    for (const {title, key, code} of [
      {title: 'Ctrl-C', key: '\x03', code: 130},
      {title: 'the end of the input (Ctrl-D)', key: '\x04', code: 1},
    ]) {
      it(`${title} at the question changes nothing, and is no error`, async () => {
        const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
        const before = readTree(root);
        const running = startDirsync(['apply', source, target, '--format', 'text'], {terminal: true});
        await running.says('[y/N]');
        running.child.stdin?.write(key);
        expect((await running.ended).code, running.stdout).to.equal(code);
        expect(running.stdout).to.not.include('Error');
        expect(readTree(root)).to.deep.equal(before);
      });
    }

    for (const {title, env, color} of [
      {title: 'has colour', env: {}, color: true},
      {title: 'has none with NO_COLOR', env: {NO_COLOR: '1'}, color: false},
      {title: 'has none with TERM=dumb', env: {TERM: 'dumb'}, color: false},
      {title: 'has none with CI', env: {CI: 'true'}, color: false},
    ]) {
      it(`plan ${title}`, async () => {
        const {source, target} = pairIn(temp(), SOURCE, TARGET);
        const {code, stdout} = await startDirsync(['plan', source, target, '--format', 'text'], {terminal: true, env}).ended;
        expect(code).to.equal(0);
        expect(stdout.includes('\x1b[3'), JSON.stringify(stdout)).to.equal(color);
        // Where a machine is slow, a line of progress comes and is cleared again.
        const lasting = 'NO_COLOR' in env ? stdout.replaceAll(PROGRESS, '') : stdout;
        if (!color) expect(lasting).to.not.include('\x1b');
      });
    }
  });

  it('a pipe whose reader leaves is no crash', () => {
    const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
    const program = [process.execPath, path.resolve('bin/run.js'), 'plan', source, target].map((word) => `'${word}'`).join(' ');
    const piped = () => spawnSync('sh', ['-c', `${program} | true`], {encoding: 'utf8', timeout: 60_000});
    expect(withoutChange(root, piped).stderr).to.not.include('bug');
  });
});
