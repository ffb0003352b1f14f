import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {dirsync, pairIn, planned} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, RESTORED, type Terminal, type TerminalOptions} from '../support/tmux.js';
import {readTree, type Tree} from '../support/tree.js';

const KEYS = 'q quit';

/** A source with a change of each sort that a person looks at, and its target. */
const SOURCE: Tree = {
  cache: {one: 'x', two: 'y'},
  docs: {'new.md': 'new\n', 'text.txt': 'one\nTWO\nthree\n'},
  'large.log': 'l'.repeat(600_000),
  'photo.bin': 'a\0b',
  'same.txt': 'same',
};
const TARGET: Tree = {
  docs: {'text.txt': 'one\ntwo\nthree\nfour\n'},
  'gone.txt': 'gone\n',
  'large.log': 'larger',
  'photo.bin': 'a\0',
  'same.txt': 'same',
};

describe('story: a review', () => {
  const temp = tempDirs();
  const opened: Terminal[] = [];
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
  });
  afterEach(() => {
    for (const terminal of opened.splice(0)) terminal.close();
  });

  function pair(source: Tree = SOURCE, target: Tree = TARGET) {
    return pairIn(temp(), source, target);
  }

  async function open(args: readonly string[], options: TerminalOptions = {}): Promise<Terminal> {
    const terminal = openTerminal(args, {width: 100, height: 30, ...options});
    opened.push(terminal);
    await terminal.shows(KEYS);
    return terminal;
  }

  async function search(terminal: Terminal, text: string): Promise<void> {
    terminal.press('/');
    await terminal.shows('Search (text or glob):');
    terminal.press('C-u');
    terminal.type(`${text}\r`);
    await terminal.shows(`"${text}"`);
  }

  /** Searches for a name that stands once in the plan, and puts the cursor on it. */
  async function goTo(terminal: Terminal, name: string): Promise<void> {
    await search(terminal, name);
    terminal.press('End');
    await terminal.shows(new RegExp(`❯.*${name.replace('.', '\\.')}`));
  }

  async function showAll(terminal: Terminal): Promise<void> {
    terminal.press('Escape');
    await terminal.shows(/── by \w+ ─/);
  }

  /** Opens the page of the change at this name, waits for a text on it, and comes back. */
  async function look(terminal: Terminal, name: string, text: string | RegExp): Promise<string> {
    await goTo(terminal, name);
    terminal.press('Enter');
    await terminal.shows('Esc back');
    const screen = await terminal.shows(text);
    terminal.press('q');
    await terminal.shows(KEYS);
    return screen;
  }

  async function answer(terminal: Terminal, prompt: 'w' | 'e', name: string): Promise<void> {
    terminal.press(prompt);
    await terminal.shows('▏');
    terminal.press('C-u');
    terminal.type(`${name}\r`);
  }

  async function apply(terminal: Terminal, changes: string): Promise<number> {
    terminal.press('a');
    await terminal.shows(`Apply ${changes}? [y/n]`);
    terminal.press('y');
    return terminal.ended();
  }

  /** The changes of a plan file. */
  function changesOf(file: string): string[] {
    const {actions} = JSON.parse(dirsync(['show', '--json', file]).stdout) as {
      actions: {kind: string; path: string; reasons: string[]}[];
    };
    return actions.filter(({reasons}) => reasons.join() !== 'children').map(({kind, path}) => `${kind} ${path}`);
  }

  const namesIn = (folder: string) => fs.readdirSync(folder).filter((name) => name !== '.dirsync');

  it('looks, leaves a folder out, saves the rest and applies it; the next plan finds what was left out', async () => {
    const {root, source, target} = pair();
    const terminal = await open(['apply', source, target], {cwd: root});

    const screen = await look(terminal, 'text.txt', '+TWO');
    expect(screen)
      .to.match(/^-two$/m)
      .and.match(/^-four$/m)
      .and.match(/^ one$/m)
      .and.match(/^@@ -1,4 \+1,3 @@$/m);
    await look(terminal, 'new.md', /^\+new$/m);
    await look(terminal, 'gone.txt', /^-gone$/m);
    await look(terminal, 'photo.bin', 'Not shown: in the target, it is binary.');
    await look(terminal, 'large.log', 'Not shown: files larger than 512 KiB are not read.');

    await search(terminal, 'cache');
    terminal.press('g', 'Down', 'Space');
    await terminal.shows('3 changes left out.');
    await showAll(terminal);
    await terminal.shows('5 of 8 chosen');
    expect(terminal.screen()).to.match(/❯\[ \] +▾ \+ cache\//);

    fs.writeFileSync(path.join(root, 'mine.plan'), 'something else');
    await answer(terminal, 'w', 'mine.plan');
    await terminal.shows('mine.plan exists. Overwrite it? [y/n]');
    terminal.press('y');
    await terminal.shows('Saved 5 changes to mine.plan');

    expect(await apply(terminal, 'these 5 changes')).to.equal(0);
    expect(terminal.state()).to.deep.equal(RESTORED);
    expect(terminal.screen())
      .to.include('Done: 5 changes. 3 changes were left out.')
      .and.match(/Plan file mine\.plan\nSHA-256 [0-9a-f]{64}\n/)
      .and.not.include(KEYS);
    expect(changesOf(path.join(root, 'mine.plan'))).to.deep.equal([
      'create docs/new.md',
      'update docs/text.txt',
      'delete gone.txt',
      'update large.log',
      'update photo.bin',
    ]);
    expect(namesIn(target)).to.have.members(['docs', 'large.log', 'photo.bin', 'same.txt']);
    for (const name of ['docs/text.txt', 'docs/new.md', 'large.log', 'photo.bin']) {
      expect(fs.readFileSync(path.join(target, name))).to.deep.equal(fs.readFileSync(path.join(source, name)));
    }
    expect(planned([source, target])).to.deep.equal(['mkdir cache', 'create cache/one', 'create cache/two']);
  });

  it('colours what is added and removed', async () => {
    const {source, target} = pair();
    const terminal = await open(['plan', source, target]);
    await goTo(terminal, 'text.txt');
    terminal.press('Enter');
    await terminal.shows('+TWO');
    expect(terminal.styled()).to.include('\x1b[31m-two').and.include('\x1b[32m+TWO');
  });

  it('does not show what has changed since the plan', async () => {
    const {source, target} = pair();
    const terminal = await open(['plan', source, target]);
    fs.writeFileSync(path.join(source, 'docs/text.txt'), 'changed meanwhile');
    await look(terminal, 'text.txt', 'Not shown: in the source, it changed after the plan was made.');
    fs.rmSync(path.join(target, 'gone.txt'));
    await look(terminal, 'gone.txt', 'Not shown: in the target, it was removed after the plan was made.');
  });

  for (const {title, args, code, says} of [
    {title: 'plan', args: ['plan'], code: 0, says: 'Nothing was changed.'},
    {title: 'plan --detailed-exitcode', args: ['plan', '--detailed-exitcode'], code: 2, says: 'Nothing was changed.'},
    {title: 'apply', args: ['apply'], code: 1, says: 'Nothing was changed.'},
    {title: 'show', args: ['show', 'saved.plan'], code: 0, says: '[exit'},
  ]) {
    it(`${title}, left: nothing is done, the exit code is ${code}`, async () => {
      const {root, source, target} = pair();
      dirsync(['plan', source, target, '--out', 'saved.plan'], {cwd: root});
      const before = readTree(root);
      const terminal = await open([...args, ...(title === 'show' ? [] : [source, target])], {cwd: root});
      terminal.press('q');
      expect(await terminal.ended()).to.equal(code);
      expect(terminal.screen()).to.include(says);
      expect(terminal.state()).to.deep.equal(RESTORED);
      expect(readTree(root), 'nothing is changed').to.deep.equal(before);
    });
  }

  it('asks before a choice is lost', async () => {
    const {source, target} = pair();
    const terminal = await open(['plan', source, target]);
    terminal.press('Space', 'q');
    await terminal.shows('Your choice is not saved. Quit anyway? [y/n]');
    terminal.press('n');
    await terminal.shows(KEYS);
    terminal.press('q');
    await terminal.shows('[y/n]');
    terminal.press('y');
    expect(await terminal.ended()).to.equal(0);
  });

  it('does not take for an answer what was typed before it asked', async () => {
    const {source, target} = pair();
    const terminal = await open(['apply', source, target]);
    terminal.type('jjay');
    await terminal.shows('Apply these 8 changes? [y/n]');
    await delay(200);
    expect(terminal.screen()).to.include('Apply these 8 changes? [y/n]');
    expect(namesIn(target)).to.include('gone.txt');
  });

  it('a saved plan that is stale changes nothing, exits with 4 and lists the drift', async () => {
    const {root, source, target} = pair();
    dirsync(['plan', source, target, '--out', 'saved.plan'], {cwd: root});
    fs.writeFileSync(path.join(target, 'gone.txt'), 'still needed');
    const before = readTree(target);
    const terminal = await open(['show', 'saved.plan'], {cwd: root});
    expect(await apply(terminal, 'these 8 changes')).to.equal(4);
    expect(terminal.state()).to.deep.equal(RESTORED);
    expect(terminal.screen())
      .to.include('gone.txt')
      .and.match(/size 12 instead of 5/);
    expect({...readTree(target), '.dirsync': undefined}).to.include({'gone.txt': before['gone.txt']});
  });

  it('a saved plan is applied from where it is shown', async () => {
    const {root, source, target} = pair();
    dirsync(['plan', source, target, '--out', 'saved.plan'], {cwd: root});
    const terminal = await open(['show', 'saved.plan'], {cwd: root});
    expect(await apply(terminal, 'these 8 changes')).to.equal(0);
    expect(planned([source, target])).to.deep.equal([]);
  });

  it('a fresh plan is applied but for what has changed under review; exit code 3', async () => {
    const {source, target} = pair();
    const terminal = await open(['plan', source, target]);
    fs.writeFileSync(path.join(target, 'gone.txt'), 'still needed');
    expect(await apply(terminal, 'these 8 changes')).to.equal(3);
    expect(terminal.screen()).to.include('gone.txt');
    expect(planned([source, target])).to.deep.equal(['delete gone.txt']);
  });

  it('what is left out of a folder that goes keeps the folder; taken in again, it brings it', async () => {
    const {source, target} = pair({}, {old: {a: 'a', b: 'b'}, other: 'x'});
    const terminal = await open(['plan', source, target, '--allow', 'source-empty']);
    await search(terminal, 'old/a');
    terminal.press('End', 'Space');
    await terminal.shows('1 change left out, and 1 more that depends on it.');
    await search(terminal, 'old');
    terminal.press('g', 'Down');
    await terminal.shows(/❯\[-\] +▾ - old\//);
    terminal.press('Space');
    await terminal.shows('1 change left out.');
    terminal.press('Space');
    await terminal.shows('3 changes included.');
    terminal.press('Down', 'Space');
    await showAll(terminal);
    expect(await apply(terminal, 'these 2 changes')).to.equal(0);
    expect(fs.readdirSync(path.join(target, 'old'))).to.have.length(1);
    expect(namesIn(target)).to.deep.equal(['old']);
  });

  it('a guard halts, by its name, until what it minds is left out', async () => {
    const many = Object.fromEntries(Array.from({length: 30}, (_, i) => [`file${i}`, 'x']));
    const {source, target} = pair({a: 'a'}, {many, b: 'b'});
    const terminal = await open(['apply', source, target]);
    expect(terminal.screen()).to.include('! too-many-deletes: would delete 31 of 31 files');
    terminal.press('a');
    await terminal.shows('too-many-deletes halts this: leave some out, or use --allow too-many-deletes');
    await search(terminal, 'many');
    terminal.press('g', 'Space');
    await terminal.shows('31 changes left out.');
    expect(await apply(terminal, 'these 2 changes')).to.equal(0);
    expect(namesIn(target)).to.have.members(['a', 'many']);
  });

  it('writes reports in the format that the name asks for', async () => {
    const {root, source, target} = pair();
    const terminal = await open(['plan', source, target], {cwd: root, env: {HOME: root}});
    await search(terminal, 'cache');
    terminal.press('g', 'Space');
    await terminal.shows('3 changes left out.');
    await answer(terminal, 'w', '~/mine.plan');
    await terminal.shows(`Saved 5 changes to ${root}/mine.plan`);
    await answer(terminal, 'e', '~/report.txt');
    await terminal.shows(`Wrote the report to ${root}/report.txt`);
    await answer(terminal, 'e', 'report.html');
    await terminal.shows('Wrote the report to report.html');
    await answer(terminal, 'e', 'report.md');
    await terminal.shows('Wrote the report to report.md');
    await answer(terminal, 'e', 'report.doc');
    await terminal.shows('report.doc does not end in a known format');
    await answer(terminal, 'e', 'none/report.md');
    await terminal.shows('none/report.md (ENOENT)');
    expect(fs.readFileSync(path.join(root, 'report.html'), 'utf8')).to.match(/^<!doctype html>/i);
    expect(fs.readFileSync(path.join(root, 'report.md'), 'utf8'))
      .to.include('docs/text.txt')
      .and.not.include('cache');
    await answer(terminal, 'e', 'report.md');
    await terminal.shows('report.md exists. Overwrite it? [y/n]');
    terminal.press('n');
    await terminal.shows(KEYS);
    expect(namesIn(root)).to.have.members(['mine.plan', 'report.html', 'report.md', 'report.txt', 'source', 'target']);
  });

  it('keeps its place when the terminal changes its size', async () => {
    const files = Object.fromEntries(Array.from({length: 60}, (_, i) => [`file${i}`, 'x'.repeat(100 - i)]));
    const {source, target} = pair(files, {});
    const terminal = await open(['plan', source, target]);
    terminal.press('End');
    await terminal.shows(/❯.*file59/);
    for (const [width, height] of [
      [60, 12],
      [160, 50],
      [30, 9],
      [20, 5],
      [40, 12],
      [80, 24],
    ] as const) {
      terminal.resize(width, height);
      // On the smallest screen there is no line above the tree.
      await terminal.shows(
        height < 9 ? /^(?:.*\n){3} \? keys {2}q quit$/ : new RegExp(`^── by impact ─{${width - 15}}─?─?$`, 'm'),
      );
      expect(terminal.screen()).to.match(/❯\[x\] +\+ file59/);
      expect(terminal.screen().match(/file58/g)).to.have.length(1);
    }
  });

  for (const {title, end, code} of [
    {title: 'Ctrl-C', end: (terminal: Terminal) => terminal.press('C-c'), code: 130},
    {title: 'Ctrl-C in a prompt', end: (terminal: Terminal) => terminal.press('/', 'a', 'C-c'), code: 130},
    {
      title: 'Ctrl-C with a choice that is not saved',
      end: (terminal: Terminal) => terminal.press('Space', 'q', 'C-c'),
      code: 130,
    },
    {title: 'SIGINT', end: (terminal: Terminal) => terminal.kill('SIGINT'), code: 130},
    {title: 'SIGTERM', end: (terminal: Terminal) => terminal.kill('SIGTERM'), code: 143},
  ]) {
    it(`ended by ${title} leaves all as it was`, async () => {
      const {root, source, target} = pair();
      const before = readTree(root);
      const terminal = await open(['apply', source, target]);
      expect(terminal.state()).to.deep.equal({cursor: false, alternate: true, cooked: false});
      end(terminal);
      expect(await terminal.ended()).to.equal(code);
      expect(terminal.state()).to.deep.equal(RESTORED);
      expect(readTree(root)).to.deep.equal(before);
    });
  }

  for (const {title, args = [], env = {}} of [
    {title: 'TERM=dumb', env: {TERM: 'dumb'}},
    {title: 'CI', env: {CI: '1'}},
    {title: '--format text', args: ['--format', 'text']},
    {title: '--json', args: ['--json']},
  ]) {
    it(`does not open with ${title}`, async () => {
      const {source, target} = pair();
      const terminal = openTerminal(['plan', source, target, ...args], {env, width: 100, height: 60});
      opened.push(terminal);
      expect(await terminal.ended()).to.equal(0);
      expect(terminal.history()).to.include('gone.txt').and.not.include(KEYS);
    });
  }

  it('tells without colour what it tells with it', async () => {
    const {source, target} = pair();
    const terminal = await open(['plan', source, target], {env: {NO_COLOR: '1'}});
    terminal.press('Down', 'Space');
    expect(await terminal.shows('left out.')).to.match(/^❯\[ \]/m);
    expect(terminal.styled()).to.not.include('\x1b[');
  });

  it('lets no name and no content reach the terminal as they are', async () => {
    const evil = 'evil\x1b]0;title\x07\x1b[31m\n\u202e';
    const {source, target} = pair({[evil]: 'a\n\x1b[2J\x1b]0;owned\x07\u009b31m\rb\n'}, {});
    const terminal = openTerminal(['plan', source, target], {width: 100, height: 30});
    opened.push(terminal);
    const written = terminal.record();
    await terminal.shows(KEYS);
    terminal.press('End', 'Enter');
    expect(await terminal.shows('Esc back')).to.include('evil\\x1b]0;title\\x07\\x1b[31m\\n\\u202e');
    await terminal.shows('+\\x1b[2J\\x1b]0;owned\\x07\\u009b31m\\rb');
    terminal.press('q', '/');
    await terminal.shows('Search');
    terminal.type('\x1b[2Jx\x07');
    terminal.press('q');
    await terminal.shows(/Search.*q/);
    await delay(100);
    expect(written()).to.include('Esc back');
    for (const raw of ['\x1b]', '\x07', '\xc2\x9b', '\xe2\x80\xae']) expect(written()).to.not.include(raw);
  });
});
