import {expect} from 'chai';
import fc from 'fast-check';
import type {Action} from '../../../src/core/action.js';
import type {Entry} from '../../../src/core/entry.js';
import {decodeName} from '../../../src/core/name.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Halt} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import {columns} from '../../../src/report/words/columns.js';
import {paint} from '../../../src/ui/line.js';
import type {Intent, ReviewOptions} from '../../../src/ui/review/intents.js';
import type {Mode, ReviewState} from '../../../src/ui/review/state.js';
import {reviewLines, type Size, settle} from '../../../src/ui/review/view.js';
import {aclFor} from '../../support/acl.js';
import {plan as anyPlan} from '../../support/arbitrary.js';
import {act, file, folder, planOf, symlink} from '../../support/plan.js';
import {openPlan, play} from '../../support/review.js';
import {movesAndDrift} from '../../support/subject.js';

const SIZES: readonly Size[] = [
  [20, 2],
  [20, 4],
  [20, 8],
  [40, 11],
  [30, 10],
  [59, 15],
  [80, 23],
  [100, 12],
  [131, 30],
  [132, 30],
  [140, 39],
  [200, 60],
].map(([width = 0, rows = 0]) => ({columns: width, rows}));

const anySize = fc.oneof(
  fc.constantFrom(...SIZES),
  fc.record({columns: fc.integer({min: 20, max: 220}), rows: fc.integer({min: 2, max: 70})}),
);

/** What could move a cursor, hide text or break a column, in names and in all else that a plan holds. */
const HOSTILE = [
  '\x1b[2J\x1b[31mred',
  'two\nlines',
  '\u202egnp.exe',
  '日本語のとても長い名前のファイル',
  '\u009b1m',
  decodeName(Uint8Array.from({length: 255}, () => 0xff)),
  'e\u0301'.repeat(60),
  'x'.repeat(255),
  '😀👨‍👩‍👧',
].sort();

function texts(state: ReviewState, size: Size, color = false): string[] {
  return reviewLines(settle(state, size), size).map((line) => paint(line, color));
}

function expectFits(lines: readonly string[], size: Size): void {
  expect(lines).to.have.length(size.rows);
  for (const line of lines) {
    expect(columns(line), line).to.equal(size.columns);
    expect(line).to.not.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  }
}

const halts: readonly Halt[] = [
  {guard: 'source-empty', allowed: false, message: 'the source is empty\x1b[2J'},
  {guard: 'too-many-deletes', allowed: false, message: 'would delete 60 of 100 files (60 %), more than --max-delete 50%'},
  {guard: 'same-tree', allowed: false, message: 'the roots are one'},
];

const MODES: readonly Mode[] = [
  {type: 'browse'},
  {type: 'help', top: 0},
  {type: 'notes', top: 3},
  {type: 'content', top: Number.MAX_SAFE_INTEGER},
  {type: 'input', purpose: 'save', text: `${'long '.repeat(50)}\x1b[2J\u202e日本`},
  {type: 'input', purpose: 'search', text: ''},
  {type: 'confirm', what: {type: 'apply'}},
  {type: 'confirm', what: {type: 'quit'}},
  {type: 'confirm', what: {type: 'overwrite', effect: {type: 'save', file: 'a\nb', overwrite: false}}},
];

const anyIntent: fc.Arbitrary<Intent> = fc.oneof(
  fc.integer({min: -3, max: 5}).map((by): Intent => ({type: 'move', by})),
  fc.constantFrom<Intent>(
    {type: 'toggle'},
    {type: 'expand-all'},
    {type: 'collapse'},
    {type: 'sort'},
    {type: 'other-end'},
    {type: 'target-drift'},
    {type: 'kinds', group: 0},
  ),
);

function hostilePlan() {
  const path = (name: string) => name as RelPath;
  const actions = HOSTILE.map((name, i): Action => {
    if (i % 3 === 0) return act.create(name, file(12_345));
    if (i % 3 === 1) return {kind: 'delete', path: path(name), reasons: ['gone'], before: symlink(HOSTILE[0] as string)};
    return act.update(name, file(1), file(2 ** 40));
  });
  return planOf(actions, {
    warnings: HOSTILE,
    source: {path: `/src/${HOSTILE[0]}`},
    target: {path: `/dst/${HOSTILE.at(-1)}`},
    narrowed: {from: 'evil\x1b[2J', leftOut: 3},
    problems: HOSTILE.map((name) => problem({path: path(name), side: 'source', phase: 'scan', code: 'EACCES'})),
  });
}

