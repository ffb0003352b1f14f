import {createHash} from 'node:crypto';
import {expect} from 'chai';
import {readPageAssets} from '../../../src/app/assets.js';
import type {Action, ActionKind} from '../../../src/core/action.js';
import {ACTION_KINDS} from '../../../src/core/action.js';
import type {Entry} from '../../../src/core/entry.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Halt, KindTotals, PlanHeader} from '../../../src/core/plan.js';
import {type Problem, problem} from '../../../src/core/problem.js';
import type {RunSummary} from '../../../src/core/run.js';
import {guardHalts} from '../../../src/plan/guards.js';
import {summarize} from '../../../src/plan/summary.js';
import {htmlReport} from '../../../src/report/html/html.js';
import type {PageData, PageEntry} from '../../../src/report/html/page-data.js';
import type {Subject} from '../../../src/report/subject.js';
import {act, file, NOON, planOf, symlink} from '../../support/plan.js';
import {HEADER, runEnd, runOf, step} from '../../support/run.js';
import {movedRun, movesAndDrift} from '../../support/subject.js';

const ASSETS = {script: 'document.title;', style: 'body { margin: 0 }'};
const IMG = '<img src=x onerror="window.__pwned=1">';
const ESCAPES = '\x1b]0;pwned\x07\u202e\u2028\x9b31m\udcff\ud800';

function planSubject(
  actions: readonly Action[],
  overrides: Partial<PlanHeader> & {problems?: readonly Problem[]; halts?: readonly Halt[]} = {},
): Subject {
  const {halts, ...rest} = overrides;
  const plan = planOf(actions, rest);
  return {type: 'plan', plan, summary: summarize(plan), halts: halts ?? guardHalts(plan, [])};
}

function page(subject: Subject, assets = ASSETS): string {
  return [...htmlReport(subject, assets)].join('');
}

function dataOf(text: string): PageData {
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(text)?.[1] ?? 'null') as PageData;
}

const runHeader = {...HEADER, changes: 3, bytes: 30};
const run = runOf(
  [
    step('create', 'b', {bytes: 10}),
    step('update', 'a/x', {status: 'failed', bytes: 10}),
    step('delete', 'c', {status: 'skipped', bytes: 10}),
  ],
  {
    header: runHeader,
    problems: [problem({path: 'a/x' as RelPath, side: 'target', phase: 'write', code: 'ENOSPC'})],
    end: runEnd({done: 1, skipped: 1, failed: 1}, {finished: '2026-01-01T10:00:02.000Z', bytes: 10}),
  },
);

function runSummary(fields: Partial<RunSummary> = {}): RunSummary {
  const kinds = Object.fromEntries(ACTION_KINDS.map((kind) => [kind, {count: 1, bytes: 5}])) as Record<ActionKind, KindTotals>;
  return {header: runHeader, end: run.end, kinds, problems: 0, ...fields};
}

