import {expect} from 'chai';
import fc from 'fast-check';
import {DirsyncError} from '../../../src/core/errors.js';
import type {RelPath} from '../../../src/core/path.js';
import {githubError, githubReport} from '../../../src/report/markdown/github.js';
import {markdownReport} from '../../../src/report/markdown/markdown.js';
import type {Subject} from '../../../src/report/subject.js';
import {act, planOf} from '../../support/plan.js';
import {
  counts,
  HOSTILE,
  historySubject,
  hostileSubjects,
  locked,
  movesAndDrift,
  planSubject,
  run,
  runSubject,
  subject,
} from '../../support/subject.js';

const TROUBLE = 'locked (source): permission denied while reading; check the permissions of the path and of the folders above it';
const clash = planOf([act.create('a')], {overlap: 'same', sourceMissing: true, warnings: ['50% of it: no'], problems: [locked]});
const end = {finished: '2026-01-01T10:02:05.000Z', counts: {...counts, done: 1, failed: 1, skipped: 1}, bytes: 12};
const drifted = {kind: 'create', path: 'd' as RelPath, status: 'skipped', bytes: 0} as const;

const CASES: Record<string, [subject: Subject, annotations: string[]]> = {
  'a plan': [planSubject(planOf([])), ['::notice title=dirsync::Nothing to do: the target equals the source.']],
  'a plan that halts': [
    planSubject(clash, ['source-missing']),
    [
      '::error title=Would halt%3A same-tree::source and target are the same folder; lift it with --allow same-tree',
      '::warning title=Allowed%3A source-missing::the source does not exist and was treated as an empty folder',
      '::warning title=dirsync::50%25 of it: no',
      `::warning title=EACCES::${TROUBLE}`,
      '::notice title=dirsync::Plan: 1 change: 1 to create. 1 problem.',
    ],
  ],
  'a plan with changes that somebody made in the target': [
    planSubject(planOf(movesAndDrift)),
    [
      '::warning title=Changed in the target since the last run::' +
        '1 added, 1 changed, 1 removed:%0A  a.txt%0A  photos/2024/x%0A  z',
      '::notice title=dirsync::Plan: 6 changes: 1 to create, 1 to update, 3 to move, 1 to delete; 9 B to write. ' +
        '40,001 files (1 GiB) moved, not copied. In the target since the last run: 1 added, 1 changed, 1 removed.',
    ],
  ],
  'a run': [
    runSubject({steps: [drifted], problems: [locked], end}),
    [
      `::error title=EACCES::${TROUBLE}`,
      '::warning title=Skipped because of drift::d'.replace(',', '%2C'),
      '::notice title=dirsync::Incomplete: 1 change done, 1 failed, 1 skipped.',
    ],
  ],
  'a history': [historySubject([run, run]), ['::notice title=dirsync::2 runs of /target']],
};

const COMMAND = /^::(?:error|warning|notice) title=[^:,\r\n]*::[^\r\n]*$/;

describe('report/markdown/github', () => {
  for (const [name, [about, annotations]] of Object.entries(CASES)) {
    it(`annotates ${name}`, () => {
      expect(githubReport(about).annotations.split('\n')).to.deep.equal(annotations);
      expect(githubReport(about).summary).to.equal(markdownReport(about));
    });
  }

  it('annotates no more than GitHub shows', () => {
    const lines = githubReport(runSubject({problems: Array.from({length: 25}, () => locked)})).annotations.split('\n');
    expect(lines).to.have.length(11);
    expect(lines[9]).to.equal('::error title=dirsync::… and 16 more; the job summary lists them');
  });

  it('annotates an error with its way out', () => {
    expect(githubError(new DirsyncError('TARGET_LOCKED', 'by 12, 100 %', 'wait'))).to.equal(
      '::error title=Another run is working on this target::by 12, 100 %25%0Await',
    );
    expect(githubError(new DirsyncError('USAGE', 'x'))).to.equal('::error title=The command line is not valid::x');
    const drift = [{path: 'a%' as RelPath, side: 'source', attribute: 'size', before: '3', now: '7'}] as const;
    expect(githubError(new DirsyncError('PLAN_STALE', 'x', 'y'), drift)).to.equal(
      '::error title=The plan no longer fits the two trees::x%0A  a%25 (source): size 7 instead of 3%0Ay',
    );
  });

  describe('lets no name be a command:', () => {
    for (const text of HOSTILE) {
      it(JSON.stringify(text), () => {
        for (const hostile of hostileSubjects(text)) {
          for (const line of githubReport(hostile).annotations.split('\n')) expect(line).to.match(COMMAND);
        }
      });
    }

    it('any', () => {
      fc.assert(
        fc.property(subject, (any) => {
          for (const line of githubReport(any).annotations.split('\n')) expect(line).to.match(COMMAND);
        }),
      );
    });
  });
});
