import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import {type Excludes, unfiltered} from '../../src/plan/unfiltered.js';
import {act, file, folder} from '../support/plan.js';

/** Leaves out what has this name. */
const leavesOut =
  (name: string): Excludes =>
  (path) =>
    path.split('/').at(-1) === name;
const leavesOutFolder =
  (name: string): Excludes =>
  (path, isFolder) =>
    isFolder && leavesOut(name)(path, isFolder);
const NOTHING: Excludes = () => false;
const excluded = (path: string, before = file()): Action => ({...act.delete(path, before), reasons: ['excluded']});

describe('plan/unfiltered', () => {
  const cases: Record<
    string,
    {readonly actions: readonly Action[]; readonly old: Excludes; readonly now?: Excludes; readonly found?: object}
  > = {
    'what is deleted and was left out, and how many': {
      actions: [act.delete('a/x'), act.update('x', file(1), file(2)), act.delete('y')],
      old: leavesOut('x'),
      found: {count: 2, example: 'a/x'},
    },
    'not what is new, what gets other metadata, and what stays': {
      actions: [act.create('x'), act.upkeep('a/x'), act.blocked('b/x')],
      old: leavesOut('x'),
    },
    'not what was not left out': {actions: [act.delete('y')], old: leavesOut('x')},
    'not what both leave out, where that is deleted': {actions: [act.delete('x')], old: leavesOut('x'), now: leavesOut('x')},
    'what is deleted as left out and was not before': {
      actions: [excluded('x'), excluded('y')],
      old: leavesOut('y'),
      now: leavesOut('x'),
      found: {count: 1, example: 'x'},
    },
    'not where the old filters left out a folder, and a file is there': {
      actions: [excluded('x')],
      old: leavesOutFolder('x'),
      now: leavesOut('x'),
    },
    'a folder as a folder': {
      actions: [{...act.rmdir('x'), before: folder()} as Action, act.delete('a/x')],
      old: leavesOutFolder('x'),
      now: NOTHING,
      found: {count: 1, example: 'x'},
    },
  };
  for (const [title, {actions, old, now, found}] of Object.entries(cases)) {
    it(title, () => expect(unfiltered(actions, {old, now})).to.deep.equal(found));
  }
});
