import {expect} from 'chai';
import type {RelPath} from '../../../src/core/path.js';
import {problem} from '../../../src/core/problem.js';
import type {Run, RunSummary} from '../../../src/core/run.js';
import {summarizeRun} from '../../../src/plan/summary.js';
import {historyText, runText} from '../../../src/report/text/runs.js';
import {HEADER, runEnd, runOf, step} from '../../support/run.js';
import {movedRun} from '../../support/subject.js';

const show = (run: Run, options: {all?: boolean; color?: boolean} = {}) => runText({run, color: false, width: 80, ...options});
const history = (runs: readonly RunSummary[], color = false) => historyText({target: '/target\x07', runs, color, width: 80});

const HEAD = '/source → /target\nRun run-1 of plan plan-1, started 2026-01-01 10:00:00Z by dirsync 0.1.0\n';
const failed = problem({path: 'b/new\n' as RelPath, side: 'source', phase: 'write', code: 'EACCES'});
const MIXED = [
  step('update', 'b/new\n', {status: 'failed', bytes: 10}),
  step('create', 'a', {bytes: 1234}),
  step('delete', 'gone', {bytes: 300, status: 'skipped'}),
  step('attrs', ''),
  step('mkdir', 'b', {status: 'already-done'}),
];

describe('report/text/runs', () => {
  describe('a run', () => {
    it('lists its steps in canonical order, what was not done with what became of it', () => {
      const end = runEnd({done: 2, 'already-done': 1, 'not-kept': 0, skipped: 1, failed: 1}, {bytes: 1234});
      expect(show(runOf(MIXED, {problems: [failed], end}))).to.equal(`${HEAD}
  · attrs    .
  + create   a        1.2 KiB
  + mkdir    b/                already done
  ~ update   b/new\\n     10 B  failed
  - delete   gone       300 B  skipped (drift)

Problems (1):
  ! EACCES  b/new\\n (source): permission denied while reading; check the permissions of the path and of the folders above it

  done             2
  already done     1
  skipped (drift)  1
  failed           1

1.2 KiB written in 2.5 s (494 B/s)
Incomplete: 3 changes done, 1 failed, 1 skipped.`);
    });

    it('says where moves came from, and what they spared', () => {
      expect(show(movedRun)).to.equal(`${HEAD}
  → move     README                 from readme
  + create   a.txt             7 B  removed from the target since the last run
  → move     photos/2024            from incoming/trip · 40,000 files, 1 GiB not copied
  ~ update   photos/2024/x     2 B  changed in the target since the last run
  → move     photos/b\\n.jpg         from c\\x1b.jpg · 64 B not copied
  - delete   z               300 B  added in the target since the last run

  done             6

Took 2.5 s; 40,001 files (1 GiB) moved, not copied
Done: 6 changes.`);
    });

    it('that has no end says what is recorded', () => {
      const run = runOf([step('create', 'a', {bytes: 5})], {end: undefined});
      expect(show(run)).to.equal(`${HEAD}
  + create   a  5 B

1 of 2 changes are recorded as done.
The journal is incomplete: the run was killed, is still running, or could no longer write.`);
    });

    it('that was interrupted', () => {
      const end = runEnd({done: 1, stopped: 12, blocked: 0}, {interrupted: 'SIGTERM'});
      expect(show(runOf([step('create', 'a')], {end}))).to.match(
        /done {14}1\n {2}not started {6}12\n\nTook 2\.5 s\nInterrupted by SIGTERM: 12 changes left; apply again/,
      );
    });

    it('of many steps is counted by kind; --full lists them', () => {
      const steps = Array.from({length: 1200}, (_, i) => step(i < 1000 ? 'create' : 'delete', `f${i}`, {bytes: 1024}));
      const run = runOf(steps);
      expect(show(run)).to.include(`
  + create   1,000  1000 KiB
  - delete     200   200 KiB

--full lists all 1,200 changes one by one
`);
      expect(show(run, {all: true}).split('\n').length).to.be.greaterThan(1200);
    });
  });

  describe('a history', () => {
    it('of nothing', () => {
      expect(history([])).to.equal('/target\\x07\n\nNo runs are recorded here.');
    });

    it('tells how each run ended', () => {
      const run = (id: string, run: Partial<Run>, fields: Partial<RunSummary> = {}) => ({
        ...summarizeRun(runOf(MIXED, {header: {...HEADER, id}, ...run})),
        ...fields,
      });
      const steps = Array.from({length: 1234}, (_, i) => step('update', `${i}`, {bytes: 1}));
      const runs = [
        run('run-6', {end: runEnd({done: 2}, {finished: '2026-01-01T11:02:03.000Z', bytes: 5e9})}),
        run('run-5', {end: runEnd({done: 2, failed: 1, skipped: 1}), problems: [failed]}),
        run('run-4', {end: runEnd({done: 2}), problems: [failed]}),
        run('run-3', {end: runEnd({done: 2, stopped: 40, blocked: 0}, {interrupted: 'SIGINT'})}),
        run('run-2', {end: undefined, steps}),
        run('run-1', {steps: [], end: undefined}, {fault: 'The journal of the run is damaged: FILE, line 1: it has no header'}),
      ];
      expect(history(runs)).to.equal(`/target\\x07

  2026-01-01 10:00:00Z  1 h 2 min  +1 ·1   4.7 GiB  done                                  run-6
  2026-01-01 10:00:00Z      2.5 s  +1 ·1            done, but 1 failed, 1 skipped         run-5
  2026-01-01 10:00:00Z      2.5 s  +1 ·1            done, but 1 problem                   run-4
  2026-01-01 10:00:00Z      2.5 s  +1 ·1            interrupted (SIGINT), 40 not started  run-3
  2026-01-01 10:00:00Z             ~1,234  1.2 KiB  killed or still running               run-2
  2026-01-01 10:00:00Z                              journal unreadable                    run-1

Journals that cannot be read (1):
  ! run-1  The journal of the run is damaged: FILE, line 1: it has no header

\`dirsync show ID --target DIR\` shows one run`);
    });

    it('colour repeats what words say', () => {
      const coloured = history([summarizeRun(runOf(MIXED)), summarizeRun(runOf([], {end: undefined}))], true);
      expect(coloured).to.include('\x1b[32mdone').and.to.include('\x1b[33mkilled');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what a colour is
      const plain = coloured.replaceAll(/\x1b\[\d+m/g, '');
      expect(plain).to.equal(history([summarizeRun(runOf(MIXED)), summarizeRun(runOf([], {end: undefined}))]));
    });
  });
});
