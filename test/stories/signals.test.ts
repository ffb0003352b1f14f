/** Signals in every phase: the first asks, the second insists, and the terminal is left as it was. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, type Running, startDirsync} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {skip} from '../support/skip.js';
import {type Injection, injecting, needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, RESTORED, type Terminal} from '../support/tmux.js';
import {file, hardlink, readTree, type Tree, writeTree} from '../support/tree.js';

const COUNT = 40;
const numbers = Array.from({length: COUNT}, (_, i) => i);
const each = (name: string, leaf: (i: number) => Tree[string]): Tree =>
  Object.fromEntries(numbers.map((i) => [name + i, leaf(i)]));
const text = (name: string, version: number) => `${name} ${version}\n`.repeat(100 * version);

const SOURCE: Tree = {
  ...each('new', (i) => ({inside: text(`inside${i}`, 2)})),
  ...each('changed', (i) => text(`changed${i}`, 2)),
  ...each('link', (i) => hardlink(`changed${i}`)),
  ...each('touched', () => 'touched'),
};
const TARGET: Tree = {
  ...each('gone', (i) => ({a: text(`a${i}`, 1), b: text(`b${i}`, 1)})),
  ...each('changed', (i) => text(`changed${i}`, 1)),
  ...each('touched', () => file('touched', {mode: 0o600})),
};

/** Two signals are of two names, since the kernel makes one of equal ones; they may be heard in either order. */
const WAYS = [
  {signals: ['SIGHUP'], codes: [129]},
  {signals: ['SIGINT'], codes: [130]},
  {signals: ['SIGTERM'], codes: [143]},
  {signals: ['SIGINT', 'SIGTERM'], codes: [130, 143]},
] as const;

interface Pair {
  readonly source: string;
  readonly target: string;
}

describe('story: a signal in any phase', function () {
  this.timeout(120_000);
  const temp = tempDirs();
  before(function () {
    needStrace(this);
    needRsync(this);
  });

  interface Phase {
    readonly phase: string;
    /** Makes it last some seconds. */
    readonly slow: Injection;
    /** Whether it has begun, and is not over. */
    readonly begun: (running: Running, pair: Pair) => boolean;
    /** Nothing is changed before the signal. */
    readonly isEarly?: boolean;
  }

  const some =
    (name: string, is: (at: string) => boolean) =>
    (_: Running, {target}: Pair) =>
      numbers.some((i) => is(path.join(target, name + i)));
  const gone = (at: string) => !fs.existsSync(at);
  const names = (name: string) => numbers.map((i) => name + i);
  const slowed = (calls: string, at: readonly string[], milliseconds = 100): Injection => ({
    calls,
    does: `delay_enter=${1000 * milliseconds}`,
    at,
  });

  const PHASES: readonly Phase[] = [
    {
      phase: 'scan',
      slow: slowed('getdents64', []),
      begun: ({stdout}) => stdout.includes('scan-progress'),
      isEarly: true,
    },
    {
      phase: 'preflight',
      slow: slowed('statx', [...names('changed'), ...names('touched')]),
      begun: ({stdout}) => stdout.includes('"phase":"check"'),
      isEarly: true,
    },
    {phase: 'folders', slow: slowed('mkdirat', names('new')), begun: some('new', fs.existsSync)},
    {
      phase: 'writes',
      slow: slowed('renameat,renameat2', [...names('changed'), 'inside']),
      begun: some('changed', (at) => fs.statSync(at).size > 2000),
    },
    {phase: 'links', slow: slowed('linkat', names('changed')), begun: some('link', fs.existsSync)},
    {phase: 'flush', slow: slowed('syncfs', [], 1500), begun: ({stdout}) => stdout.includes('"phase":"sync"')},
    {phase: 'deletes', slow: slowed('unlinkat', ['a', 'b']), begun: some('gone', (at) => gone(`${at}/a`))},
    {phase: 'emptied folders', slow: slowed('unlinkat', names('gone')), begun: some('gone', gone)},
    {
      phase: 'attributes',
      slow: slowed('fchownat', names('touched')),
      begun: some('touched', (at) => (fs.statSync(at).mode & 0o777) === 0o644),
    },
    {
      phase: 'folder times',
      slow: slowed('utimensat', names('new')),
      begun: some('new', (at) => fs.existsSync(at) && fs.statSync(at).mtime.getUTCFullYear() === 2023),
    },
  ];

  /** Every file is one whole version, at its place. */
  function checkWhole(target: string) {
    const [before, after] = [TARGET, SOURCE].map((tree) => {
      const at = temp();
      writeTree(at, tree);
      return readTree(at);
    }) as [Record<string, string>, Record<string, string>];
    const contentOf = (row: string | undefined) => /"[\s\S]*"/.exec(row ?? '')?.[0];
    for (const [at, row] of Object.entries(readTree(target)).filter(([, found]) => found.startsWith('file')))
      expect([contentOf(before[at]), contentOf(after[at])], at).to.include(contentOf(row));
  }

  for (const {phase, slow, begun, isEarly = false} of PHASES) {
    for (const {signals, codes} of WAYS) {
      it(`${phase}: ${signals.join(' and ')}`, async () => {
        const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
        const old = readTree(target);
        const plan = path.join(root, 'plan');
        const allow = ['--allow', 'too-many-deletes'];
        // A saved plan has no scan to remember.
        const remembered = phase === 'scan' ? ['last.manifest'] : [];
        const what = phase === 'scan' ? [source, target, '--yes'] : [plan];
        if (phase !== 'scan') expect(dirsync(['plan', source, target, '--out', plan]).code).to.equal(0);
        const running = startDirsync(['apply', ...what, ...allow, '--events'], {under: injecting(slow)});
        await running.until(() => begun(running, {source, target}));
        for (const signal of signals) running.child.kill(signal);
        const ended = await running.ended;
        expect(codes, ended.stdout.slice(-500) + ended.stderr).to.include(ended.code);
        if (signals.length === 2) expect(ended.stdout, 'it ends at once').to.not.include('apply-done');
        checkWhole(target);
        if (isEarly) expect(readTree(target), 'nothing is changed').to.deep.equal(old);
        else if (signals.length === 1) {
          expect(fs.readdirSync(path.join(target, '.dirsync'))).to.have.members([
            'abilities.json',
            'id.json',
            ...remembered,
            'runs',
          ]);
          const [journal = ''] = fs.readdirSync(path.join(target, '.dirsync/runs'));
          const lines = fs
            .readFileSync(path.join(target, '.dirsync/runs', journal), 'utf8')
            .trimEnd()
            .split('\n');
          expect(JSON.parse(lines.at(-1) ?? '').end).to.include({interrupted: signals[0]});
        }
        const {code: again, stdout, stderr} = dirsync(['apply', ...what, ...allow]);
        expect(again, stderr + stdout.slice(-500)).to.equal(0);
        expect(rsyncDifference(source, target)).to.deep.equal([]);
        expect(fs.readdirSync(path.join(target, '.dirsync'))).to.have.members([
          'abilities.json',
          'id.json',
          ...remembered,
          'runs',
        ]);
      });
    }
  }
});

