import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, RESTORED, SLOW, type Terminal, type TerminalOptions} from '../support/tmux.js';

const filesOf = (count: number) => Object.fromEntries(Array.from({length: count}, (_, i) => [`file${i}`, 'x'.repeat(1000)]));
const FILES = filesOf(1000);
const BAR = /^Writing +█*░+ +\d+ %/m;

describe('story: screens', () => {
  const temp = tempDirs();
  const opened: Terminal[] = [];
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
    if (spawnSync(SLOW[0] ?? '', [...SLOW.slice(1), 'true']).status !== 0) skip(this, 'strace is missing or may not trace');
  });
  afterEach(() => {
    for (const terminal of opened.splice(0)) terminal.close();
  });

  function open(args: readonly string[], options: TerminalOptions = {}): Terminal {
    const terminal = openTerminal(args, {under: SLOW, ...options});
    opened.push(terminal);
    return terminal;
  }

  function slowApply(options: TerminalOptions = {}, files = FILES, flags: readonly string[] = []) {
    const pair = pairIn(temp(), {folder: files}, {});
    return {...pair, terminal: open(['apply', pair.source, pair.target, '--yes', '--fsync', 'each', ...flags], options)};
  }

  for (const [width, height] of [
    [80, 24],
    [140, 40],
  ] as const) {
    it(`apply shows a bar and the files at hand on ${width} × ${height}, and leaves the summary alone`, async () => {
      const {terminal} = slowApply({width, height});
      const screen = await terminal.shows(BAR);
      expect(screen).to.match(/^ +[\d,]+ of 1,002 actions +[\d.]+ K?i?B of 977 KiB$/m);
      expect(screen)
        .to.match(/^ +1 {2}folder\/file\d+$/m)
        .and.match(/^ +2 {2}folder\/file\d+$/m);
      expect(screen).to.match(/^q stop$/m);
      expect(terminal.state()).to.include({cursor: false, cooked: false});
      expect(await terminal.ended()).to.equal(0);
      expect(terminal.screen())
        .to.include('Done: 1,001 changes.')
        .and.not.match(/░|q stop/);
      expect(terminal.history().match(/^Writing/gm), 'nothing of the screen scrolled away').to.equal(null);
      expect(terminal.state()).to.deep.equal(RESTORED);
    });
  }

  for (const {title, end, code} of [
    {title: 'Ctrl-C', end: (terminal: Terminal) => terminal.press('C-c'), code: 130},
    {title: 'q', end: (terminal: Terminal) => terminal.press('q'), code: 130},
    {title: 'Ctrl-C twice', end: (terminal: Terminal) => terminal.press('C-c', 'C-c'), code: 130},
    {title: 'SIGTERM', end: (terminal: Terminal) => terminal.kill('SIGTERM'), code: 143},
  ]) {
    it(`apply ended by ${title} leaves the terminal as it was`, async () => {
      const {terminal} = slowApply();
      await terminal.shows(BAR);
      end(terminal);
      expect(await terminal.ended()).to.equal(code);
      expect(terminal.state()).to.deep.equal(RESTORED);
      if (!title.includes('twice')) expect(terminal.screen()).to.include('Interrupted by').and.not.include('░');
    });
  }

  it('apply that fails in the middle leaves the terminal as it was', async () => {
    const {source, target, terminal} = slowApply();
    await terminal.shows(BAR);
    fs.rmSync(path.join(source, 'folder'), {recursive: true});
    expect(await terminal.ended()).to.equal(3);
    expect(terminal.state()).to.deep.equal(RESTORED);
    expect(fs.existsSync(target)).to.equal(true);
  });

  it('apply survives another size', async () => {
    const {terminal} = slowApply({}, filesOf(5000));
    await terminal.shows(BAR);
    const sizes = [
      [120, 30],
      [60, 12],
      [200, 50],
    ] as const;
    for (const [i, [width, height]] of sizes.entries()) {
      // tmux tells of the new size a moment after it has broken the lines: nothing is drawn in between.
      terminal.kill('SIGSTOP');
      terminal.resize(width, height);
      await delay(1000);
      terminal.kill('SIGCONT');
      await terminal.shows(new RegExp(`^Writing.{${width - 31}} +\\d+ %`, 'm'));
      const bars = () => terminal.history().match(/Writing|░ +\d+ %/g)?.length;
      // After SIGSTOP, of which it could not hear, the one before stays above.
      const expected = 2 * (i + 2);
      // While a frame is written there may be parts of two.
      for (let looks = 0; bars() !== expected && looks < 50; looks++) await delay(100);
      expect(bars(), 'nothing of the one in the old size is left').to.equal(expected);
    }
  });

  for (const {title, env = {}, flags = []} of [
    {title: 'TERM=dumb', env: {TERM: 'dumb'}},
    {title: 'CI', env: {CI: 'true'}},
    {title: '--format text', flags: ['--format', 'text']},
  ]) {
    it(`apply draws nothing with ${title}`, async () => {
      const {terminal} = slowApply({env}, FILES, flags);
      await terminal.shows('Plan: 1,001 changes');
      expect(await terminal.ended()).to.equal(0);
      expect(terminal.history()).to.not.match(/[█░]/);
    });
  }

  it('apply has no colour with NO_COLOR', async () => {
    const {terminal} = slowApply({env: {NO_COLOR: '1'}});
    await terminal.shows(BAR);
    expect(terminal.styled()).to.not.include('\x1b[');
  });

  it('run shows its job, its last result and its next start; a summary stays', async () => {
    const {source, target} = pairIn(temp(), {a: 'a'}, {});
    const terminal = open(['run', source, target, '--every', '2s'], {under: []});
    expect(await terminal.shows('next run at'))
      .to.include(`${source} → ${target}`)
      .and.match(/Last +✓ Done: 1 change\./);
    expect(terminal.state()).to.deep.equal({cursor: false, alternate: true, cooked: false});
    await terminal.shows(/Changes +█·/);
    fs.renameSync(source, `${source}-away`);
    await terminal.shows(/Changes +█·+✗/);
    terminal.press('q');
    expect(await terminal.ended()).to.equal(130);
    expect(terminal.state()).to.deep.equal(RESTORED);
    expect(terminal.history()).to.match(
      /^\d+ runs in [\d.]+ s: 1 done, \d+ with nothing to do, \d+ failed; 1 change, 1 B written\.$/m,
    );
    expect(terminal.history()).to.not.include('next run at');
  });

  it('run ended by SIGTERM leaves the terminal as it was', async () => {
    const {source, target} = pairIn(temp(), {a: 'a'}, {});
    const terminal = open(['run', source, target, '--every', '1h'], {under: []});
    await terminal.shows('next run at');
    terminal.kill('SIGTERM');
    expect(await terminal.ended()).to.equal(143);
    expect(terminal.state()).to.deep.equal(RESTORED);
  });
});
