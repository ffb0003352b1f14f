import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {type Action, isUpkeep} from '../../src/core/action.js';
import {encodeAction} from '../../src/formats/json.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {narrow} from '../../src/plan/narrow.js';
import {Selection} from '../../src/plan/selection.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {applyFile, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {file as fileLeaf, Leaf, pairOfTrees, readTree, shownPath, type Tree, writeTree} from '../support/tree.js';

const RUNS = Number(process.env.LAW_RUNS ?? 25);

/** Two trees in which files of equal size have equal content, as comparing by size and time takes for granted. */
const truthfulPair = pairOfTrees.map(([a, b]): [Tree, Tree] => [widen(a), widen(b)]);

function widen(tree: Tree): Tree {
  const entries = Object.entries(tree).map(([name, node]): [string, Tree[string]] => {
    if (!(node instanceof Leaf)) return [name, node];
    if (node.type === 'file' && node.text === 'y') return [name, fileLeaf('yyy', node.attributes)];
    return [name, new Leaf(node.type, node.text, widen(node.tree), node.attributes)];
  });
  return Object.fromEntries(entries);
}

describe('laws of plan and apply, over random trees', () => {
  const temp = tempDirs();

  /** Two random trees on disk. */
  function pair(a: Parameters<typeof writeTree>[1], b: Parameters<typeof writeTree>[1]) {
    const root = temp();
    const source = path.join(root, 'source');
    const target = path.join(root, 'target');
    writeTree(source, a);
    writeTree(target, b);
    return {root, source, target};
  }

  it('applying diff(a, b) to b gives a, and the second plan is empty', async function () {
    needRsync(this);
    this.timeout(300_000);
    await fc.assert(
      fc.asyncProperty(truthfulPair, async ([a, b]) => {
        const {source, target} = pair(a, b);
        const before = readTree(source);
        const report = await syncTrees(settings(source, target));
        expect(report.problems).to.deep.equal([]);
        expect(readTree(target)).to.deep.equal(before);
        expect(readTree(source), 'the source is never written to').to.deep.equal(before);
        expect(rsyncDifference(source, target)).to.deep.equal([]);
        const {plan} = await planTrees(settings(source, target));
        expect(plan.actions).to.deep.equal([]);
      }),
      {numRuns: RUNS},
    );
  });

  it('a saved plan does the same as a fresh one; applied again it does nothing', async function () {
    needRsync(this);
    this.timeout(300_000);
    await fc.assert(
      fc.asyncProperty(truthfulPair, async ([a, b]) => {
        const {root, source, target} = pair(a, b);
        const file = path.join(root, 'plan');
        const before = readTree(target);
        const {plan, summary} = await planTrees(settings(source, target));
        await writePlanFile(file, plan);
        expect(readTree(target), 'planning writes nothing').to.deep.equal(before);
        const first = await applyFile(file);
        expect(first.counts.done).to.equal(summary.changes);
        expect(rsyncDifference(source, target)).to.deep.equal([]);
        const second = await applyFile(file);
        expect(second.counts).to.deep.equal({
          done: 0,
          'already-done': summary.changes,
          'not-kept': 0,
          skipped: 0,
          failed: 0,
          stopped: 0,
          blocked: 0,
        });
        expect(rsyncDifference(source, target)).to.deep.equal([]);
      }),
      {numRuns: RUNS},
    );
  });

  it('plans are deterministic: the same trees give the same actions', async function () {
    this.timeout(300_000);
    await fc.assert(
      fc.asyncProperty(truthfulPair, async ([a, b]) => {
        const one = pair(a, b);
        const two = pair(a, b);
        const lines = async ({source, target}: typeof one) => {
          const {plan} = await planTrees(settings(source, target));
          // A copy of a tree has other inode numbers, by which moved entries are recognised.
          const encode = (action: Action) => JSON.stringify(encodeAction(action), (key, value) => (key === 'inode' ? '' : value));
          return plan.actions.map(encode);
        };
        expect(await lines(one)).to.deep.equal(await lines(two));
      }),
      {numRuns: Math.ceil(RUNS / 2)},
    );
  });

  it('by content: whatever the times say, the content and the times are those of the source afterwards', async function () {
    needRsync(this);
    this.timeout(300_000);
    await fc.assert(
      fc.asyncProperty(pairOfTrees, async ([a, b]) => {
        const {source, target} = pair(a, b);
        const report = await syncTrees(settings(source, target, {compare: 'content'}));
        expect(report.problems).to.deep.equal([]);
        expect(rsyncDifference(source, target)).to.deep.equal([]);
      }),
      {numRuns: Math.ceil(RUNS / 2)},
    );
  });

  it('a narrowed plan does what is in it and leaves all else as it was; the rest follows with the next plan', async function () {
    needRsync(this);
    this.timeout(300_000);
    await fc.assert(
      fc.asyncProperty(truthfulPair, fc.array(fc.nat(30), {maxLength: 6}), async ([a, b], choices) => {
        const {root, source, target} = pair(a, b);
        const file = path.join(root, 'plan');
        const [before, wanted] = [readTree(target), readTree(source)];
        // With moves, paths below an old path change too: plan/selection tests that.
        const {plan} = await planTrees(settings(source, target, {moves: false}));
        const selection = new Selection(plan.actions, plan.header.options);
        // Odd choices take back in, so that both ways are met.
        for (const choice of choices) {
          const at = choice % Math.max(1, plan.actions.length);
          if (choice % 2 === 0) selection.leaveOut(at, Math.min(at + 1, plan.actions.length));
          else selection.takeIn(at, Math.min(at + 1, plan.actions.length));
        }
        const narrowed = narrow(plan, {selection, id: 'narrowed'});
        await writePlanFile(file, narrowed);
        const report = await applyFile(file);
        expect({
          problems: report.problems,
          left: report.counts.failed + report.counts.skipped + report.counts.stopped,
        }).to.deep.equal({
          problems: [],
          left: 0,
        });
        const after = readTree(target);
        const kinds = new Map(
          narrowed.actions.map((action) => [shownPath(action.path), isUpkeep(action) ? 'upkeep' : action.kind]),
        );
        // Names of one file share their metadata, whichever of them is changed: of these the content is compared.
        const shared = new Set([...namesWithOthers(before), ...namesWithOthers(after)]);
        const essence = (tree: Record<string, string>, at: string) => {
          const line = tree[at]?.replace(/ = .*$/s, '');
          return shared.has(at) ? line?.replace(/^file \d+ (\d+) \S+/, 'file $1').replace(/ \d+:\d+$/, '') : line;
        };
        for (const at of new Set([...Object.keys(before), ...Object.keys(after)])) {
          const kind = kinds.get(at);
          const isDone = kind !== undefined && kind !== 'upkeep';
          // The next assertion covers what a folder's own times are when only its times were put back.
          if (kind === 'upkeep') continue;
          expect(essence(after, at), `${kind} ${at}`).to.equal(essence(isDone ? wanted : before, at));
        }
        await syncTrees(settings(source, target));
        expect(rsyncDifference(source, target)).to.deep.equal([]);
      }),
      {numRuns: RUNS},
    );
  });
});

/** Paths of a tree that are not the only name of their file. */
function namesWithOthers(tree: Record<string, string>): string[] {
  return Object.entries(tree).flatMap(([at, line]) => {
    const [, first] = / = (.*)$/s.exec(line) ?? [];
    return first === undefined ? [] : [at, first];
  });
}
