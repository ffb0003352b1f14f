import {expect} from 'chai';
import fc from 'fast-check';
import {type Action, isUpkeep, volumeOf} from '../../../src/core/action.js';
import type {ApplyReport} from '../../../src/core/outcome.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Plan} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import {guardHalts} from '../../../src/plan/guards.js';
import {summarize} from '../../../src/plan/summary.js';
import {applyText, type PlanTextOptions, planText, progressText} from '../../../src/report/text/text.js';
import {foldersOf} from '../../../src/report/words/folders.js';
import {advance, startProgress} from '../../../src/report/words/progress.js';
import {sizeOf} from '../../../src/report/words/words.js';
import {ChangeTree, TOP} from '../../../src/ui/review/tree.js';
import * as arbitrary from '../../support/arbitrary.js';
import {act, applyProgress, file, folder, header, NOON, planOf, symlink} from '../../support/plan.js';
import {movesAndDrift} from '../../support/subject.js';

const locked = problem({path: 'locked' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
const LOCKED =
  '  ! EACCES  locked (source): permission denied while reading; check the permissions of the path and of the folders above it';

function show(plan: Plan, options: Partial<PlanTextOptions> = {}): string {
  return planText({
    plan,
    summary: summarize(plan),
    halts: guardHalts(plan, ['source-missing']),
    color: false,
    width: 80,
    ...options,
  });
}

function step(fields: Omit<Action, 'path'> & {path: string; leader?: RelPath}): Action {
  return fields as Action;
}

const everyKind: Action[] = [
  act.upkeep(''),
  step({
    kind: 'attrs',
    path: '.bashrc',
    reasons: ['mode', 'owner', 'group'],
    before: file(1),
    after: file(1, {mode: 0o600, uid: 0, gid: 0}),
  }),
  act.mkdir('a'),
  act.create('a/link', symlink('../x')),
  act.create('a/new', file(1234)),
  step({kind: 'link', path: 'a/two', leader: 'a/new' as RelPath, reasons: ['hardlink'], after: file(1234)}),
  step({
    kind: 'update',
    path: 'b.txt',
    reasons: ['size', 'mtime'],
    before: file(10),
    after: file(12, {mtime: NOON + 5_000_000_000n}),
  }),
  step({kind: 'update', path: 'c', reasons: ['mtime'], before: file(10), after: file(10, {mtime: NOON + 5n})}),
  step({kind: 'update', path: 'l', reasons: ['link'], before: symlink('x'), after: symlink('y')}),
  step({kind: 'attrs', path: 'm', reasons: ['mode', 'children'], before: folder(), after: folder({mode: 0o700})}),
  step({kind: 'replace', path: 'r', reasons: ['kind'], before: folder(), after: file(2 * 1024 ** 3)}),
  act.delete('z/a path that is longer than half of the terminal is wide', file(300)),
  act.rmdir('zz'),
];

describe('report/text/text', () => {
  it('counts the bytes of a folder as all other views do, also where it is blocked', () => {
    fc.assert(
      fc.property(arbitrary.actions, (actions) => {
        const changes = actions.filter((action) => !isUpkeep(action));
        const sum = (bytes: readonly (number | undefined)[]) => bytes.reduce<number>((all, each = 0) => all + each, 0);
        const whole = sum(changes.map(volumeOf));
        expect(sum(changes.map(sizeOf))).to.equal(whole);
        expect(new ChangeTree(actions).totals(TOP).bytes).to.equal(whole);
        expect(sum(foldersOf(actions, 1000).map(({bytes}) => bytes))).to.equal(whole);
      }),
    );
  });

  it('shows how far an apply is in one line', () => {
    const start = startProgress({type: 'apply-started', actions: 10, steps: 10, checks: 0, bytes: 0}, 0);
    expect(progressText(start)).to.equal('writing: 0 %, 0 of 10 actions');
    const large = startProgress({type: 'apply-started', actions: 10, steps: 10, checks: 0, bytes: 4e6}, 0);
    const half = advance(large, {...applyProgress, steps: 5, actions: 4, bytes: 2e6, totalBytes: 4e6}, 2000);
    expect(progressText(half)).to.equal('writing: 50 %, 2 s left, 4 of 10 actions, 1.9 MiB of 3.8 MiB, 977 KiB/s');
  });

  describe('a plan', () => {
    it('with nothing to do', () => {
      expect(show(planOf([]))).to.equal('/source → /target\n\nNothing to do: the target equals the source.');
    });

    it('with nothing to do that keeps what only the target has', () => {
      const plan = planOf([], {options: {...header.options, delete: false}});
      expect(show(plan)).to.match(/\nNothing to do: the target holds all of the source\.$/);
    });

    it('with upkeep alone', () => {
      const text = show(planOf([act.upkeep('a'), act.upkeep('b')]));
      expect(text).to.equal('/source → /target\n\nPlan: no changes, but the times of 2 folders will be restored.');
    });

    it('with nothing to do, but problems', () => {
      const text = `/source → /target\n\nProblems (1):\n${LOCKED}\n\nNothing to do, but 1 path could not be read.`;
      expect(show(planOf([], {problems: [locked]}))).to.equal(text);
    });

    it('of every kind', () => {
      expect(show(planOf(everyKind))).to.equal(`\
/source → /target

  · attrs    .bashrc                                            mode 0644 → 0600, owner 1000 → 0, group 1000 → 0
  + mkdir    a/                                                 new
  + create   a/link -> ../x                                     new
  + create   a/new                                     1.2 KiB  new
  = link     a/two                                              hard link to a/new
  ~ update   b.txt                                        12 B  size 10 → 12, mtime 2026-01-01 10:00:00Z → 2026-01-01 10:00:05Z
  ~ update   c                                            10 B  mtime 2026-01-01 10:00:00.000000000Z → 2026-01-01 10:00:00.000000005Z
  ~ update   l -> y                                             link x → y
  · attrs    m/                                                 mode 0755 → 0700
  ± replace  r                                           2 GiB  folder → file
  - delete   z/a path that is longer than half of the terminal is wide    300 B  not in source
  - rmdir    zz/                                                not in source

The times of 1 folder are restored afterwards.

  + mkdir    1
  + create   2  1.2 KiB
  ~ update   3     22 B
  ± replace  1    2 GiB
  = link     1
  · attrs    2
  - delete   1    300 B
  - rmdir    1

Plan: 12 changes: 3 to create, 3 to update, 1 to replace, 1 to link, 2 in attributes only, 2 to delete; 2 GiB to write.`);
    });

    it('with moves, and changes that somebody made in the target', () => {
      expect(show(planOf(movesAndDrift))).to.equal(`\
/source → /target

  → move     README                 from readme
  + create   a.txt             7 B  new · removed from the target since the last run
  → move     photos/2024/           from incoming/trip/ · 40,000 files, 1 GiB not copied
  ~ update   photos/2024/x     2 B  size 1 → 2 · changed in the target since the last run
  → move     photos/b\\n.jpg         from c\\x1b.jpg, mode 0644 → 0600 · 64 B not copied
  - delete   z               300 B  not in source · added in the target since the last run

  + create   1    7 B
  ~ update   1    2 B
  → move     3  1 GiB
  - delete   1  300 B

Plan: 6 changes: 1 to create, 1 to update, 3 to move, 1 to delete; 9 B to write. 40,001 files (1 GiB) moved, not copied. \
In the target since the last run: 1 added, 1 changed, 1 removed.`);
    });

    it('lists moves where the changes are not listed', () => {
      const moves = Array.from({length: 25}, (_, i) => act.moveFolder(`m${i}`, `old/m${i}`, 3, 2048));
      const text = show(planOf([...Array.from({length: 90}, (_, i) => act.create(`f${i}`)), ...moves]));
      expect(text).to.include('\nMoves (25):\n  → m0/  from old/m0/ · 3 files, 2 KiB not copied\n  → m1/');
      expect(text).to.include('\n  … and 5 more\n');
    });

    it('lists what somebody changed in the target where the changes are not listed', () => {
      const drifted = Array.from({length: 30}, (_, i) => ({...act.delete(`d${i}`), targetDrift: 'added' as const}));
      const text = show(planOf([...drifted, ...Array.from({length: 90}, (_, i) => act.create(`f${i}`))]));
      expect(text).to.include('\nChanged in the target since the last run (30):\n  added    d0\n  added    d1\n');
      expect(text).to.include('\n  added    d19\n  … and 10 more\n');
    });

    it('with warnings, guards and problems', () => {
      const plan = planOf([act.create('a')], {
        overlap: 'same',
        sourceMissing: true,
        warnings: ['the target keeps times to 2 s'],
        problems: [locked],
      });
      expect(show(plan)).to.equal(`\
/source → /target

  + create   a  0 B  new

Problems (1):
${LOCKED}

Warning: the target keeps times to 2 s

Would halt: same-tree — source and target are the same folder; lift it with --allow same-tree
Allowed: source-missing — the source does not exist and was treated as an empty folder

  + create   1

Plan: 1 change: 1 to create. 1 problem.`);
    });

    it('of many changes, by folder, the largest ones opened', () => {
      const actions = [act.create('photos/x', file(1))];
      for (const year of ['2023', '2024']) {
        actions.push(act.mkdir(`photos/${year}`));
        for (let i = 0; i < 60; i++) actions.push(act.create(`photos/${year}/f${i}`, file(1000)));
      }
      actions.push(act.delete('videos/a/b/c', file(5)), act.update('z', file(1), file(2)));
      expect(show(planOf(actions))).to.equal(`\
/source → /target

  photos/2023/      61 changes  58.6 KiB  +61
  photos/2024/      61 changes  58.6 KiB  +61
  ./ (itself)         1 change       2 B  ~1
  photos/ (itself)    1 change       1 B  +1
  videos/a/b/         1 change       5 B  -1

--full lists all 125 changes one by one; for a saved plan: dirsync show FILE --full

  + mkdir      2
  + create   121  117 KiB
  ~ update     1      2 B
  - delete     1      5 B

Plan: 125 changes: 123 to create, 1 to update, 1 to delete; 117 KiB to write.`);
    });

    it('of very many folders: the largest 20', () => {
      const actions = Array.from({length: 600}, (_, i) => act.create(`d${i % 30}/f${i}`)).slice(0, 599);
      const lines = show(planOf(actions)).split('\n');
      expect(lines.filter((line) => line.includes(' changes  ')).length).to.equal(20);
      expect(lines).to.include('  … and 10 more folders');
    });

    it('lists everything on request', () => {
      const actions = Array.from({length: 200}, (_, i) => act.create(`f${i}`));
      const problems = Array.from({length: 30}, () => locked);
      const text = show(planOf(actions, {problems}), {all: true});
      expect(text.match(/^ {2}\+ create {3}f/gm)).to.have.length(200);
      expect(text.match(/^ {2}! EACCES/gm)).to.have.length(30);
    });

    it('cuts many problems short', () => {
      const lines = show(planOf([], {problems: Array.from({length: 25}, () => locked)})).split('\n');
      expect(lines).to.include('Problems (25):').and.include('  … and 5 more');
      expect(lines.filter((line) => line === LOCKED)).to.have.length(20);
    });

    it('aligns wide characters', () => {
      const lines = show(planOf([act.create('写真'), act.create('abcd'), act.create('e\u0301fgh')])).split('\n');
      expect(lines.slice(2, 5)).to.deep.equal([
        '  + create   写真  0 B  new',
        '  + create   abcd  0 B  new',
        '  + create   e\u0301fgh  0 B  new',
      ]);
    });

    it('says the same with colour and without', () => {
      const plan = planOf(everyKind, {overlap: 'same', problems: [locked], warnings: ['w']});
      const colored = show(plan, {color: true});
      expect(colored).to.include('\x1b[32m+ create \x1b[39m');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
      expect(colored.replaceAll(/\x1b\[\d+m/g, '')).to.equal(show(plan));
    });

    it('lets nothing of a name through that a terminal would obey', () => {
      fc.assert(
        fc.property(arbitrary.plan, fc.boolean(), (plan, all) => {
          expect(show(plan, {all}).replaceAll('\n', '')).to.match(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u);
        }),
      );
    });

    it('writes out a hostile name', () => {
      const text = show(planOf([act.create('\x1b[2J\n\u202e\udcff', symlink('\x07'))]));
      expect(text).to.include('  + create   \\x1b[2J\\n\\u202e\\xff -> \\x07  ');
    });
  });

  describe('a run', () => {
    const report: ApplyReport = {
      planId: 'p',
      runId: 'r',
      started: '2026-01-01T10:00:00.000Z',
      finished: '2026-01-01T10:00:02.000Z',
      counts: {done: 1200, 'already-done': 0, 'not-kept': 0, skipped: 0, failed: 0, stopped: 0, blocked: 0},
      bytes: 4 * 1024 ** 2,
      problems: [],
      moved: {leaves: 0, bytes: 0},
      skipped: [],
    };

    it('that went well', () => {
      expect(applyText({report, color: false})).to.equal(`\
  done             1,200

4 MiB written in 2.0 s (2 MiB/s)
Done: 1,200 changes.`);
    });

    it('with nothing to do', () => {
      const counts = {...report.counts, done: 0};
      const text = applyText({report: {...report, counts, bytes: 0, finished: report.started}, color: false});
      expect(text).to.equal('Took 0.0 s\nDone: 0 changes.');
    });

    it('of a part of a plan, and says how much was left out', () => {
      const text = (leftOut: number) => applyText({report: {...report, leftOut}, color: false});
      expect(text(1)).to.match(/\nDone: 1,200 changes\. 1 change was left out\.$/);
      expect(text(1200)).to.match(/\. 1,200 changes were left out\.$/);
      expect(text(0)).to.match(/\nDone: 1,200 changes\.$/);
    });

    it('too short to have had a speed', () => {
      const finished = new Date(Date.parse(report.started) + 400).toISOString();
      expect(applyText({report: {...report, finished}, color: false})).to.include('4 MiB written in 0.4 s\n');
    });

    it('with problems and drift', () => {
      const counts = {done: 7, 'already-done': 3, 'not-kept': 0, skipped: 1, failed: 1, stopped: 0, blocked: 0};
      const full = problem({path: 'x\n' as RelPath, side: 'target', phase: 'write', code: 'ENOSPC'});
      const text = applyText({report: {...report, counts, problems: [full], skipped: ['q\x1b' as RelPath]}, color: false});
      expect(text).to.equal(`\
Problems (1):
  ! ENOSPC  x\\n (target): no space left on the target while writing; free bytes or inodes (df, df -i) and run again

Skipped because of drift (1):
  q\\x1b

  done             7
  already done     3
  skipped (drift)  1
  failed           1

4 MiB written in 2.0 s (2 MiB/s)
Incomplete: 10 changes done, 1 failed, 1 skipped.`);
    });

    it('with problems of the scan alone', () => {
      const text = applyText({report: {...report, problems: [locked]}, color: false});
      expect(text).to.match(/\nDone: 1,200 changes, but 1 path had problems\.$/);
    });

    it('that was interrupted', () => {
      const counts = {...report.counts, stopped: 5, blocked: 0};
      const text = applyText({report: {...report, counts, interrupted: 'SIGINT'}, color: false});
      expect(text).to.match(/\nInterrupted by SIGINT: 5 changes left; apply again to do the rest\.$/);
    });
  });
});
