import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh, applySaved} from '../../src/app/sync/apply.js';
import type {Settings} from '../../src/config/settings.js';
import type {Action} from '../../src/core/action.js';
import type {Event} from '../../src/core/event.js';
import {GUARD_NAMES, type Plan} from '../../src/core/plan.js';
import {pairIn} from '../support/cli.js';
import {context, planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {file, hardlink, type Tree} from '../support/tree.js';

const OLD = {mtime: 1_500_000_000_000_000_000n};
const GROUP: Tree = {a: 'the new one', b: hardlink('a')};

type Pair = ReturnType<typeof pairIn>;

interface Case {
  readonly source: Tree;
  readonly target: Tree;
  readonly overrides?: Partial<Settings>;
  /** What happens after the plan was made. */
  readonly change: (pair: Pair) => void;
  /** What is made of the plan by whoever wants to harm. */
  readonly forge?: (plan: Plan) => Plan;
  /** What is at the path of the link then, and whether it is the leader's file. */
  readonly link: string | undefined;
  readonly codes: readonly string[];
}

const inTarget = ({target}: Pair, at: string) => path.join(target, at);
const write = (at: string, text: string, time?: number) => {
  fs.writeFileSync(at, text);
  if (time !== undefined) fs.utimesSync(at, time, time);
};

const cases: Record<string, Case> = {
  'a leader that somebody has edited': {
    source: GROUP,
    target: {a: file('the old one', OLD), b: 'the new one'},
    change: (pair) => write(inTarget(pair, 'a'), 'edited by u', 1_600_000_000),
    link: 'the new one',
    codes: ['DEPENDS'],
  },
  'a leader that is gone from the source': {
    source: GROUP,
    target: {a: file('the old one', OLD), b: 'the new one'},
    change: ({source}) => fs.rmSync(path.join(source, 'a')),
    link: 'the new one',
    codes: ['DEPENDS'],
  },
  'a leader without an action, edited meanwhile': {
    source: GROUP,
    target: {a: 'the new one'},
    change: (pair) => write(inTarget(pair, 'a'), 'edited by u', 1_600_000_000),
    link: undefined,
    codes: ['DEPENDS'],
  },
  'a leader without an action, of the same size and time, compared by content': {
    source: GROUP,
    target: {a: 'the new one'},
    overrides: {compare: 'content'},
    change: (pair) => {
      const {mtimeMs} = fs.statSync(inTarget(pair, 'a'));
      write(inTarget(pair, 'a'), 'edited by u', mtimeMs / 1000);
    },
    link: undefined,
    codes: ['DEPENDS'],
  },
  'a leader of which attributes only were to be set, edited meanwhile': {
    source: {a: file('the new one', {mode: 0o600}), b: hardlink('a')},
    target: {a: 'the new one'},
    change: (pair) => write(inTarget(pair, 'a'), 'edited by u', 1_600_000_000),
    link: undefined,
    codes: ['DEPENDS'],
  },
  'a name that is no longer one of its group': {
    source: {a: file('the new one', OLD), b: hardlink('a')},
    target: {a: file('the new one', OLD)},
    change({source}) {
      const at = path.join(source, 'b');
      const {mtimeMs} = fs.statSync(at);
      fs.rmSync(at);
      write(at, 'another new', mtimeMs / 1000);
    },
    link: undefined,
    codes: ['DRIFTED'],
  },
  'a leader that a forged plan names, and that was never one': {
    source: {b: 'the new one', secret: 'top secret!'},
    target: {secret: 'top secret!'},
    change: () => {},
    forge: (plan) => ({
      ...plan,
      actions: plan.actions.map((action): Action => {
        if (action.kind !== 'create') return action;
        return {kind: 'link', path: action.path, after: action.after, leader: 'secret' as Action['path'], reasons: ['hardlink']};
      }),
    }),
    link: undefined,
    codes: ['DRIFTED'],
  },
};

describe('apply, links to leaders that have changed', () => {
  const temp = tempDirs();

  for (const [title, {source, target, overrides, change, forge = (plan: Plan) => plan, link, codes}] of Object.entries(cases)) {
    it(title, async () => {
      const pair = pairIn(temp(), source, target);
      const {plan} = await planTrees(settings(pair.source, pair.target, overrides));
      change(pair);
      const options = {allow: GUARD_NAMES, fsync: 'none', skipDrifted: true} as const;
      const report = await applySaved({plan: forge(plan), ...options}, context());
      const at = inTarget(pair, 'b');
      expect(fs.existsSync(at) ? fs.readFileSync(at, 'utf8') : undefined).to.equal(link);
      const leader = fs.statSync(inTarget(pair, fs.existsSync(inTarget(pair, 'a')) ? 'a' : 'secret')).ino;
      if (link !== undefined) expect(fs.statSync(at).ino).not.to.equal(leader);
      expect(report.problems.filter((found) => found.path === 'b').map(({code}) => code)).to.deep.equal(codes);
      expect(report.counts.failed + report.counts.skipped, 'not told as done').to.be.at.least(1);
    });
  }

  for (const [title, time, codes] of [
    ['edited after it was written', 1_600_000_000, ['b DEPENDS']],
    ['touched by the copying alone', undefined, []],
  ] as const) {
    it(`a leader that was ${title}`, async () => {
      const {source, target} = pairIn(temp(), GROUP, {a: 'old', b: 'the new one'});
      const onEvent = (event: Event) => {
        if (event.type === 'action' && event.action.path === 'a' && time !== undefined)
          write(path.join(target, 'a'), 'edited by u', time);
      };
      const report = await applyFresh(settings(source, target), {...context(), onEvent});
      expect(report.problems.map((found) => `${found.path} ${found.code}`)).to.deep.equal(codes);
      expect(fs.readFileSync(path.join(target, 'b'), 'utf8')).to.equal('the new one');
    });
  }
});
