import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, startDirsync} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, file, readTree} from '../support/tree.js';

describe('story: run', () => {
  const temp = tempDirs();

  it('plans and applies once, without asking', () => {
    const {source, target} = pairIn(temp(), {a: 'new'}, {a: 'older', gone: ''});
    const first = dirsync(['run', source, target]);
    expect(first).to.deep.include({code: 0, stderr: ''});
    expect(first.stdout).to.include('Plan: 2 changes').and.include('Done: 2 changes.');
    expect(readTree(target)).to.deep.equal(readTree(source));
    const second = dirsync(['run', source, target]);
    expect(second).to.deep.include({code: 0, stderr: ''});
    expect(second.stdout).to.include('Nothing to do: the target equals the source.');
  });

  it('a run that finds nothing to do leaves one line in the log', () => {
    const {root, source, target} = pairIn(temp(), {a: 'first'}, {});
    const log = path.join(root, 'log');
    const lines = () => fs.readFileSync(log, 'utf8').trimEnd().split('\n');
    dirsync(['run', source, target, '-l', log]);
    const before = lines().length;
    dirsync(['run', source, target, '-l', log]);
    expect(lines()).to.have.length(before + 1);
    expect(lines().at(-1)).to.match(/ INFO {2}\[[\w-]+\] plan ready {2}Nothing to do: the target equals the source\.$/);
  });

  it('-i -o -l -t goes on until it is stopped: changes arrive, and runs never overlap', async () => {
    const {root, source, target} = pairIn(temp(), {a: 'first'}, {});
    const log = path.join(root, 'log');
    const logged = () => (fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '');
    const running = startDirsync(['run', '-i', source, '-o', target, '-l', log, '--log-level', 'debug', '-t', '1s']);
    await running.until(() => logged().includes('waiting'));
    fs.writeFileSync(path.join(source, 'b'), 'second');
    await running.until(() => fs.existsSync(path.join(target, 'b')));
    const waits = () => logged().split('waiting').length;
    const before = waits();
    await running.until(() => waits() > before);
    expect(await running.kill('SIGTERM')).to.deep.include({code: 143, stderr: ''});
    expect(readTree(target)).to.deep.equal(readTree(source));

    const lines = logged().trimEnd().split('\n');
    for (const line of lines) expect(line).to.match(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z (DEBUG|INFO |WARN |ERROR) \S/);
    const steps = lines
      .map((line) => line.slice(31).replace(/^\[[\w-]+\] /, ''))
      .map((line) => /^(plan started|apply started|waiting)/.exec(line)?.[0]);
    const runs = steps.filter((step) => step !== undefined).join(', ');
    expect(runs).to.match(/^(plan started, apply started, waiting(, |$)){2,}(plan started(, apply started)?)?$/);
    expect(lines.join('\n')).to.include('create done  a (5 B)').and.include('create done  b (6 B)');
  });

  it('a run that fails is logged and does not end the loop', async () => {
    const {root, source, target} = pairIn(temp(), {a: 'first'}, {});
    const log = path.join(root, 'log');
    const running = startDirsync(['run', source, target, '-l', log, '--every', '1s']);
    await running.says('Next run at');
    fs.renameSync(source, `${source}-away`);
    await running.until(() => fs.readFileSync(log, 'utf8').includes('run failed  SOURCE_MISSING: The source does not exist'));
    expect(readTree(target)).to.include.keys('a');
    fs.renameSync(`${source}-away`, source);
    fs.writeFileSync(path.join(source, 'b'), 'second');
    await running.until(() => fs.existsSync(path.join(target, 'b')));
    const {code, stderr} = await running.kill('SIGINT');
    expect(code).to.equal(130);
    expect(stderr).to.match(/^(Error: The source does not exist: .+\n {2}check the path.*\n)+$/);
  });

  describe('of a job', () => {
    const CONFIG = `defaults:
  exclude: ['*.tmp']
  delete: false
jobs:
  photos: {source: source, target: target, log: log}
  strict: {source: source, target: target, delete: true, exclude: []}
`;
    const SOURCE = {a: file('new', {mtime: DEFAULT_MTIME + 1n}), 'x.tmp': 't'};

    for (const {title, args, has, log = false} of [
      {title: 'takes the defaults', args: ['run', 'photos'], has: ['.', 'a', 'extra'], log: true},
      {title: 'wins over the defaults', args: ['run', 'strict'], has: ['.', 'a', 'x.tmp']},
      {title: 'loses to flags', args: ['run', 'photos', '--delete'], has: ['.', 'a'], log: true},
      {title: 'loses to flags that say no', args: ['run', 'strict', '--no-delete'], has: ['.', 'a', 'extra', 'x.tmp']},
      {
        title: 'filters before the flags do',
        args: ['run', 'photos', '--include', 'x.tmp'],
        has: ['.', 'a', 'extra', 'x.tmp'],
        log: true,
      },
      {title: 'may have another target by flag', args: ['run', 'photos', '-o', 'other'], has: ['.', 'a', 'extra'], log: true},
      {title: 'can be applied', args: ['apply', 'photos', '--yes'], has: ['.', 'a', 'extra'], log: true},
      {title: 'is found from below', args: ['run', 'photos'], cwd: 'source', has: ['.', 'a', 'extra'], log: true},
      {
        title: 'is found in a named config',
        args: ['run', 'photos', '--config', '../dirsync.config.yaml'],
        cwd: 'target',
        has: ['.', 'a', 'extra'],
        log: true,
      },
    ] as {title: string; args: string[]; has: string[]; log?: boolean; cwd?: string}[]) {
      it(`a job ${title}`, () => {
        const {root, target} = pairIn(temp(), SOURCE, {a: 'old', extra: ''});
        fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), CONFIG);
        const cwd = title.includes('below') ? path.join(root, 'source') : title.includes('named') ? target : root;
        const {code, stderr} = dirsync(args, {cwd});
        expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
        expect(Object.keys(readTree(target))).to.deep.equal(has);
        expect(readTree(target).a).to.include(args.includes('other') ? '"old"' : '"new"');
        expect(fs.existsSync(path.join(root, 'log'))).to.equal(log);
        expect(fs.existsSync(path.join(root, 'other/a'))).to.equal(args.includes('other'));
      });
    }

    it('is read again before each run', async () => {
      const {root, target} = pairIn(temp(), SOURCE, {});
      const config = path.join(root, 'dirsync.config.yaml');
      fs.writeFileSync(config, CONFIG);
      const running = startDirsync(['run', 'photos', '--every', '1s'], {cwd: root});
      await running.says('Next run at');
      fs.writeFileSync(config, CONFIG.replace('*.tmp', '*.none').replace('delete: false', 'delte: false'));
      await running.until(() => running.stderr.includes('delte: unknown key, did you mean "delete"?'));
      fs.writeFileSync(`${config}.new`, CONFIG.replace('*.tmp', '*.none'));
      fs.renameSync(`${config}.new`, config);
      await running.until(() => fs.existsSync(path.join(target, 'x.tmp')));
      expect(await running.kill('SIGTERM')).to.deep.include({code: 143});
    });
  });
});
