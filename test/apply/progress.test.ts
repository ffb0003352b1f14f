import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh, applySaved} from '../../src/app/sync/apply.js';
import {planTrees} from '../../src/app/sync/plan.js';
import type {ApplyProgress, ApplyStarted, Event} from '../../src/core/event.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {context, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

const BIG = 'x'.repeat(100_000);
const FILES = 3000;

/** Two trees for which an apply takes more than one look at its progress. */
function pair(root: string) {
  const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
  const files = Object.fromEntries(Array.from({length: FILES}, (_, i) => [`f${i}`, BIG]));
  writeTree(source, {folder: files});
  writeTree(target, {gone: {a: 'a'}});
  return {source, target};
}

describe('apply, its progress', () => {
  const temp = tempDirs();

  function follow() {
    const events: Event[] = [];
    const follower = {...context(), onEvent: (event: Event) => void events.push(event)};
    const told = () => ({
      started: events.find((event): event is ApplyStarted => event.type === 'apply-started') as ApplyStarted,
      progress: events.filter((event): event is ApplyProgress => event.type === 'apply-progress'),
    });
    return {follower, told};
  }

  it('counts all steps of a fresh plan, never falls, and names the paths at hand', async () => {
    const {source, target} = pair(temp());
    const {follower, told} = follow();
    await applyFresh(settings(source, target), follower);
    const {started, progress} = told();
    // Made and settled: "folder"; settled: the root; deleted: "gone" and what is in it.
    expect(started).to.include({actions: FILES + 4, steps: FILES + 5, checks: 0, bytes: FILES * BIG.length});
    expect(progress.at(-1)).to.include({actions: started.actions, steps: started.steps, bytes: started.bytes});
    const shares = progress.map(({steps, bytes}) => steps + bytes);
    expect(shares).to.deep.equal(shares.toSorted((a, b) => a - b));
    for (const {totalSteps, totalBytes, steps, bytes, actions} of progress) {
      expect({totalSteps, totalBytes}).to.deep.equal({totalSteps: started.steps, totalBytes: started.bytes});
      expect(steps).to.be.at.most(totalSteps);
      expect(bytes).to.be.at.most(totalBytes);
      expect(actions).to.be.at.most(started.actions);
    }
    expect(progress.flatMap(({current}) => current).some((at) => at?.startsWith('folder/f'))).to.equal(true);
  });

  it('counts actions that a saved plan finds done', async () => {
    const root = temp();
    const {source, target} = pair(root);
    const {plan} = await planTrees(settings(source, target), context());
    const saved = {plan, allow: GUARD_NAMES, fsync: 'none', skipDrifted: false} as const;
    await applySaved(saved, context());
    for (let i = 0; i < FILES; i += 2) fs.rmSync(path.join(target, `folder/f${i}`));
    const {follower, told} = follow();
    await applySaved(saved, follower);
    const {started, progress} = told();
    expect(started).to.include({steps: 2 * started.actions + 1, checks: started.actions});
    const {totalSteps, totalBytes} = progress.at(-1) as ApplyProgress;
    expect(progress.at(-1)).to.include({actions: started.actions, steps: totalSteps, bytes: totalBytes});
    for (const {phase, actions, bytes} of progress.filter(({phase}) => phase !== 'check')) {
      expect(actions, phase).to.be.at.least(FILES / 2);
      expect(bytes, phase).to.be.at.least((FILES / 2) * BIG.length);
    }
  });
});
