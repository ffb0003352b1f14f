/** Two trees as literals, and the result of their comparison. */
import {expect} from 'chai';
import type {RelPath} from '../../src/core/path.js';
import {type PlanOptions, PRESERVABLE, type Preservable} from '../../src/core/plan.js';
import {type Problem, problem} from '../../src/core/problem.js';
import {type DiffOptions, diff} from '../../src/plan/diff.js';
import type {Diff} from '../../src/plan/draft.js';
import {type Losses, NO_LOSSES} from '../../src/plan/losses.js';
import {PRESERVED} from './plan.js';
import {blocksOf, describeActions, describeProblems, streamOf} from './streams.js';
import {DEFAULT_MTIME, Leaf, type LeafAttributes, type Tree} from './tree.js';

export const POLICY: PlanOptions = {
  compare: 'metadata',
  mtimeWindow: 0n,
  delete: true,
  deleteBefore: false,
  deleteAnyway: false,
  deleteExcluded: false,
  oneFileSystem: false,
  renameInvalid: false,
  moves: false,
  onDrift: 'overwrite',
  moveCheckLimit: 0,
  ...PRESERVED,
  owner: true,
  groups: 'any',
  filters: [],
  excludeCaches: false,
  excludeIfPresent: [],
  maxDelete: {share: 1},
};

export interface Given {
  readonly source: Tree | Leaf;
  /** Undefined: there is no target yet. */
  readonly target?: Tree | Leaf;
  readonly policy?: Partial<PlanOptions>;
  /** Paths of files whose content differs; the file at `unreadable` cannot be compared. */
  readonly different?: readonly string[];
  readonly unreadable?: string;
  readonly wanted?: readonly Preservable[];
  /** Names that the target cannot hold. */
  readonly refusedNames?: readonly string[];
  readonly largestFile?: number;
}

export function diffTrees(
  {source, target, policy = {}, different = [], unreadable, wanted = PRESERVABLE, refusedNames = [], largestFile}: Given,
  rows?: number,
  calls: RelPath[][] = [],
  inTargets: RelPath[] = [],
): Promise<Diff> {
  const answer = (path: RelPath): boolean | Problem =>
    path === unreadable ? problem({path, side: 'source', phase: 'plan', code: 'EACCES'}) : !different.includes(path);
  const options: DiffOptions = {
    source: streamOf(blocksOf(source, rows)),
    target: streamOf(target === undefined ? [] : blocksOf(target, rows)),
    policy: {...POLICY, ...policy},
    wanted,
    uid: 1000,
    holdsName: (name) => !refusedNames.includes(name),
    largestFile,
    sameContent: async (paths, inTarget) => {
      calls.push([...paths]);
      inTargets.push(...inTarget);
      return paths.map(answer);
    },
  };
  return diff(options);
}

export const later = {mtime: DEFAULT_MTIME + 1n};

type Case = Given & {
  readonly actions?: readonly string[];
  readonly problems?: readonly string[];
  readonly losses?: Partial<Losses>;
  readonly mounts?: number;
  /** Paths of the target whose content was read. */
  readonly inTarget?: readonly string[];
};

/** By group and title of their tests. */
export type Cases = Record<string, Record<string, Case>>;

/** With this value for a name, by default in the namespace `user`. */
export const xattr = (value: string, name = 'user.a') => ({xattrs: {[name]: value}});
export const pipe = (attributes: LeafAttributes) => new Leaf('fifo', '', {}, attributes);
export const ALONE: Partial<PlanOptions> = {owner: false, groups: [1000], xattrs: ['user'], acls: false, devices: false};

/** A test for each case. */
export function itDiffers(groups: Cases): void {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const [title, {actions = [], problems = [], losses = {}, mounts = 0, inTarget = [], ...given}] of Object.entries(
        cases,
      )) {
        it(title, async () => {
          // Also with every possible block boundary: the result must not depend on where a block ends.
          for (const rows of [Number.POSITIVE_INFINITY, 1, 2, 3]) {
            const asked: RelPath[] = [];
            const found = await diffTrees(given, rows, [], asked);
            expect(describeActions(found.actions)).to.deep.equal(actions);
            expect(describeProblems(found.problems)).to.deep.equal(problems);
            expect(found.losses).to.deep.equal({...NO_LOSSES, ...losses});
            expect(found.mounts).to.equal(mounts);
            if (inTarget.length > 0) expect(asked).to.deep.equal(inTarget);
          }
        });
      }
    });
  }
}
