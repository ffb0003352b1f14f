import {expect} from 'chai';
import {render} from 'ink-testing-library';
import type {Event} from '../../src/core/event.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {ApplyScreen} from '../../src/ui/apply-screen.js';
import {APPLY_STATE, applyState, type ScreenMessage} from '../../src/ui/apply-state.js';
import {RunScreen} from '../../src/ui/run-screen.js';
import {newJob, type RunState, runState} from '../../src/ui/run-state.js';
import {applyProgress} from '../support/plan.js';

const HOSTILE = 'evil\x1b[2J\n\u202egnp' as RelPath;
const LONG = `${'long/'.repeat(60)}end.jpg` as RelPath;

const trouble = (path: RelPath): Event => ({
  type: 'problem',
  problem: problem({path, side: 'source', phase: 'write', code: 'EACCES'}),
});
const started: Event = {type: 'apply-started', actions: 80_000, steps: 80_000, checks: 0, bytes: 2 ** 31};
const half: Event = {
  ...applyProgress,
  actions: 34_120,
  steps: 40_000,
  totalSteps: 80_000,
  bytes: 2 ** 30,
  totalBytes: 2 ** 31,
  current: ['photos/a.jpg' as RelPath, LONG, HOSTILE, undefined],
};

interface Size {
  readonly columns: number;
  readonly rows: number;
}
const SMALL: Size = {columns: 80, rows: 24};
const LARGE: Size = {columns: 200, rows: 60};

function drawApply(events: readonly Event[], {columns, rows}: Size, sent: ScreenMessage[] = []) {
  const state = events.reduce((s, event, i) => applyState(s, event, i * 10_000), APPLY_STATE);
  const props = {state, now: 10_000, columns, rows, color: false, send: (message: ScreenMessage) => void sent.push(message)};
  return render(<ApplyScreen {...props} />);
}

function linesOf({lastFrame}: {lastFrame: () => string | undefined}): string[] {
  return (lastFrame() ?? '').split('\n').map((line) => line.trimEnd());
}

function expectFits(lines: readonly string[], {columns, rows}: Size): void {
  expect(lines.length).to.be.below(rows);
  for (const line of lines) expect(line.length, line).to.be.at.most(columns);
}