describe('story: a signal before there is a result', () => {
  const temp = tempDirs();
  before(function () {
    needStrace(this);
  });

  const STOPPED = {format: 1, type: 'stopped', stopped: 'SIGTERM', exitCode: 143};
  const READS: Record<string, (stdout: string) => unknown> = {
    json: (stdout) => JSON.parse(stdout),
    events: (stdout) => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''),
    junit: (stdout) => /<error message="stopped by SIGTERM" type="STOPPED"/.test(stdout) && STOPPED,
  };

  for (const [format, read] of Object.entries(READS)) {
    for (const command of [['plan'], ['apply', '--yes'], ['run'], ['explain', 'new0']]) {
      if (format === 'junit' && command[0] === 'explain') continue;
      it(`${command[0]} in ${format} ends with the word of it`, async () => {
        const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
        const trace = path.join(root, 'trace');
        const slow = injecting({calls: 'getdents64', does: 'delay_enter=200000'});
        const flag = format === 'junit' ? ['--format', format] : [`--${format}`];
        const running = startDirsync([...command, source, target, ...flag], {
          under: slow.map((word) => (word === '/dev/null' ? trace : word)),
        });
        await running.until(() => fs.existsSync(trace) && fs.readFileSync(trace, 'utf8').includes('DELAYED'));
        const {code, stdout, stderr} = await running.kill('SIGTERM');
        expect({code, stderr}).to.deep.equal({code: 143, stderr: ''});
        expect(read(stdout)).to.deep.equal(STOPPED);
      });
    }
  }
});

describe('story: a signal to a screen', () => {
  const temp = tempDirs();
  const opened: Terminal[] = [];
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
    needStrace(this);
  });
  afterEach(() => {
    for (const terminal of opened.splice(0)) terminal.close();
  });

  const SLOW = injecting({calls: 'fsync', does: 'delay_enter=100000'});

  for (const {title, args, shows, env, under, isFull = true} of [
    {title: 'the review', args: ({source, target}: Pair) => ['apply', source, target], shows: '? keys', env: {}},
    {
      title: 'the question',
      args: ({source, target}: Pair) => ['apply', source, target],
      shows: '[y/N]',
      env: {TERM: 'dumb'},
      isFull: false,
    },
    {
      title: 'the screen of an apply',
      args: ({source, target}: Pair) => ['apply', source, target, '--yes', '--fsync', 'each', '--allow', 'too-many-deletes'],
      shows: /^Writing +█*░+ +\d+ %/m,
      env: {},
      under: SLOW,
    },
    {
      title: 'the screen of runs',
      args: ({source, target}: Pair) => ['run', source, target, '--every', '1h', '--allow', 'too-many-deletes'],
      shows: 'next run at',
      env: {},
    },
  ]) {
    for (const {signals, codes} of WAYS) {
      // It reads the config again.
      if (signals[0] === 'SIGHUP' && title === 'the screen of runs') continue;
      it(`${title}: ${signals.join(' and ')}`, async () => {
        const pair = pairIn(temp(), SOURCE, TARGET);
        const terminal = openTerminal(args(pair), {env, ...(under && {under})});
        opened.push(terminal);
        await terminal.shows(shows);
        expect(terminal.state().cursor, 'a screen hides the cursor').to.equal(!isFull);
        for (const signal of signals) terminal.kill(signal);
        expect(codes).to.include(await terminal.ended());
        expect(terminal.state()).to.deep.equal(RESTORED);
      });
    }
  }
});
