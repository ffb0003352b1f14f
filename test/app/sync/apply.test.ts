import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {Interrupted} from '../../../src/app/context.js';
import {applyExitCode} from '../../../src/app/exit-code.js';
import {
  applyApproved,
  applyFresh,
  applyPlanned,
  applySaved,
  planForApply,
  readApproved,
  type SavedPlanOptions,
} from '../../../src/app/sync/apply.js';
import {judge, type Planned} from '../../../src/app/sync/plan.js';
import {EXIT} from '../../../src/core/errors.js';
import type {Event} from '../../../src/core/event.js';
import {type ApplyReport, type OutcomeStatus, STOPS} from '../../../src/core/outcome.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Plan} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import {writePlanFile} from '../../../src/formats/plan-file.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {pairIn} from '../../support/cli.js';
import {applyReport} from '../../support/job-run.js';
import {act, planOf} from '../../support/plan.js';
import {refusal, refusalCode} from '../../support/refusal.js';
import {context, planTrees, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import {holdings, readTree, type Tree} from '../../support/tree.js';

const HOW = {allow: [], fsync: 'none', skipDrifted: false} as const;

describe('app/sync/apply', () => {
  const temp = tempDirs();
  // Threads take longer to start than these plans to be applied.
  before(() => WorkerPool.keepSpares());
  after(() => WorkerPool.dropSpares());

  describe('reads a plan that was approved', () => {
    it('by its checksum, or whatever it is where none is given', async () => {
      const file = path.join(temp(), 'p.plan');
      const {sha256} = await writePlanFile(file, planOf([act.create('a')]));
      for (const approved of [sha256, undefined]) {
        const saved = await readApproved(file, approved);
        expect([saved.sha256, saved.plan.actions.length]).to.deep.equal([sha256, 1]);
      }
      const other = `${sha256.slice(1)}0`;
      const {code, detail, exitCode} = await refusal(() => readApproved(file, `${other}\x1b`));
      expect({code, exitCode}).to.deep.equal({code: 'PLAN_NOT_APPROVED', exitCode: EXIT.drift});
      expect(detail).to.include(file).and.include(sha256).and.include(other).and.not.include('\x1b');
    });
  });

  describe('a saved plan', () => {
    async function saved(from: Tree, to: Tree | undefined) {
      const pair = pairIn(temp(), from, to);
      const {plan} = await planTrees(settings(pair.source, pair.target));
      const apply = (options: Partial<SavedPlanOptions> = {}, onto = context()) => applySaved({...HOW, plan, ...options}, onto);
      return {...pair, plan, apply};
    }

    it('is applied to the roots that are expected, by whatever way they are named', async () => {
      const {source, target, root, apply} = await saved({a: 'x'}, {});
      fs.symlinkSync('source', path.join(root, 'link'));
      const report = await apply({source: path.join(root, 'link'), target: `${target}/`});
      expect(report.counts.done).to.equal(1);
      expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('x');
      expect(source).to.not.equal(path.join(root, 'link'));
    });

    it('is refused for others, and nothing is done', async () => {
      const {root, source, target, apply} = await saved({a: 'x'}, {});
      const before = readTree(root);
      for (const roots of [{source: target}, {target: source}, {target: path.join(root, 'none')}]) {
        const error = await refusal(() => apply(roots));
        expect(error).to.include({code: 'PLAN_OTHER_ROOT', exitCode: EXIT.drift});
      }
      expect(readTree(root)).to.deep.equal(before);
    });

    for (const side of ['source', 'target'] as const) {
      it(`is refused where another folder is at the path of its ${side}`, async () => {
        const pair = await saved({a: 'x'}, {b: 'y'});
        fs.renameSync(pair[side], path.join(pair.root, 'away'));
        fs.mkdirSync(pair[side]);
        expect(await refusalCode(pair.apply)).to.equal('PLAN_OTHER_ROOT');
      });
    }

    it('whose source is gone halts as a guard does', async () => {
      const {source, apply} = await saved({a: 'x'}, {});
      fs.renameSync(source, `${source}-away`);
      const error = await refusal(apply);
      expect(error).to.include({code: 'SOURCE_MISSING', exitCode: EXIT.guard});
      expect(error.detail).to.include('source-missing');
    });

    it('may be let delete more than it says, or less', async () => {
      const files = Object.fromEntries(Array.from({length: 60}, (_, i) => [`f${i}`, '']));
      const {target, apply} = await saved({kept: ''}, {kept: '', ...files});
      const error = await refusal(apply);
      expect(error).to.include({code: 'GUARD_HALTED', exitCode: EXIT.guard});
      expect(error.detail).to.match(/^too-many-deletes: /);
      expect(await refusalCode(() => apply({maxDelete: {count: 59}}))).to.equal('GUARD_HALTED');
      expect((await apply({maxDelete: {count: 60}})).counts.done).to.equal(60);
      expect(fs.readdirSync(target)).to.have.members(['kept', '.dirsync']);
    });

    it('names each guard that halts it, and how to let them pass', async () => {
      const {plan, apply} = await saved({}, {a: 'x'});
      const overlap: Plan = {...plan, header: {...plan.header, overlap: 'same'}};
      const {detail, hint} = await refusal(() => apply({plan: overlap}));
      const guards = hint?.match(/--allow \S+/g) ?? [];
      expect(guards.length).to.be.greaterThan(1);
      for (const guard of guards) expect(detail).to.include(guard.slice('--allow '.length));
      expect(guards.length).to.equal(judge(overlap, []).halts.filter(({allowed}) => !allowed).length);
    });

    it('is judged and told as it stands today', async () => {
      const {target, apply, plan} = await saved({a: 'x'}, {});
      fs.mkdirSync(path.join(target, '.dirsync'));
      fs.writeFileSync(path.join(target, '.dirsync/id.json'), '{');
      const events: Event[] = [];
      const code = await refusalCode(() => apply({}, {...context(), onEvent: (event) => events.push(event)}));
      expect(code).to.equal('GUARD_HALTED');
      const [ready] = events;
      if (ready?.type !== 'plan-ready') throw new Error('no plan was told');
      expect(ready.plan.actions).to.deep.equal(plan.actions);
      expect(ready.halts.map(({guard}) => guard)).to.include('memory-unreadable');
    });

    it('makes the folders above its target, unless that is forbidden', async () => {
      const {source, root} = pairIn(temp(), {a: 'x'});
      const deep = path.join(root, 'deep/er/target');
      const {plan} = await planTrees(settings(source, deep, {mkpath: true}));
      expect(await refusalCode(() => applySaved({...HOW, plan, mkpath: false}, context()))).to.equal('TARGET_PARENT_MISSING');
      expect((await applySaved({...HOW, plan}, context())).problems).to.deep.equal([]);
      expect(holdings(deep)).to.have.property('a');
    });

    it('of a source that was missing is refused for another one, and where it is back', async () => {
      const {root, target} = pairIn(temp(), {}, {a: 'x'});
      const source = path.join(root, 'none');
      const {plan} = await planTrees(settings(source, target));
      const allow = ['source-missing', 'source-empty', 'too-many-deletes'] as const;
      const apply = (expected?: string) => applySaved({...HOW, allow, plan, source: expected}, context());
      expect(await refusalCode(() => apply(target))).to.equal('PLAN_OTHER_ROOT');
      fs.mkdirSync(source);
      expect(await refusalCode(apply)).to.equal('PLAN_STALE');
      fs.rmdirSync(source);
      expect((await apply(source)).counts.done).to.equal(1);
    });
  });

  describe('a plan that is asked about', () => {
    const trees = (from: Tree = {a: 'x'}, to: Tree = {}) => {
      const pair = pairIn(temp(), from, to);
      return {...pair, wanted: settings(pair.source, pair.target)};
    };

    it('is applied as far as it was approved', async () => {
      const {target, wanted} = trees({a: 'x', b: 'y'});
      const half = async (planned: Planned) =>
        judge({...planned.plan, actions: planned.plan.actions.filter(({path}) => path !== 'b')}, []);
      expect((await applyApproved(wanted, half, context()))?.counts.done).to.equal(1);
      expect(holdings(target)).to.have.property('a');
      expect(holdings(target)).to.not.have.property('b');
    });

    it('is not applied where it was not', async () => {
      const {root, wanted} = trees();
      const before = readTree(root);
      expect(await applyApproved(wanted, async () => undefined, context())).to.equal(undefined);
      expect(readTree(root)).to.deep.equal(before);
    });

    it('is not asked about where there is nothing to do', async () => {
      const {wanted} = trees({}, {});
      const report = await applyApproved(wanted, () => Promise.reject(new Error('it was asked')), context());
      expect(report?.counts.done).to.equal(0);
    });

    it('is not applied when a signal came while somebody thought', async () => {
      const {root, wanted} = trees();
      const before = readTree(root);
      const controller = new AbortController();
      const approve = async (planned: Planned) => {
        controller.abort('SIGINT');
        return planned;
      };
      const ended = await applyApproved(wanted, approve, {...context(), signal: controller.signal}).catch(
        (error: unknown) => error,
      );
      expect(ended).to.be.instanceOf(Interrupted);
      expect(readTree(root)).to.deep.equal(before);
    });

    it('is judged again by what is there once it was approved', async () => {
      const lose = (target: string) => {
        fs.mkdirSync(path.join(target, '.dirsync'));
        fs.writeFileSync(path.join(target, '.dirsync/id.json'), '{');
      };
      const [asked, reviewed] = [trees(), trees()];
      const approve = async (planned: Planned) => {
        lose(asked.target);
        return planned;
      };
      expect(await refusalCode(() => applyApproved({...asked.wanted, allow: []}, approve, context()))).to.equal('GUARD_HALTED');
      const planned = await planTrees({...reviewed.wanted, allow: []});
      lose(reviewed.target);
      expect(await refusalCode(() => applyPlanned(planned, HOW, context()))).to.equal('GUARD_HALTED');
    });
  });

  it('a source that is missing is a guard to who would change the target, and keeps what was said of it', async () => {
    const {root, target} = pairIn(temp(), {}, {});
    const wanted = settings(path.join(root, 'none'), target, {allow: []});
    for (const apply of [
      () => applyFresh(wanted, context()),
      () => planForApply(wanted, context()),
      () => applyApproved(wanted, async (planned) => planned, context()),
    ]) {
      const error = await refusal(apply);
      expect(error).to.include({code: 'SOURCE_MISSING', exitCode: EXIT.guard});
      expect(error.hint).to.include('--allow source-missing');
    }
    const {code} = await refusal(() => applyFresh(settings(target, path.join(root, 'a/b')), context()));
    expect(code, 'other errors stay what they are').to.equal('TARGET_PARENT_MISSING');
  });

  describe('its exit code', () => {
    const bad = problem({path: 'x' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
    const unfinished: readonly OutcomeStatus[] = ['failed', 'skipped', 'stopped', 'blocked'];
    const cases: readonly [title: string, report: ApplyReport, code: number][] = [
      ['all that was done', applyReport({done: 1, 'already-done': 1, 'not-kept': 1}), EXIT.done],
      ['nothing', applyReport({}), EXIT.done],
      ['a problem', applyReport({done: 1}, {problems: [bad]}), EXIT.partial],
      ...unfinished.map((status): [string, ApplyReport, number] => [status, applyReport({done: 1, [status]: 1}), EXIT.partial]),
      ...STOPS.map((interrupted): [string, ApplyReport, number] => [
        `being ended by ${interrupted} half-way`,
        applyReport({done: 1, stopped: 1}, {interrupted}),
        {SIGHUP: 129, SIGINT: 130, SIGTERM: 143, 'max-duration': EXIT.partial}[interrupted],
      ]),
      ['being ended by its time at the very end', applyReport({done: 1}, {interrupted: 'max-duration'}), EXIT.done],
      ['being ended by a signal at the very end', applyReport({done: 1}, {interrupted: 'SIGINT'}), EXIT.sigint],
    ];
    for (const [title, report, code] of cases) it(`of ${title} is ${code}`, () => expect(applyExitCode(report)).to.equal(code));
  });
});
