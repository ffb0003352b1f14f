import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {type CliResult, dirsync, startDirsync, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {readTree, writeTree} from '../support/tree.js';

const CONFIG = `defaults: {log: log, metrics: metrics/, fsync: none}
jobs:
  one: {source: a, target: ta}
  two: {source: b, target: tb}
  again: {source: a, target: ta}
  lost: {source: nowhere, target: tc}
`;

describe('story: several jobs', () => {
  const temp = tempDirs();

  function folder(config = CONFIG): string {
    const root = temp();
    writeTree(root, {a: {f: 'of a'}, b: {g: 'of b'}, 'dirsync.config.yaml': config});
    return root;
  }

  /** Source and target are the same. */
  function expectDone(root: string, ...letters: readonly string[]): void {
    for (const letter of letters) {
      expect(readTree(path.join(root, `t${letter}`))).to.deep.equal(readTree(path.join(root, letter)));
    }
  }

  function runs({stdout}: CliResult): {job: string; result: string; exitCode: number; started: string; finished: string}[] {
    return JSON.parse(stdout).runs;
  }

  it('named ones run one after the other, and what is told is told by job', () => {
    const root = folder();
    const result = dirsync(['run', 'one', 'two'], {cwd: root});
    expect(result).to.include({code: 0, stderr: ''});
    expect(result.stdout).to.match(/^one:\n.*\ntwo:\n/s);
    expectDone(root, 'a', 'b');
    expect(fs.readFileSync(path.join(root, 'log'), 'utf8')).to.match(
      / \[one\] \[\S+\] create done {2}f .* \[two\] \[\S+\] create done {2}g /s,
    );
    expect(fs.readdirSync(path.join(root, 'metrics'))).to.have.members(['dirsync-one.prom', 'dirsync-two.prom']);
  });

  it('--all runs them all, one that fails is told, and the gravest exit code is that of the program', () => {
    const root = folder();
    const result = dirsync(['run', '--all', '--json'], {cwd: root});
    expect(result).to.include({code: 5, stderr: ''});
    expect(runs(result).map(({job, exitCode}) => `${job} ${exitCode}`)).to.have.members(['one 0', 'two 0', 'again 0', 'lost 5']);
    expectDone(root, 'a', 'b');
    const text = dirsync(['run', 'two', 'lost'], {cwd: root});
    expect(text).to.include({code: 5});
    expect(text.stderr).to.match(/^lost:\nError: The source does not exist: /);
  });

  it('two on one target never run at a time, whatever --jobs allows', () => {
    const root = folder(CONFIG.replace('target: ta}\n  lost', 'target: ./x/../ta}\n  lost'));
    for (let round = 0; round < 5; round++) {
      fs.writeFileSync(path.join(root, `a/${round}`), 'new');
      const result = dirsync(['run', 'one', 'two', 'again', '--jobs', '3', '--json'], {cwd: root});
      expect(result).to.include({code: 0, stderr: ''});
      const [one, again] = ['one', 'again'].map((name) => runs(result).find(({job}) => job === name));
      expect((again?.started ?? '') >= (one?.finished ?? '') || (one?.started ?? '') >= (again?.finished ?? '')).to.equal(true);
    }
    expectDone(root, 'a', 'b');
  });

  it('--events tells whose each event is', () => {
    const {stdout} = dirsync(['run', 'one', 'two', '--events'], {cwd: folder()});
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    for (const job of ['one', 'two']) {
      const types = events.filter((event) => event.job === job).map(({type}) => type);
      expect(types.at(0)).to.equal('run-started');
      expect(types.at(-1)).to.equal('run-ended');
    }
    expect(events.every(({job}) => job === 'one' || job === 'two')).to.equal(true);
  });

  const refused: [name: string, args: string[], says: RegExp][] = [
    ['an unknown one among them', ['one', 'too', 'two'], /^Error: There is no such job: "too" .*\n.*did you mean "two"\?.*\n$/],
    ['a wrong second one', ['one', 'tow'], /^Error: There is no such job: "tow" .*\n.*did you mean "two"\?.*\n$/],
    ['a wrong first one', ['oen', 'two'], /^Error: There is no such job: "oen" .*\n.*did you mean "one"\?.*\n$/],
    ['a root for several', ['one', 'two', '-o', 'x'], /one folder is given for several jobs/],
    ['--all and names', ['--all', 'one'], /both --all and jobs are given/],
    ['one metrics file for several', ['one', 'two', '--metrics', 'm.prom'], /one metrics file is given for several jobs/],
    ['a format for one alone', ['one', 'two', '--format', 'html'], /--format html works only for a single job/],
  ];
  for (const [name, args, says] of refused) {
    it(`refuses ${name}`, () => {
      const root = folder();
      const {code, stderr} = dirsync(['run', ...args], {cwd: root});
      expect(code).to.equal(1);
      expect(stderr).to.match(says);
      expect(
        ['ta', 'tb'].filter((name) => fs.existsSync(path.join(root, name))),
        'no job was run',
      ).to.deep.equal([]);
    });
  }

  it('a job that does not exist leaves no metrics file', () => {
    const root = folder();
    expect(dirsync(['run', 'oen'], {cwd: root}).code).to.equal(1);
    expect(fs.existsSync(path.join(root, 'metrics'))).to.equal(false);
    expect(fs.readFileSync(path.join(root, 'log'), 'utf8'))
      .to.include('[oen]')
      .and.include('JOB_UNKNOWN');
  });

  it('tells of all that are unknown', () => {
    const {code, stderr} = dirsync(['run', 'oen', 'two', 'tow'], {cwd: folder()});
    expect(code).to.equal(1);
    expect(stderr).to.match(/^oen:\nError: There is no such job: "oen".*\n.*\ntow:\nError: There is no such job: "tow"/);
  });

  it('of a config with mistakes every job that it names is told, with --all or by names', () => {
    const told = 'hooks: {onFailure: "echo $DIRSYNC_JOB $DIRSYNC_ERROR >> told"}';
    for (const args of [
      ['--all', '--once'],
      ['one', 'two'],
      ['one', 'two', 'lost'],
    ]) {
      const root = folder(`${CONFIG.replace('{log: log,', `{${told}, log: log,`)}  odd: {sauce: x}\n`);
      expect(dirsync(['run', ...args], {cwd: root}).code).to.equal(1);
      const lines = fs.readFileSync(path.join(root, 'told'), 'utf8').trimEnd().split('\n').sort();
      const names = args[0] === '--all' ? ['again', 'lost', 'odd', 'one', 'two'] : [...args].sort();
      expect(lines).to.deep.equal(names.map((name) => `${name} CONFIG_INVALID`));
      expect(fs.readFileSync(path.join(root, 'log'), 'utf8')).to.match(/ERROR \[one\] \[\S+\] run failed {2}CONFIG_INVALID/);
    }
  });

  it('refuses --all without a config, and with one that has no jobs', () => {
    const root = temp();
    expect(dirsync(['run', '--all'], {cwd: root})).to.include({code: 1});
    fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'defaults: {delete: false}\n');
    expect(dirsync(['run', '--all'], {cwd: root}).stderr).to.include('there are no jobs');
  });

  describe('two words', () => {
    it('are folders where there are such', () => {
      const root = folder();
      expect(dirsync(['run', 'a', 'copy'], {cwd: root})).to.include({code: 0});
      expect(readTree(path.join(root, 'copy'))).to.deep.equal(readTree(path.join(root, 'a')));
    });

    it('that are jobs, and a folder too, are refused: it is not guessed', () => {
      const root = folder(CONFIG.replace('one:', 'a:').replace('two:', 'b:'));
      const {code, stderr} = dirsync(['run', 'a', 'b'], {cwd: root});
      expect(code).to.equal(1);
      expect(stderr).to.match(
        /a and b are jobs of .*dirsync.config.yaml, but a is also a folder\n {2}for the folders, write \.\/a \.\/b/,
      );
      expect(Object.keys(readTree(path.join(root, 'b')))).to.deep.equal(['.', 'g']);
      expect(dirsync(['run', './a', './b', '--allow', 'too-many-deletes'], {cwd: root})).to.include({code: 0});
    });

    for (const [title, words] of [
      ['the first is a job', ['a', 'tow']],
      ['the second is a job', ['b', 'two']],
    ] as const) {
      it(`of which ${title} make no new folder of the other`, () => {
        const root = folder(CONFIG.replace('one:', 'a:'));
        const {code, stderr} = withoutChange(root, () => dirsync(['run', ...words], {cwd: root}));
        expect(code).to.equal(1);
        expect(stderr).to.match(/There is no such job: "(?:tow|b)" .*\n.*; for the folders, write \.\/. \.\/t.+\n$/);
      });
    }

    it('of which one is a job are folders where both are there', () => {
      const root = folder(CONFIG.replace('one:', 'a:'));
      fs.mkdirSync(path.join(root, 'copy'));
      expect(dirsync(['run', 'a', 'copy'], {cwd: root})).to.include({code: 0});
    });

    it('of which the first is no folder tell of the config that cannot be read', () => {
      const {code, stderr} = dirsync(['run', 'one', 'two'], {cwd: folder('jobs: {one: {sorce: a}}')});
      expect(code).to.equal(1);
      expect(stderr).to.include('jobs.one.sorce: unknown key, did you mean "source"?');
    });
  });

  describe('on schedules', () => {
    const SCHEDULED = `defaults: {log: log, logLevel: debug, fsync: none, backoff: '0'}
jobs:
  one: {source: a, target: ta, every: 1s}
  two: {source: b, target: tb, every: 1h}
`;

    it('each keeps its own; SIGUSR1 wants a run of each now, SIGHUP takes in what the config has become', async () => {
      const root = folder(SCHEDULED);
      const logged = () => fs.readFileSync(path.join(root, 'log'), 'utf8');
      const count = (text: string) => (fs.existsSync(path.join(root, 'log')) ? logged().split(text).length - 1 : 0);
      const running = startDirsync(['run', '--all'], {cwd: root});
      await running.until(() => count('[one]') > 0 && count('waiting') >= 3 && count('[two]') > 0);
      const before = logged()
        .split('\n')
        .filter((line) => line.includes('[two]') && line.includes('run started')).length;
      expect(before).to.equal(1);

      fs.writeFileSync(path.join(root, 'b/more'), 'more');
      running.child.kill('SIGUSR1');
      await running.until(() => fs.existsSync(path.join(root, 'tb/more')));

      writeTree(root, {c: {h: 'of c'}});
      fs.writeFileSync(
        path.join(root, 'dirsync.config.yaml'),
        `${SCHEDULED.replace(/ {2}one.*\n/, '')}  three: {source: c, target: tc, every: 1h}\n`,
      );
      running.child.kill('SIGHUP');
      await running.until(() => fs.existsSync(path.join(root, 'tc/h')));
      await running.until(() => count('config  the config was reread') > 0);
      const ended = count('[one]');
      await delay(1200);
      expect(count('[one]')).to.be.within(ended, ended + 12);

      fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'jobs: [');
      running.child.kill('SIGHUP');
      await running.until(() => running.stderr.includes('Warning: config: The config file has a mistake'));
      expect(await running.kill('SIGTERM')).to.include({code: 143});
    });

    it('a job that is taken out of the config while it waits for another does not run', async () => {
      const waits = 'hooks: {before: "touch began; while [ -e began ]; do sleep 0.1; done"}';
      const root = folder(SCHEDULED.replace('every: 1s}', `every: 1h, ${waits}}`));
      const config = path.join(root, 'dirsync.config.yaml');
      const running = startDirsync(['run', '--all'], {cwd: root});
      await running.says('The run waits for another job to finish');
      await running.until(() => fs.existsSync(path.join(root, 'began')));
      fs.writeFileSync(config, fs.readFileSync(config, 'utf8').replace(/ {2}two:.*\n/, ''));
      running.child.kill('SIGHUP');
      await running.until(() => fs.readFileSync(path.join(root, 'log'), 'utf8').includes('config  '));
      await delay(200);
      fs.rmSync(path.join(root, 'began'));
      await running.until(() => fs.existsSync(path.join(root, 'ta/f')));
      await delay(300);
      expect(fs.existsSync(path.join(root, 'tb/g'))).to.equal(false);
      expect(await running.kill('SIGTERM')).to.include({code: 143});
    });

    it('refuses what would never be printed', () => {
      expect(dirsync(['run', '--all', '--json'], {cwd: folder(SCHEDULED)}).stdout).to.include(
        '--format json works only for a single run',
      );
    });

    it('--once leaves schedules alone; with --all a job without one is left out, and told of', async () => {
      const root = folder(`${SCHEDULED}  plain: {source: a, target: tp}\n`);
      expect(dirsync(['run', '--all', '--once'], {cwd: root})).to.include({code: 0});
      expectDone(root, 'a', 'b');
      expect(fs.existsSync(path.join(root, 'tp/f'))).to.equal(true);
      const running = startDirsync(['run', '--all'], {cwd: root});
      await running.says('The job has no schedule and is skipped');
      expect(await running.kill('SIGINT')).to.include({code: 130});
    });
  });
});
