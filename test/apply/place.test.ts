import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh, applySaved} from '../../src/app/sync/apply.js';
import type {Event} from '../../src/core/event.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {GUARD_NAMES, type Plan} from '../../src/core/plan.js';
import {problem} from '../../src/core/problem.js';
import {pairIn} from '../support/cli.js';
import {context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {file, holdings, readTree, type Tree} from '../support/tree.js';

const photo = (number: number) => file(`photo ${number}`, {mtime: BigInt(number) * 1_000_000_000n});

type Pair = ReturnType<typeof pairIn>;

/** What is in the files that a target has set aside. */
function setAside(target: string): string[] {
  const folder = path.join(target, '.dirsync/replaced');
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder, {recursive: true, withFileTypes: true}) : [];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
}

function saved(plan: Plan): Promise<ApplyReport> {
  return applySaved({plan, allow: GUARD_NAMES, fsync: 'none', skipDrifted: true}, context());
}

interface Case {
  readonly source: Tree;
  readonly target: Tree;
  /** What happens in the target after the plan was made. */
  readonly change: (target: string) => void;
  /** What is done to make the way free. */
  readonly amend: (target: string) => void;
  readonly codes: readonly string[];
}

const put = (...at: string[]) => fs.writeFileSync(path.join(...at), 'of the user');

/** A folder gives its place to a file that lay in it under another name. */
const cases: Record<string, Case> = {
  'somebody has put a file into the folder': {
    source: {a: photo(1)},
    target: {a: {photo: photo(1)}},
    change: (target) => put(target, 'a', 'new'),
    amend: (target) => fs.rmSync(path.join(target, 'a/new')),
    codes: ['a NOT_EMPTY'],
  },
  'somebody has edited another file in the folder': {
    source: {a: photo(1)},
    target: {a: {deep: {photo: photo(1)}, other: photo(2)}},
    change: (target) => put(target, 'a', 'other'),
    amend: () => {},
    codes: ['a DEPENDS', 'a/other DRIFTED'],
  },
  'the file was in another folder that gives its place to a file': {
    source: {a: photo(1), b: photo(2)},
    target: {a: {other: photo(3)}, b: {photo: photo(1)}},
    change: (target) => put(target, 'a', 'new'),
    amend: (target) => fs.rmSync(path.join(target, 'a/new')),
    codes: ['a NOT_EMPTY'],
  },
};