const KINDS = planOf([
  act.create('a'),
  {kind: 'attrs', path: 'b' as RelPath, reasons: ['mode'], before: folder({mode: 0o700}), after: folder()},
  act.delete('c'),
  {kind: 'link', path: 'd' as RelPath, leader: 'a' as RelPath, reasons: ['hardlink'], after: file()},
  {kind: 'replace', path: 'e' as RelPath, reasons: ['kind'], before: file(), after: folder()},
  act.update('f', file(1), file(2)),
]);

/** A review of a plan that says it has so many changes of each kind. */
function counting(count: number): ReviewState {
  const state = openPlan(KINDS);
  const kinds = Object.fromEntries(Object.keys(state.summary.kinds).map((kind) => [kind, {count, bytes: count * 1024}]));
  const summary = {...state.summary, kinds: kinds as typeof state.summary.kinds, changes: 8 * count};
  return {...state, summary};
}

function openAt(state: ReviewState, ...intents: Intent[]): ReviewState {
  return play(state, ...intents).state;
}

describe('ui/review/view', () => {
  for (const size of SIZES) {
    it(`fills ${size.columns} × ${size.rows}, in every mode, with hostile names, guards and problems`, () => {
      const state = openPlan(hostilePlan(), {halts});
      const content = HOSTILE.map((text) => ({type: 'added' as const, text: text.replace(/[\p{C}]/gu, '')}));
      for (let row = 0; row < state.rows.length; row++) {
        const at = openAt(state, {type: 'move', by: row});
        const look = {index: at.tree.actionOf(at.rows[row]?.node as number) ?? 0, content: {lines: content}};
        for (const mode of MODES) expectFits(texts({...at, mode, look}, size), size);
      }
    });
  }

  it('fills any size, for any plan', () => {
    fc.assert(
      fc.property(
        anyPlan,
        anySize,
        fc.array(anyIntent, {maxLength: 12}),
        fc.constantFrom(...MODES),
        (plan, size, intents, mode) => {
          const state = openAt(openPlan(plan), ...intents);
          expectFits(texts({...state, mode}, size), size);
        },
      ),
    );
  });

  describe('attributes', () => {
    const [before, after] = [aclFor(1000), aclFor(1001)].map((value) =>
      file(1, {xattrs: {'system.posix_acl_access': value, 'user.a': '', 'user.b': ''}}),
    ) as [Entry, Entry];
    const state = openAt(openPlan(planOf([{kind: 'attrs', path: 'a' as RelPath, reasons: ['acls'], before, after}])), {
      type: 'move',
      by: 1,
    });
    const rowsOf = (at: ReviewState, size: Size) => texts(at, size).map((line) => line.trimEnd());

    it('shows what changes first where there is little room, each side of long values on a line of its own', () => {
      const lines = rowsOf(state, {columns: 80, rows: 23});
      const title = lines.indexOf('· attrs  a');
      expect(lines.slice(title + 1, title + 7)).to.deep.equal([
        'size        1 B                                1 B',
        'modified    2026-01-01 10:00:00Z               2026-01-01 10:00:00Z',
        'mode        0644                               0644',
        'ACL       * u::rw-,u:1000:r--,g::r--,m::r--,o::---',
        '          → u::rw-,u:1001:r--,g::r--,m::r--,o::---',
        '3 more attributes (Enter shows all)',
      ]);
    });

    it('shows them all on their page', () => {
      const lines = rowsOf(openAt(state, {type: 'open'}), {columns: 80, rows: 23});
      expect(lines).to.include.members([
        'mode        0644                               0644',
        'user.a      ""                                 ""',
      ]);
      expect(lines.join('\n')).to.not.include('more attributes');
    });

    it('counts those that have no row of their own', () => {
      const xattrs = Object.fromEntries(Array.from({length: 30}, (_, i) => [`user.${i}`, '']));
      const many = openPlan(planOf([act.create('a', file(1, {xattrs}))]));
      const lines = rowsOf(openAt(many, {type: 'move', by: 1}), {columns: 80, rows: 23});
      expect(lines).to.include('30 more attributes (Enter shows all)');
    });
  });

  describe('moves and target drift', () => {
    const size = {columns: 131, rows: 40};
    const state = openPlan(planOf([...movesAndDrift.slice(0, -1), act.moveFile('y', 'x', file(5)), ...movesAndDrift.slice(-1)]));
    const shown = (at: ReviewState) => texts(at, size).map((line) => line.trimEnd());
    const rowsOf = (at: ReviewState) => shown(at).filter((line) => /^[ ❯]\[/.test(line));
    const at = (path: string) => {
      const by = state.rows.findIndex(({node}) => state.tree.pathOf(node) === path);
      return openAt(state, {type: 'move', by});
    };

    it('say where each comes from and goes to, at both paths', () => {
      const lines = rowsOf(state).map((line) => line.replace(/ {2,}/g, '  '));
      expect(lines).to.include.members([
        ' [x]  → incoming/trip/  to photos/2024/',
        ' [x]  ▾ → 2024/  ~1 →1 from incoming/trip/ · 40,000 files, 1 GiB not co…  2 B',
        ' [x]  ~ x  size 1 → 2 · changed in the target since the last run  2 B',
        ' [x]  → c\\x1b.jpg  to photos/b\\n.jpg',
        ' [x]  → x  to y',
        ' [x]  → README  from readme',
      ]);
      expect(shown(state)[2]).to.equal(' ! In the target since the last run: 1 added, 1 changed, 1 removed (t shows only them)');
    });

    it('of a symbolic link say only its paths', () => {
      const links = openPlan(planOf([act.moveFile('new', 'old', symlink('somewhere'))]));
      const lines = rowsOf(links).map((line) => line.replace(/ {2,}/g, '  '));
      expect(lines).to.include.members([' [x]  → new -> somewhere  from old', ' [x]  → old  to new']);
    });

    it('are in the details of both paths', () => {
      for (const path of ['photos/2024', 'incoming/trip']) {
        const lines = shown(at(path));
        const title = lines.indexOf('→ move  photos/2024/');
        expect(lines.slice(title, title + 5)).to.include('from incoming/trip/ · 40,000 files, 1 GiB not copied');
      }
      expect(shown(at('a.txt'))).to.include('removed from the target since the last run');
    });

    it('say what becomes of the old entry where a new one takes its path', () => {
      const swap = openPlan(planOf([act.moveFile('a', 'b', file(1)), act.moveFile('b', 'a', file(2))]));
      const lines = rowsOf(swap).map((line) => line.replace(/ {2,}/g, '  '));
      expect(lines).to.include.members([
        ' [x]  → a  from b · 1 B not copied · the old entry moves to b',
        ' [x]  → b  from a · 2 B not copied · the old entry moves to a',
      ]);
      expect(shown(openAt(swap, {type: 'move', by: 1}))).to.include('the old entry moves to b');
    });

    it('of a folder and in it count once, and a box stands for both ends', () => {
      const left = openAt(at('incoming/trip'), {type: 'toggle'});
      const boxes = rowsOf(left).map((line) => line.slice(1, 4) + line.slice(4, 40).trimEnd());
      expect(boxes).to.include.members([
        '[ ]     → incoming/trip/',
        '[ ]     ▾ → 2024/',
        '[ ]         ~ x',
        '[x]       → b\\n.jpg',
      ]);
      expect(left.notice?.text).to.equal('1 change left out, and 1 more that depends on it.');
    });
  });

  it('draws the row of the cursor, whatever the size', () => {
    const state = openPlan(planOf(Array.from({length: 100}, (_, i) => act.create(`file${String(i).padStart(2, '0')}`))), {halts});
    fc.assert(
      fc.property(anySize, fc.nat(100), (size, by) => {
        const lines = texts(openAt(state, {type: 'move', by}), size);
        expect(lines.filter((line) => line.startsWith('❯'))).to.have.length(1);
        if (by > 0)
          expect(lines.find((line) => line.startsWith('❯'))).to.include(
            size.columns < 30 ? 'f' : `file${String(by - 1).padStart(2, '0')}`,
          );
      }),
    );
  });

  it('keeps the cursor in sight when guards take lines of the screen', () => {
    const size = {columns: 80, rows: 23};
    const plan = planOf(Array.from({length: 100}, (_, i) => act.create(`file${i}`)));
    const state = settle(openAt(settle(openPlan(plan), size), {type: 'move', by: 10}), size);
    const judged = settle(openAt(state, {type: 'judged', halts}), size);
    expect(judged.height).to.be.below(state.height);
    expect(texts(judged, size).filter((line) => line.startsWith('❯'))).to.have.length(1);
  });

  it('shows the names of folders 500 levels deep', () => {
    const names = Array.from({length: 500}, (_, i) => `d${i}`);
    const state = openPlan(planOf(names.map((_, i) => act.mkdir(names.slice(0, i + 1).join('/')))));
    const last = openAt(state, {type: 'expand-all'}, {type: 'last'});
    expect(texts(last, {columns: 80, rows: 23}).find((line) => line.startsWith('❯'))).to.include('+ d499/');
  });

  it('scrolls a page to its last line, and no farther', () => {
    const size = {columns: 80, rows: 12};
    const state = settle(openAt(openPlan(hostilePlan()), {type: 'help'}, {type: 'last'}), size);
    const lines = texts(state, size);
    expect(lines.at(-3)).to.include('^Z');
    expect(texts(openAt(state, {type: 'move', by: -1}), size)).to.not.deep.equal(lines);
    expect(texts(settle(openAt(state, {type: 'move', by: 9}), size), size)).to.deep.equal(lines);
  });

  for (const count of [1, 596, 12_345, 1_234_567]) {
    for (const width of [80, 100, 140, 200]) {
      it(`says how many there are of each kind: ${count} on ${width} columns`, () => {
        const line = texts(counting(count), {columns: width, rows: 24})[1] as string;
        const isShort = (width === 80 && count > 10_000) || (width === 100 && count > 1_000_000);
        const number = (value: number) =>
          value.toLocaleString('en-US', isShort ? {notation: 'compact', maximumFractionDigits: 1} : {});
        expect(line.match(/ [1-8] [^\s\d][\d,.KM]+(?= )/g)).to.deep.equal([
          ` 1 +${number(2 * count)}`,
          ` 2 ~${number(count)}`,
          ` 3 ±${number(count)}`,
          ` 4 =${number(count)}`,
          ` 5 ·${number(count)}`,
          ` 6 -${number(2 * count)}`,
          ` 7 !${number(count)}`,
          ` 8 →${number(count)}`,
        ]);
        expect(line).to.not.include('…');
      });
    }
  }

  it('shows long guards, warnings and lines of content whole on their pages', () => {
    const size = {columns: 40, rows: 40};
    const whole = (state: ReviewState) =>
      texts(state, size)
        .slice(3, -2)

        .join('')
        .replaceAll(' ', '');
    const warning = 'w'.repeat(100);
    const state = openPlan(planOf([act.create('a')], {warnings: [warning]}), {halts});
    expect(whole(openAt(state, {type: 'notes'})))
      .to.include(warning)
      .and.include('morethan--max-delete50%');
    const line = `${'c'.repeat(100)}日本語`;
    const look = {index: 0, content: {lines: [{type: 'added' as const, text: line}]}};
    expect(whole(openAt(state, {type: 'looked', look}, {type: 'move', by: 1}, {type: 'open'}))).to.include(`+${line}`);
  });

  for (const size of SIZES.filter(({rows}) => rows >= 4)) {
    it(`asks and tells with the way out on ${size.columns} × ${size.rows}, and keeps the cursor in sight`, () => {
      const state = settle(openAt(openPlan(KINDS, {halts}), {type: 'last'}), size);
      const effect = {type: 'save', file: `/a/long/way/to/the/${'folder/'.repeat(20)}file`, overwrite: false} as const;
      const ends: readonly (readonly [state: ReviewState, end: string])[] = [
        [openAt(state, {type: 'judged', halts: []}), 'changes? [y/n]'],
        [openAt(state, {type: 'judged', halts}), 'use --allow source-empty'],
        [openAt(state, {type: 'exists', effect}), 'Overwrite it? [y/n]'],
        [openAt(state, {type: 'failed', text: 'a.plan cannot be written (EACCES) - check that you may'}), 'check that you may'],
        [openAt(state, {type: 'export'}), '.xml .txt): dirsync-report.html▏'.slice(size.columns < 30 ? -14 : 0)],
      ];
      for (const [at, end] of ends) {
        const lines = texts(at, size);
        expect(lines.join('').replace(/\s+/g, '')).to.include(end.replace(/\s+/g, ''));
        expect(lines.filter((line) => line.startsWith('❯'))).to.have.length(1);
      }
    });
  }

  it('hides the details on demand, and has their room for the tree', () => {
    for (const size of [
      {columns: 80, rows: 23},
      {columns: 140, rows: 39},
    ]) {
      const state = settle(openPlan(KINDS), size);
      const hidden = settle(openAt(state, {type: 'details'}), size);
      expect(texts(state, size).join('\n')).to.include('6 changes, ');
      expect(texts(hidden, size).slice(2).join('\n')).to.not.include('6 changes, ');
      expect(hidden.height).to.equal(size.rows - 5);
    }
  });

  it('keeps the end of a long prompt in sight, and the question', () => {
    const size = {columns: 40, rows: 9};
    const prompt = openAt(openPlan(KINDS, {halts}), {type: 'save'}, {type: 'text', text: `${'x'.repeat(100)}-end`});
    expect(texts(prompt, size).at(-1)).to.match(/^ Save the plan as: …x+-end▏ *$/);
    const question = openAt(openPlan(KINDS, {halts}), {type: 'judged', halts: []});
    expect(texts(question, size).at(-1)).to.include('Apply these 6 changes? [y/n]');
  });

  describe('without colour', () => {
    const options: Partial<ReviewOptions> = {halts};
    const size = {columns: 140, rows: 30};
    const state = openAt(openPlan(KINDS, options), {type: 'move', by: 1}, {type: 'toggle'});

    it('has no escape sequence; with it, the same text', () => {
      const plain = texts(state, size);
      const colored = texts(state, size, true);
      expect(colored.join('')).to.include('\x1b[');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of styles
      expect(colored.map((line) => line.replace(/\x1b\[[\d;]*m/g, ''))).to.deep.equal(plain);
    });

    it('still tells the cursor, what is chosen, and each kind', () => {
      const tree = texts(state, size)
        .filter((line) => /^[ ❯]\[/.test(line))
        .map((line) => line.slice(0, 20).trimEnd());
      expect(tree[0]).to.equal(' [-] ▾   /target/');
      expect(tree.filter((line) => line.startsWith('❯'))).to.have.length(1);
      expect(tree.find((line) => line.startsWith('❯'))).to.match(/^❯\[ \]/);
      expect(
        tree
          .slice(1)
          .map((line) => line.slice(9).trim())
          .sort(),
      ).to.deep.equal(['+ a', '~ f', '± e/', '= d', '· b/', '- c'].sort());
    });

    it('still tells what is added and removed, and which attributes differ', () => {
      const at = openPlan(planOf([act.update('f', file(1), file(2))]));
      const look = {
        index: 0,
        content: {
          lines: [
            {type: 'removed', text: 'old'},
            {type: 'added', text: 'new'},
          ] as const,
        },
      };
      const lines = texts(openAt(at, {type: 'move', by: 1}, {type: 'looked', look}, {type: 'open'}), size).map((line) =>
        line.trimEnd(),
      );
      expect(lines).to.include.members(['-old', '+new']);
      expect(lines.find((line) => line.startsWith('size'))).to.match(/^size +\* 1 B +→ 2 B$/);
      expect(lines.find((line) => line.startsWith('mode'))).to.match(/^mode {2,}0644 {2,}0644$/);
    });
  });
});
