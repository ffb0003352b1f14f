import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import type {PlanHeader} from '../../src/core/plan.js';
import {checkUser} from '../../src/plan/user.js';
import {act, file, folder, PRESERVED, planOf} from '../support/plan.js';

const NOBODY = 65_534;

interface Case {
  readonly title: string;
  readonly actions: readonly Action[];
  readonly options?: Partial<PlanHeader['options']>;
  /** By default who applies it. */
  readonly plannedBy?: number | undefined;
  readonly by: 'root' | 'nobody';
  /** What the refusal says; undefined: it is none. */
  readonly refused?: string;
}

const USERS = {root: {uid: 0, chown: true, groups: [0]}, nobody: {uid: NOBODY, chown: false, groups: [0]}};
const own = {uid: NOBODY, gid: 0};
const upkeep = (fields = {}): Action => ({
  kind: 'attrs',
  path: '' as Action['path'],
  reasons: ['children'],
  before: folder(fields),
  after: folder(fields),
});
const OWNERS = {owner: true, groups: 'any'} as const;

const CASES: readonly Case[] = [
  {title: 'a user makes files', actions: [act.create('a')], options: {groups: []}, by: 'nobody'},
  {title: 'root makes files and sets their owners', actions: [act.create('a')], options: OWNERS, by: 'root'},
  {
    title: 'a user is to make a file of another user',
    actions: [upkeep(own), act.create('a', file(0, {...own, uid: 1000}))],
    options: OWNERS,
    plannedBy: 0,
    by: 'nobody',
    refused: 'a must belong to 1000:0, which uid 65534 cannot set',
  },
  {
    title: 'a user is to put back the times of a folder of another user',
    actions: [upkeep({...own, uid: 0}), act.delete('a')],
    options: OWNERS,
    plannedBy: 0,
    by: 'nobody',
    refused: 'the target must belong to 0:0',
  },
  {
    title: 'a user makes what belongs to this user anyway',
    actions: [upkeep(own), act.create('a', file(0, own))],
    options: OWNERS,
    plannedBy: 0,
    by: 'nobody',
  },
  {title: 'a user deletes, by a plan of root', actions: [act.delete('a')], options: OWNERS, plannedBy: 0, by: 'nobody'},
  {
    title: 'a user is to give a file to a group that is no longer theirs',
    actions: [act.create('a', file(0, {uid: 1000, gid: 4242}))],
    options: {groups: [NOBODY, 4242]},
    plannedBy: NOBODY,
    by: 'nobody',
    refused: 'a must belong to 1000:4242, which uid 65534 cannot set',
  },
  {
    title: 'root is to make files by a plan of a user',
    actions: [act.delete('a'), act.create('b')],
    options: {groups: []},
    plannedBy: 1000,
    by: 'root',
    refused: 'uid 1000 made the plan, which sets no owners, so b would belong to uid 0',
  },
  {
    title: 'root is to write a file anew by a plan of a user',
    actions: [act.update('a', file(1), file(2))],
    plannedBy: 1000,
    by: 'root',
    refused: 'a would belong to uid 0',
  },
  {
    title: 'a user is to make folders by a plan of another user',
    actions: [act.mkdir('a')],
    options: {groups: []},
    plannedBy: 1000,
    by: 'nobody',
    refused: 'a would belong to uid 65534',
  },
  {
    title: 'root makes nothing by a plan of a user',
    actions: [upkeep(), act.delete('a'), act.rmdir('b')],
    plannedBy: 1000,
    by: 'root',
  },
  {
    title: 'root applies an old plan, which says nothing of its maker',
    actions: [act.create('a')],
    by: 'root',
    plannedBy: undefined,
  },
];

describe('plan/user', () => {
  for (const {title, actions, options = {}, by, refused, ...more} of CASES) {
    it(`${title}: ${refused === undefined ? 'done' : 'refused'}`, () => {
      const plannedBy = 'plannedBy' in more ? more.plannedBy : by === 'root' ? 0 : NOBODY;
      const plan = planOf(actions, {options: {...planOf([]).header.options, ...PRESERVED, ...options}, plannedBy});
      let found: unknown;
      try {
        checkUser(plan, USERS[by]);
      } catch (error) {
        found = error;
      }
      if (refused === undefined) expect(found).to.equal(undefined);
      else {
        expect(found).to.include({code: 'PLAN_OTHER_USER', exitCode: 4});
        expect((found as Error).message).to.include(refused);
      }
    });
  }
});