describe('apply, leaves that are set aside', () => {
  const temp = tempDirs();

  for (const [title, {source: tree, target: old, change, amend, codes}] of Object.entries(cases)) {
    for (const how of ['fresh', 'saved'] as const) {
      it(`${how}: ${title}`, async () => {
        const {source, target} = pairIn(temp(), tree, old);
        const whenPlanned = ({type}: Event) => {
          if (type === 'plan-ready') change(target);
        };
        const {plan} = await planTrees(settings(source, target));
        if (how === 'saved') change(target);
        const report = await (how === 'saved'
          ? saved(plan)
          : applyFresh(settings(source, target), {...context(), onEvent: whenPlanned}));
        expect(setAside(target)).to.deep.equal(['photo 1']);
        if (how === 'fresh') expect(report.problems.map(({path: at, code}) => `${at} ${code}`).sort()).to.deep.equal(codes);

        amend(target);
        expect((await syncTrees(settings(source, target))).problems).to.deep.equal([]);
        expect(holdings(target)).to.deep.equal(holdings(source));
        expect(setAside(target)).to.deep.equal([]);
      });
    }
  }

  it('a file that swapped names with one that cannot be copied', async () => {
    const {source, target} = pairIn(temp(), {a: photo(2), b: photo(1)}, {a: photo(1), b: photo(2)});
    const onEvent = ({type}: Event) => {
      if (type === 'plan-ready') fs.rmSync(path.join(source, 'b'));
    };
    const report = await applyFresh(settings(source, target), {...context(), onEvent});
    expect(report.counts).to.include({done: 1, failed: 1});
    expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('photo 2');
    expect(setAside(target)).to.deep.equal(['photo 1']);

    expect((await syncTrees(settings(source, target))).problems).to.deep.equal([]);
    expect(holdings(target)).to.deep.equal(holdings(source));
    expect(setAside(target)).to.deep.equal([]);
  });

  it('names that were swapped and turned round, and nothing is left of it', async () => {
    const {source, target} = pairIn(
      temp(),
      {a: photo(2), b: photo(1), c: {x: photo(4), y: photo(5), z: photo(3)}},
      {a: photo(1), b: photo(2), c: {x: photo(3), y: photo(4), z: photo(5)}},
    );
    expect((await syncTrees(settings(source, target))).problems).to.deep.equal([]);
    expect(holdings(target)).to.deep.equal(holdings(source));
    expect(setAside(target)).to.deep.equal([]);
  });

  it('nothing is set aside if the file is different', async () => {
    const {source, target} = pairIn(temp(), {a: photo(1)}, {a: {photo: photo(2)}});
    const onEvent = ({type}: Event) => {
      if (type === 'plan-ready') put(target, 'a', 'new');
    };
    await applyFresh(settings(source, target), {...context(), onEvent});
    expect(setAside(target)).to.deep.equal([]);
  });

  it('a leaf that a folder replaced stays if part of the source could not be read', async () => {
    const {source, target} = pairIn(temp(), {x: {}}, {x: photo(1)});
    const {plan} = await planTrees(settings(source, target));
    const unread = problem({path: 'x' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
    const report = await saved({...plan, problems: [unread]});
    expect(report.counts).to.include({done: 1, failed: 0});
    expect(setAside(target)).to.deep.equal(['photo 1']);
    await syncTrees(settings(source, target));
  });

  describe('files that a killed run has set aside', () => {
    /** As after a kill right after a file has given its place to a folder. */
    const killed = ({source, target}: Pair, planId: string) => {
      fs.rmSync(path.join(source, 'x'));
      fs.mkdirSync(path.join(source, 'x'));
      fs.writeFileSync(path.join(source, 'x/x'), 'photo 1');
      const id = '20260101T000000000Z-abcdef';
      for (const folder of [`replaced/${id}`, 'runs']) fs.mkdirSync(path.join(target, '.dirsync', folder), {recursive: true});
      fs.renameSync(path.join(target, 'x'), path.join(target, `.dirsync/replaced/${id}/0`));
      fs.mkdirSync(path.join(target, 'x'));
      const header = {id, planId, writer: 'dirsync', source, target, started: '2026-01-01T00:00:00.000Z', changes: 1, bytes: 0};
      const line = JSON.stringify({dirsync: 'run', format: 1, ...header});
      fs.writeFileSync(path.join(target, `.dirsync/runs/${id}.ndjson`), `${line}\n`);
    };

    it('stays when an older plan is applied, which knows nothing of it', async () => {
      const pair = pairIn(temp(), {x: photo(1), z: 'new'}, {x: photo(1)});
      const {plan} = await planTrees(settings(pair.source, pair.target));
      killed(pair, 'another plan');
      expect((await saved(plan)).counts).to.include({done: 1});
      expect(setAside(pair.target)).to.deep.equal(['photo 1']);
      expect((await saved(plan)).counts, 'with nothing to do').to.include({'already-done': 1});
      expect(setAside(pair.target)).to.deep.equal(['photo 1']);

      await syncTrees(settings(pair.source, pair.target));
      expect(setAside(pair.target)).to.deep.equal([]);
      expect(readTree(pair.target)).to.have.property('x/x');
    });

    it('are removed when the same plan is applied again', async () => {
      const pair = pairIn(temp(), {x: photo(1), z: 'new'}, {x: photo(1)});
      const {plan} = await planTrees(settings(pair.source, pair.target));
      killed(pair, plan.header.id);
      await saved(plan);
      expect(setAside(pair.target)).to.deep.equal([]);
    });
  });
});
