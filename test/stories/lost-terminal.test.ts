/** The terminal goes away: its window is closed, the connection to its machine is lost. */
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {pairIn, startDirsync} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {injecting, needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, type Terminal} from '../support/tmux.js';
import type {Tree} from '../support/tree.js';

const SOURCE: Tree = Object.fromEntries(Array.from({length: 60}, (_, i) => [`file${i}`, 'x'.repeat(10_000)]));

describe('story: a lost terminal', function () {
  this.timeout(120_000);
  const temp = tempDirs();
  const opened: Terminal[] = [];
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
    needStrace(this);
  });
  afterEach(() => {
    for (const terminal of opened.splice(0)) terminal.close();
  });

  /** Writes down how it ended, and leaves SIGHUP to it as it would have been. */
  const watched = (root: string, redirect = '') => [
    'bash',
    '-c',
    `trap : HUP; bash -c 'echo $$ >"$0/pid"; exec "$@"' '${root}' "$@" 2>'${root}/stderr' ${redirect}; echo $? >'${root}/code'`,
    'bash',
  ];

  async function until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 2_000 && !condition(); i++) await delay(10);
    expect(condition()).to.equal(true);
  }

  const read = (root: string, name: string) =>
    fs.existsSync(`${root}/${name}`) ? fs.readFileSync(`${root}/${name}`, 'utf8') : '';

  const HOOKS = `jobs:
  j: {source: source, target: target, every: 1h, log: log, fsync: each, hooks: {before: touch mounted, after: rm mounted}}
`;
  const SLOW = injecting({calls: 'fsync', does: 'delay_enter=100000'});

  for (const {title, args, env, shows, under = []} of [
    {title: 'the review', args: ['apply', 'j'], env: {}, shows: '? keys'},
    {title: 'the question', args: ['apply', 'j'], env: {TERM: 'dumb'}, shows: '[y/N]'},
    {title: 'the screen of an apply', args: ['apply', 'j', '--yes'], env: {}, shows: /^Writing +█*░+ +\d+ %/m, under: SLOW},
    {title: 'the screen of runs', args: ['run', 'j'], env: {}, shows: /\d+ %/, under: SLOW},
    {title: 'the screen of runs that waits', args: ['run', 'j'], env: {}, shows: 'next run at'},
    {title: 'the questions of init', args: ['init'], env: {}, shows: 'Folder to copy from'},
  ]) {
    it(`${title}: it ends as after a signal`, async () => {
      const {root} = pairIn(temp(), SOURCE, {});
      if (title !== 'the questions of init') fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), HOOKS);
      const terminal = openTerminal(args, {cwd: root, env, under: [...watched(root), ...under]});
      opened.push(terminal);
      await terminal.shows(shows);
      terminal.hangUp();
      await until(() => read(root, 'code') !== '');
      expect(['129\n', '143\n']).to.include(read(root, 'code'));
      // ink shows the cursor on stderr as well.
      const told = read(root, 'stderr').replace('\x1b[?25h', '');
      expect(told.replace('Error: stdout cannot be written: i/o error (EIO)\n', '')).to.equal('');
      expect(fs.existsSync(path.join(root, 'mounted')), '`after` has followed `before`').to.equal(false);
    });
  }

  it('a schedule that does not need it goes on', async () => {
    const {root, source, target} = pairIn(temp(), {first: '1'}, {});
    const args = ['run', source, target, '--every', '1s', '-l', path.join(root, 'log')];
    const terminal = openTerminal(args, {cwd: root, under: watched(root, '</dev/null')});
    opened.push(terminal);
    await until(() => fs.existsSync(path.join(target, 'first')));
    terminal.hangUp();
    await delay(500);
    fs.writeFileSync(path.join(source, 'second'), '2');
    await until(() => fs.existsSync(path.join(target, 'second')));
    process.kill(Number(read(root, 'pid')), 'SIGTERM');
    await until(() => read(root, 'code') !== '');
    expect(read(root, 'code')).to.equal('143\n');
    expect(read(root, 'log')).to.match(/stdout cannot be written: i\/o error \(EIO\)/);
  });

  describe('nohup', () => {
    for (const [how, under] of Object.entries({
      'in bash': ['bash', '-c', 'nohup "$@"', 'bash'],
      'a script': ['nohup', 'sh', '-c', '"$@"; exit $?', 'sh'],
    })) {
      it(`${how}: SIGHUP is ignored`, async () => {
        const {source, target} = pairIn(temp(), Object.fromEntries(Object.entries(SOURCE).slice(0, 12)), {});
        const running = startDirsync(['apply', source, target, '--yes', '--fsync', 'each', '--events'], {
          under: [...under, ...SLOW],
        });
        await running.until(() => running.stdout.includes('"type":"action"'));
        const {pid} = JSON.parse(fs.readFileSync(path.join(target, '.dirsync/lock'), 'utf8'));
        process.kill(pid, 'SIGHUP');
        expect((await running.ended).code).to.equal(0);
        expect(fs.readdirSync(target)).to.include.members(fs.readdirSync(source));
      });
    }
  });
});