describe('ui/screens', () => {
  describe('apply', () => {
    it('shows how far it is, how fast, and what is at hand', () => {
      const lines = linesOf(drawApply([started, half], SMALL));
      expectFits(lines, SMALL);
      expect(lines.slice(0, 4)).to.deep.equal([
        `Writing            ${'█'.repeat(18)}${'░'.repeat(19)} 50 %  10 s left`,
        '  34,120 of 80,000 actions        1 GiB of 2 GiB',
        '   4,000 paths/s                  102 MiB/s             10 s so far',
        '   1  photos/a.jpg',
      ]);
      expect(lines[4]).to.match(/^ {3}2 {2}long\/.*….*\/end\.jpg$/);
      expect(lines[5]).to.equal('   3  evil\\x1b[2J\\n\\u202egnp');
      expect(lines.slice(6)).to.deep.equal(['   4', 'q stop']);
    });

    it('shows the same without a bar on a narrow screen', () => {
      expect(linesOf(drawApply([started, half], {columns: 40, rows: 12})).slice(0, 4)).to.deep.equal([
        'Writing 50 %, 10 s left',
        '  34,120 of 80,000 actions',
        '  1 GiB of 2 GiB',
        '   1  photos/a.jpg',
      ]);
      expect(linesOf(drawApply([started, half], {columns: 20, rows: 5}))).to.deep.equal([
        '50 %, 10 s left',
        '  34,120 of 80,000',
        '  1 GiB of 2 GiB',
        'q stop',
      ]);
    });

    it('shows problems as they come, and which of them when there are more than fit', () => {
      const few = linesOf(drawApply([started, half, trouble('locked' as RelPath), trouble(HOSTILE)], SMALL));
      expect(few.slice(7, 11), 'whole, since there is room').to.deep.equal([
        '',
        'Problems (2):',
        '  ! EACCES  locked (source): permission denied while reading; check the',
        '    permissions of the path and of the folders above it',
      ]);
      expect(few[11]).to.equal('  ! EACCES  evil\\x1b[2J\\n\\u202egnp (source): permission denied while reading;');
      const all = Array.from({length: 240}, (_, i) => trouble(`p${i + 1}` as RelPath));
      for (const size of [SMALL, LARGE]) {
        const lines = linesOf(drawApply([started, half, ...all], size));
        expectFits(lines, size);
        const shown = lines.filter((line) => line.includes('EACCES')).length;
        expect(lines).to.include(`Problems (${241 - shown}–240 of 240):`);
        expect(lines.at(-2)).to.include('p240 ');
        expect(lines.at(-1)).to.equal('q stop · ↑ ↓ PgUp PgDn Home End scroll');
        expect(lines).to.have.length(size.rows - 1);
      }
    });

    for (let rows = 1; rows <= 12; rows++) {
      it(`fits ${rows} rows and 20 columns`, () => {
        const all = Array.from({length: 9}, () => trouble(LONG));
        const many = {...half, current: Array.from({length: 64}, () => LONG)} as Event;
        const lines = linesOf(drawApply([started, many, ...all], {columns: 20, rows}));
        expect(lines.length).to.be.at.most(Math.max(1, rows - 1));
      });
    }

    it('hears the keys', async () => {
      const all = Array.from({length: 240}, (_, i) => trouble(`p${i + 1}` as RelPath));
      const sent: ScreenMessage[] = [];
      const {stdin, unmount} = drawApply([started, half, ...all], SMALL, sent);
      await new Promise(setImmediate);
      for (const key of ['k', '\x1b[B', '\x1b[5~', '\x1b[6~', '\x1b[H', '\x1b[F', 'x', 'jj', 'q', '\x03\x03']) stdin.write(key);
      unmount();
      const shown = 13;
      const scrolls = [-1, 1, -shown, shown, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 2];
      expect(sent).to.deep.equal([
        ...scrolls.map((by) => ({type: 'scroll', by, shown})),
        {type: 'stop'},
        {type: 'stop'},
        {type: 'stop'},
      ]);
    });

    it('says that it stops', () => {
      const state = applyState(applyState(APPLY_STATE, started, 0), {type: 'stop'}, 0);
      const frame = render(<ApplyScreen {...SMALL} state={state} now={0} color={false} send={() => {}} />).lastFrame();
      expect(frame).to.include('Stopping after the current files; press q again to quit at once');
    });
  });

  describe('run', () => {
    const NOON = Date.parse('2026-01-01T12:00:00Z');
    const planned: Event = {type: 'plan-started', source: '/home/me/photos\x1b', target: '/mnt/backup'};
    const failed: Event = {type: 'run-failed', code: 'X', message: 'The source does not exist: photos', hint: 'check the path'};
    const waiting: Event = {type: 'run-waiting', next: '2026-01-01T12:05:00.000Z'};

    function drawRun(events: readonly Event[], {columns, rows}: Size, jobs = 1) {
      const initial: RunState = {
        jobs: Array.from({length: jobs}, (_, i) => newJob({name: `photos${i || ''}`, source: 's', target: 't'})),
        stops: 0,
      };
      const state = events.reduce((s, event) => runState(s, {type: 'of-job', job: 'photos', event}, NOON), initial);
      const now = NOON + 60_000;
      return linesOf(render(<RunScreen {...{state, now, columns, rows}} color={false} send={() => {}} />));
    }

    it('shows the job, when it runs next, and how its last run ended', () => {
      const lines = drawRun([planned, failed, waiting], SMALL);
      expectFits(lines, SMALL);
      expect(lines.slice(0, 6)).to.deep.equal([
        'photos   /home/me/photos\\x1b → /mnt/backup',
        '  Now      waiting; next run at 2026-01-01 12:05:00Z, in 4 min 0 s',
        '  Last     ✗ The source does not exist: photos',
        '             2026-01-01 12:00:00Z, took 0.0 s; check the path',
        '  Changes  ✗',
        '  All      1 run   1 ✗ failed',
      ]);
    });

    for (const size of [SMALL, LARGE, {columns: 40, rows: 12}, {columns: 20, rows: 5}]) {
      it(`tells a long message with what to do on ${size.columns} × ${size.rows}`, () => {
        const message = 'The run was halted: too-many-deletes: would delete 30 of 30 files (100 %), more than --max-delete 50%';
        const halted: Event = {type: 'run-failed', code: 'GUARD_HALTED', message, hint: 'if this is intended, add --allow it'};
        const lines = drawRun([planned, halted, waiting], size);
        expectFits(lines, size);
        const text = lines.join(' ').replace(/\s+/g, ' ');
        expect(text).to.include('✗ The run was').and.include('add --allow it');
        if (size.rows > 5) expect(text).to.include(message).and.include('next run ');
      });

      it(`fits ${size.columns} × ${size.rows} while it applies, with many problems and many runs`, () => {
        const runs = Array.from({length: 300}, () => [planned, failed]).flat();
        const all = Array.from({length: 240}, () => trouble(LONG));
        const lines = drawRun([...runs, planned, started, half, ...all], size);
        expectFits(lines, size);
        expect(lines.join('\n')).to.include(size.columns < 30 ? 'applying' : 'applying, for 1 min 0 s');
        if (size.rows === 5) expect(lines[2]).to.match(/ %, 0 s left$/);
        if (size.rows < SMALL.rows) return;
        expect(lines.join('\n')).to.include('✗✗✗').and.include('of 240):').and.include('photos/a.jpg');
      });
    }

    it('shows as many jobs as fit', () => expectFits(drawRun([planned], SMALL, 9), SMALL));
  });
});
