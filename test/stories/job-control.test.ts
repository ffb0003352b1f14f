import {spawnSync} from 'node:child_process';
import {expect} from 'chai';
import {pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, RESTORED, SLOW, type Terminal, type TerminalOptions} from '../support/tmux.js';

const FILES = Object.fromEntries(Array.from({length: 1000}, (_, i) => [`file${i}`, 'x'.repeat(1000)]));

/** What is on the screen and moves by itself. */
const still = (screen: string) => screen.replace(/in \d+ min \d+ s|\d+ [a-z ]+so far/g, '');

describe('story: Ctrl-Z and fg', () => {
  const temp = tempDirs();
  const opened: Terminal[] = [];
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
  });
  afterEach(() => {
    for (const terminal of opened.splice(0)) terminal.close();
  });

  function open(args: readonly string[], options: TerminalOptions = {}): Terminal {
    const terminal = openTerminal(args, {isJob: true, ...options});
    opened.push(terminal);
    return terminal;
  }

  const pair = () => pairIn(temp(), {a: 'a', b: 'b', c: 'c'}, {});
  const review = () => open(['plan', pair().source, pair().target]);

  /** Stops the program, and answers what is on the screen then. */
  async function stopped(terminal: Terminal, stop: () => void): Promise<string> {
    stop();
    const screen = await terminal.shows(/\[stopped\]$/);
    expect(terminal.state(), 'the shell has the terminal as it was').to.deep.equal(RESTORED);
    return screen;
  }

  for (const {title, stop} of [
    {title: 'Ctrl-Z', stop: (terminal: Terminal) => terminal.press('C-z')},
    {title: 'keys that end with Ctrl-Z', stop: (terminal: Terminal) => terminal.press('k', 'C-z')},
    {title: 'SIGTSTP from outside', stop: (terminal: Terminal) => terminal.kill('SIGTSTP')},
  ]) {
    it(`the review is stopped by ${title}, again and again, and goes on`, async () => {
      const terminal = review();
      const before = await terminal.shows('q quit');
      for (let times = 0; times < 2; times++) {
        const screen = await stopped(terminal, () => stop(terminal));
        expect(screen.match(/\[stopped\]/g)).to.have.length(times + 1);
        expect(screen).to.not.include('q quit');
        terminal.foreground();
        expect(await terminal.shows('q quit')).to.equal(before);
        expect(terminal.state()).to.deep.equal({cursor: false, alternate: true, cooked: false});
      }
      terminal.press('Down');
      await terminal.shows(/^❯.*\ba\b/m);
      terminal.press('q');
      expect(await terminal.ended()).to.equal(0);
      expect(terminal.state()).to.deep.equal(RESTORED);
    });
  }

  it('the review goes on after SIGSTOP, which it cannot hear', async () => {
    const terminal = review();
    const before = await terminal.shows('q quit');
    terminal.kill('SIGSTOP');
    await terminal.shows('[stopped]');
    terminal.foreground();
    await terminal.shows(before);
    expect(terminal.screen()).to.equal(before);
    expect(terminal.state()).to.deep.equal({cursor: false, alternate: true, cooked: false});
    terminal.press('q');
    expect(await terminal.ended()).to.equal(0);
  });

  it('the review has the size that the terminal got meanwhile', async () => {
    const terminal = review();
    await terminal.shows('q quit');
    await stopped(terminal, () => terminal.press('C-z'));
    terminal.resize(100, 12);
    terminal.foreground();
    await terminal.shows(/^ \S.* planned .*\n(?:.*\n){9} ↑↓.*q quit$/);
    terminal.press('q');
    expect(await terminal.ended()).to.equal(0);
  });

  it('the run screen is stopped and goes on', async () => {
    const {source, target} = pair();
    const terminal = open(['run', source, target, '--every', '1h']);
    const before = await terminal.shows('next run at');
    expect(await stopped(terminal, () => terminal.press('C-z'))).to.not.include('next run at');
    terminal.foreground();
    expect(still(await terminal.shows(/q stop/))).to.equal(still(before));
    expect(terminal.state()).to.deep.equal({cursor: false, alternate: true, cooked: false});
    terminal.press('q');
    expect(await terminal.ended()).to.equal(130);
    expect(terminal.state()).to.deep.equal(RESTORED);
  });

  it('an apply is stopped with its workers, and goes on below what the shell wrote', async function () {
    if (spawnSync(SLOW[0] ?? '', [...SLOW.slice(1), 'true']).status !== 0) skip(this, 'strace is missing or may not trace');
    const {source, target} = pairIn(temp(), {folder: FILES}, {});
    const terminal = open(['apply', source, target, '--yes', '--fsync', 'each'], {under: SLOW});
    await terminal.shows('q stop');
    expect(await stopped(terminal, () => terminal.press('C-z'))).to.not.match(/░|q stop/);
    terminal.foreground();
    const screen = await terminal.shows('q stop');
    expect(screen).to.include('[stopped]');
    expect(screen.match(/░/)).to.not.equal(null);
    expect(terminal.state()).to.include({cursor: false, cooked: false});
    expect(await terminal.ended()).to.equal(0);
    expect(terminal.history())
      .to.include('Done: 1,001 changes.')
      .and.not.match(/░|q stop/);
    expect(terminal.state()).to.deep.equal(RESTORED);
  });

  it('init is stopped in the middle of an answer, and has it still', async () => {
    const terminal = open(['init'], {cwd: temp()});
    await terminal.shows('Folder to copy from');
    terminal.type('/no/such');
    await terminal.shows('/no/such▏');
    expect(await stopped(terminal, () => terminal.press('C-z'))).to.not.include('Folder to copy from');
    terminal.foreground();
    await terminal.shows('/no/such▏');
    terminal.type('x');
    await terminal.shows('/no/suchx▏');
    terminal.press('Escape');
    expect(await terminal.ended()).to.equal(130);
    expect(terminal.state()).to.deep.equal(RESTORED);
  });

  for (const {title, stop, flags = [], env = {}} of [
    {title: 'Ctrl-Z', stop: (terminal: Terminal) => terminal.press('C-z'), flags: ['--format', 'text']},
    {title: 'Ctrl-Z with TERM=dumb', stop: (terminal: Terminal) => terminal.press('C-z'), env: {TERM: 'dumb'}},
    {title: 'SIGTSTP from outside', stop: (terminal: Terminal) => terminal.kill('SIGTSTP'), env: {TERM: 'dumb'}},
    {title: 'SIGSTOP from outside', stop: (terminal: Terminal) => terminal.kill('SIGSTOP'), flags: ['--format', 'text']},
  ]) {
    it(`a question without a screen is stopped by ${title}, and asked again with what was typed`, async () => {
      const {source, target} = pair();
      const terminal = open(['apply', source, target, ...flags], {env});
      await terminal.shows('[y/N]');
      terminal.type('ye');
      await terminal.shows('[y/N] ye');
      stop(terminal);
      await terminal.shows('[stopped]');
      if (!title.startsWith('SIGSTOP')) expect(terminal.state()).to.deep.equal(RESTORED);
      terminal.foreground();
      await terminal.shows(/\[stopped\]\s+Apply .*\[y\/N\] ye$/);
      terminal.type('s');
      terminal.press('Enter');
      expect(await terminal.ended()).to.equal(0);
      expect(terminal.screen()).to.include('[y/N] yes').and.include('Done: 3 changes.');
      expect(terminal.state()).to.deep.equal(RESTORED);
    });
  }

  it('does nothing where no shell could let it go on', async () => {
    const terminal = open(['plan', pair().source, pair().target], {isJob: false});
    const before = await terminal.shows('q quit');
    terminal.press('C-z');
    terminal.press('Down');
    await terminal.shows(/^❯.*\ba\b/m);
    terminal.press('Up');
    await terminal.shows(before);
    terminal.press('q');
    expect(await terminal.ended()).to.equal(0);
  });
});