describe('report/html/html', () => {
  describe('the policy', () => {
    it('allows the script and the style sheet of the page by their hashes, and nothing else', () => {
      const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;
      const text = page(planSubject([act.create('a')]));
      expect(text).to.contain(`<script>${ASSETS.script}</script>`).and.to.contain(`<style>${ASSETS.style}</style>`);
      const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1]?.replaceAll('&apos;', "'");
      expect(policy?.split('; ')).to.include.members([
        "default-src 'none'",
        `script-src '${hash(ASSETS.script)}'`,
        `style-src '${hash(ASSETS.style)}'`,
        "base-uri 'none'",
        "form-action 'none'",
      ]);
    });

    it('comes before all that it judges', () => {
      const text = page(planSubject([act.create('a')]));
      expect(text.indexOf('Content-Security-Policy')).to.be.lessThan(text.indexOf('<style>'));
    });

    it('is kept by the markup: no style attributes, no handlers, no resources from elsewhere', () => {
      const subjects: Subject[] = [
        planSubject([act.mkdir('d'), act.create('d/a', file(5)), act.delete('x', file(7)), act.update('u', file(1), file(2))]),
        {type: 'run', run},
        {type: 'history', target: '/target', runs: [runSummary()]},
      ];
      for (const subject of subjects) {
        const text = page(subject, readPageAssets());
        const markup = text.replaceAll(/<script.*?<\/script>|<style>.*?<\/style>/gs, '');
        expect(markup).not.to.match(/<[^>]+\s(?:style|on\w+|src|srcset|action)=/);
        expect(text).not.to.match(/https?:|url\((?!["']?#)|@import/);
      }
    });
  });

  it('holds a script and a style sheet that end only where they end', () => {
    const {script, style} = readPageAssets();
    expect(script).not.to.match(/<\/script|<!--/i);
    expect(style).not.to.contain('</style');
  });

  describe('hostile text', () => {
    const nasty = `${IMG}</script><script>alert(1)</script>&amp;${ESCAPES}`.replaceAll('/', '∕');
    const problems = [{...problem({path: nasty as RelPath, side: 'source', phase: 'scan', code: 'EACCES'}), message: nasty}];
    const actions: Action[] = [
      act.mkdir(nasty),
      act.create(`${nasty}/${nasty}`, file(10)),
      act.create(`${nasty}/link`, symlink(`${IMG}</script>${ESCAPES}`)),
      {kind: 'link', path: 'z' as RelPath, leader: nasty as RelPath, reasons: ['hardlink'], after: file(3)},
      act.delete('zz', symlink(`</script>${IMG}`)),
    ];
    const subjects: Record<string, Subject> = {
      plan: planSubject(actions, {
        problems,
        source: {path: `/${nasty}`},
        target: {path: `/${nasty}`},
        id: nasty,
        writer: nasty,
        created: nasty,
        warnings: [nasty],
        narrowed: {from: nasty, leftOut: 1},
        options: {...planOf([]).header.options, filters: [nasty]},
        halts: [{guard: 'source-empty', message: nasty, allowed: false}],
      }),
      run: {
        type: 'run',
        run: {
          ...run,
          header: {...runHeader, id: nasty, source: nasty, target: nasty, writer: nasty, started: nasty},
          steps: [step('create', nasty, {status: 'failed'}), step('create', `a/${nasty}`)],
          problems,
        },
      },
      history: {type: 'history', target: nasty, runs: [runSummary({header: {...runHeader, id: nasty, started: nasty}})]},
    };

    for (const [name, subject] of Object.entries(subjects)) {
      it(`is text in a ${name}: no markup, no characters that move a cursor or turn the text round`, () => {
        const text = page(subject);
        expect(text).not.to.match(/<img/i);
        expect(text.match(/<script/g) ?? []).to.have.length(name === 'history' ? 0 : 2);
        expect(text.match(/<\/script/g) ?? []).to.have.length(name === 'history' ? 0 : 2);
        expect(text.replaceAll('\n', '')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      });
    }

    it('arrives in the data of the page as it is shown everywhere', () => {
      const names = dataOf(page(subjects.plan as Subject)).rows.map(([, text]) => text);
      expect(names[0]).to.contain('<img').and.to.contain('\\x1b]0;pwned\\x07\\u202e\\u2028\\u009b31m\\xff\\ud800');
      expect(names[0]).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
    });
  });

  describe('size', () => {
    it('of 12 changes: under 100 kB, script and style sheet included', () => {
      const actions = Array.from({length: 12}, (_, i) => act.create(`folder-${i % 3}/file-${i}`, file(i * 1000)));
      expect(Buffer.byteLength(page(planSubject(actions), readPageAssets()))).to.be.lessThan(100_000);
    });

    it('of 100,000 changes with long names and nothing in common: under 20 MB, in pieces', () => {
      const actions = Array.from({length: 100_000}, (_, i) => {
        const before = file(i * 1_000_003, {mtime: NOON + BigInt(i) * 1_234_567_891n});
        const after = file(i * 1_000_033, {mtime: NOON - BigInt(i) * 9_876_543_211n});
        const path = `a-folder-with-a-long-name/another-folder-${String(i >> 5).padStart(5, '0')}/a-file-with-a-long-name-too-${i % 32}.txt`;
        return {...act.update(path, before, after), reasons: ['size', 'mtime']} as Action;
      });
      const pieces = [...htmlReport(planSubject(actions), readPageAssets())];
      expect(pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)).to.be.lessThan(20_000_000);
      expect(Math.max(...pieces.map(({length}) => length))).to.be.lessThan(1_000_000);
    });
  });

  describe('a plan', () => {
    it('says without the script what it comes to, what halts it and what is wrong', () => {
      const locked = problem({path: 'locked' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
      const text = page(
        planSubject([act.create('new', file(2048)), act.delete('old', file(3))], {
          problems: [locked],
          warnings: ['No owners.'],
          narrowed: {from: 'plan-0', leftOut: 4},
          halts: [{guard: 'too-many-deletes', message: 'too much', allowed: false}],
        }),
      );
      expect(text).to.contain(
        '<h1>2 changes, 2 KiB to write</h1>\n<p class="kinds">1 to create, 1 to delete. 4 left out. 1 problem.</p>',
      );
      expect(text).to.contain('<strong>Would halt:</strong> too-many-deletes — too much');
      expect(text).to.contain('<strong>Warning:</strong> No owners.');
      expect(text).to.contain('from plan <code>plan-0</code>: 4 changes left out');
      expect(text).to.contain('<th scope="row"><code>locked</code></th><td>source</td>');
      expect(text).to.contain('Deleted from the target (1)');
    });

    it('with nothing to do is a page too', () => {
      const text = page(planSubject([]));
      expect(text)
        .to.contain('<h1>Nothing to do: the target equals the source.</h1>')
        .and.not.to.match(/<svg|<script/);
    });

    it('lists the first deletes and problems, and counts the others', () => {
      const actions = Array.from({length: 250}, (_, i) => act.delete(`f${String(i).padStart(3, '0')}`));
      const problems = actions.map(({path}) => problem({path, side: 'target', phase: 'scan', code: 'EIO'}));
      const text = page(planSubject(actions, {problems}));
      expect(text).to.contain('… and 50 more deletes').and.to.contain('… and 50 more problems');
    });

    it('gives the script every row once, folders first, with what was there and what will be', () => {
      const old = file(10, {mode: 0o600, uid: 0, gid: 0});
      const data = dataOf(page(planSubject([act.create('a/b/new', file(5)), act.update('a/c', old, file(12)), act.rmdir('z')])));
      expect(data.rows.map((row) => row.slice(0, 4))).to.deep.equal([
        [0, 'a/'],
        [1, 'b/'],
        [2, 'new', ACTION_KINDS.indexOf('create'), 5],
        [1, 'c', ACTION_KINDS.indexOf('update'), 12],
        [0, 'z/', ACTION_KINDS.indexOf('rmdir'), 0],
      ]);
      const [, , , , note = -1, before, after] = data.rows[3] ?? [0, ''];
      expect(data.notes[note]).to.equal('size');
      expect(before && data.attributes[before[0]]).to.deep.equal(['file', '0600', 0, 0]);
      expect((after as PageEntry).slice(1)).to.deep.equal([12, Number(NOON / 1_000_000_000n)]);
    });

    it('shows the fraction of a second where that is what differs', () => {
      const data = dataOf(page(planSubject([act.update('a', file(1), file(1, {mtime: NOON + 5n}))])));
      const times = data.rows[0]?.slice(5).map((entry) => (entry as PageEntry)[2]);
      expect(times).to.deep.equal(['2026-01-01 10:00:00.000000000Z', '2026-01-01 10:00:00.000000005Z']);
    });

    it('gives the script devices and extended attributes, those of many rows once', () => {
      const labelled = file(1, {xattrs: {'user.a': 'QQ==', 'system.posix_acl_default': '?'}});
      const disk: Entry = {...file(), kind: 'blockdev', rdev: '8:1'};
      const data = dataOf(page(planSubject([act.create('a', labelled), act.create('b', labelled), act.delete('c', disk)])));
      expect(data.rare).to.deep.equal([
        [
          ['Default ACL', 0, 'unreadable', 0],
          ['user.a', 0, '"A"', 0],
        ],
        [['Device', '8:1', 0, 0]],
      ]);
      expect(data.rows.map((row) => row[7])).to.deep.equal([0, 0, 1]);
      expect(dataOf(page(planSubject([act.create('a')]))).rows[0]).to.have.length(7);
    });

    it('gives the script a row for the old path of each move, and which two rows belong together', () => {
      const data = dataOf(
        page(planSubject([act.create('a'), act.moveFile('b', 'a'), act.moveFolder('new/in', 'old/in', 7, 2048)])),
      );
      expect(data.rows.map((row) => row.slice(0, 4))).to.deep.equal([
        [0, 'a', ACTION_KINDS.indexOf('create'), 0],
        [0, 'b', ACTION_KINDS.indexOf('move'), 0],
        [0, 'new/'],
        [1, 'in/', ACTION_KINDS.indexOf('move'), 0],
        [0, 'old/'],
        [1, 'in/'],
      ]);
      expect(data.moves).to.deep.equal([
        [0, 1],
        [5, 3],
      ]);
      expect(data.remarks).to.deep.equal({3: '7 files, 2 KiB not copied'});
    });

    it('says what moves, and lists what somebody changed in the target', () => {
      const text = page(planSubject(movesAndDrift));
      expect(text).to.contain('40,001 files (1 GiB) moved, not copied. In the target since the last run: 1 added, 1 changed');
      expect(text).to.contain('from incoming/trip/ · 40,000 files, 1 GiB not copied');
      expect(text.match(/<title>photos\/2024.*?<\/title>/g)).to.deep.equal([
        '<title>photos/2024/: 1 update, 1 move, 2 B</title>',
        '<title>photos/2024/x: update, 2 B</title>',
      ]);
      const [drifted = ''] = /<section id="target-drift".*?<\/section>/s.exec(text) ?? [];
      expect(drifted.match(/<th scope="row">.*?<\/th>/g)).to.deep.equal([
        '<th scope="row"><code>a.txt</code></th>',
        '<th scope="row"><code>photos/<wbr>2024/<wbr>x</code></th>',
        '<th scope="row"><code>z</code></th>',
      ]);
      expect(drifted).to.contain('Changed in the target since the last run (3)');
    });

    it('leaves upkeep out', () => {
      expect(dataOf(page(planSubject([act.upkeep('a'), act.create('a/b')]))).rows).to.have.length(2);
    });

    it('draws at most some hundred tiles, also for a folder of no bytes and for absurd depths', () => {
      const actions = [
        act.delete('no/bytes'),
        act.create(Array(2000).fill('d').join('/'), file(7)),
        ...Array.from({length: 5000}, (_, i) => act.create(`p${i % 70}/q${i % 900}/r${i}`, file(i * 1000))),
      ];
      const tiles = page(planSubject(actions)).match(/<svg class="(?:tile|frame)/g) ?? [];
      expect(tiles.length).to.be.greaterThan(20).and.lessThan(500);
    });
  });

  describe('a run', () => {
    it('shows problems and what was not done before all else', () => {
      const text = page({type: 'run', run});
      expect(text).to.contain('<h1>Incomplete: 1 change done, 1 failed, 1 skipped.</h1>');
      expect(text.indexOf('id="problems"')).to.be.greaterThan(0).and.lessThan(text.indexOf('id="left"'));
      expect(text.indexOf('id="left"')).to.be.lessThan(text.indexOf('id="outcomes"'));
      expect(text).to.contain('2.0 s, 10 B written');
    });

    it('gives the script its steps in the order of their paths, with outcomes and problems', () => {
      const data = dataOf(page({type: 'run', run}));
      expect(data.rows.map(([, name, , , note = -1]) => [name, data.notes[note]])).to.deep.equal([
        ['a/', undefined],
        ['x', 'failed'],
        ['b', 'done'],
        ['c', 'skipped (drift)'],
      ]);
      expect(data.remarks[1]).to.match(/^ENOSPC: no space left/);
    });

    it('says what moved, and joins both ends of it', () => {
      const text = page({type: 'run', run: movedRun});
      expect(text).to.contain('<dt>Moved</dt><dd>40,001 files (1 GiB) moved, not copied</dd>');
      expect(text).to.contain('done · from incoming/trip · 40,000 files, 1 GiB not copied');
      const {rows, moves} = dataOf(text);
      expect(moves.map((pair) => pair.map((row) => rows[row]?.[1]))).to.deep.equal([
        ['c\\x1b.jpg', 'b\\n.jpg'],
        ['trip', '2024'],
      ]);
    });

    it('that was killed says so', () => {
      const {end: _, ...killed} = run;
      expect(page({type: 'run', run: killed})).to.contain(
        '<h1>Not finished: the run is still running or was killed; apply again to do the rest.</h1>',
      );
    });
  });

  describe('a history', () => {
    it('is a table of runs and a chart, without a script', () => {
      const runs = [runSummary(), runSummary({end: undefined}), runSummary({problems: 2})];
      const text = page({type: 'history', target: '/target', runs});
      expect(text).to.contain('3 runs into /target').and.to.contain('? unfinished').and.to.contain('! incomplete');
      expect(text).to.contain('<svg class="chart"').and.not.to.contain('<script');
    });

    it('of no runs is a page too', () => {
      expect(page({type: 'history', target: '/target', runs: []})).to.contain('No runs yet.');
    });
  });
});
