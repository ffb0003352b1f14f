import {expect} from 'chai';
import fc from 'fast-check';
import {NS_PER_SECOND} from '../../src/core/entry.js';
import {joinFacts, ORDINARY_END, type TimeFacts, TimeLearner} from '../../src/core/times.js';
import {sameTime, withTimeFacts} from '../../src/plan/compare.js';

const S = NS_PER_SECOND;
const YEAR_1980 = 315_532_800n * S;

/** Keeps times as a kernel does: those beyond its range for its ends, cut to what it counts in. */
interface FileSystem {
  readonly resolution: bigint;
  readonly min: bigint;
  readonly max: bigint;
}

const FILE_SYSTEMS: Record<string, FileSystem> = {
  'ext4, small inodes': {resolution: S, min: -(2n ** 31n) * S, max: (2n ** 31n - 1n) * S},
  'ext4, large inodes': {resolution: 1n, min: -(2n ** 31n) * S, max: (2n ** 34n - 2n ** 31n - 1n) * S},
  'xfs before bigtime': {resolution: 1n, min: -(2n ** 31n) * S, max: (2n ** 31n - 1n) * S + S - 1n},
  ntfs: {resolution: 100n, min: -11_644_473_600n * S, max: 1_833_029_933_770n * S},
  'nfs that keeps microseconds': {resolution: 1_000n, min: 0n, max: (2n ** 32n - 1n) * S},
  'a server that keeps milliseconds': {resolution: 1_000_000n, min: 0n, max: 2n ** 62n},
  exfat: {resolution: 10_000_000n, min: YEAR_1980, max: 4_354_819_199n * S},
  vfat: {resolution: 2n * S, min: YEAR_1980, max: 4_354_819_198n * S},
  'all there is': {resolution: 1n, min: -(2n ** 80n), max: 2n ** 80n},
};

function kept(time: bigint, {resolution, min, max}: FileSystem): bigint {
  const clamped = time < min ? min : time > max ? max : time;
  return clamped - (((clamped % resolution) + resolution) % resolution);
}

/** What a run that sets these times learns. */
function learnt(times: readonly bigint[], fileSystem: FileSystem): TimeFacts | undefined {
  const learner = new TimeLearner();
  for (const time of times) if (learner.wants(time)) learner.learn(time, kept(time, fileSystem));
  return learner.facts();
}

const EXACT = {mtimeWindow: 0n, mtimeRange: undefined};

/** Far beyond every range, and of odd nanoseconds in ordinary years. */
const ENOUGH = [
  -(2n ** 90n),
  2n ** 90n,
  1_700_000_001n * S - 1n,
  1_700_000_000n * S + 123_456_789n,
  1_234_567_891n * S + 987_654_321n,
];

const time = fc.oneof(
  fc.bigInt({min: 0n, max: ORDINARY_END}),
  fc.bigInt({min: -(2n ** 64n), max: 2n ** 64n}),
  fc.bigInt({min: -(2n ** 82n), max: 2n ** 82n}),
  fc.constantFrom(0n, -1n, 1n, S, YEAR_1980 - 1n, ORDINARY_END - 1n, ORDINARY_END),
);

describe('core/times', () => {
  for (const [name, fileSystem] of Object.entries(FILE_SYSTEMS)) {
    describe(name, () => {
      it('law: after a run, every time is the one that was kept for it', () =>
        fc.assert(
          fc.property(fc.array(time), time, (others, mtime) => {
            const policy = withTimeFacts(EXACT, learnt([...ENOUGH, ...others], fileSystem));
            expect(sameTime(mtime, kept(mtime, fileSystem), policy), `${mtime}`).to.equal(true);
          }),
        ));

      it('law: times of a run are current when the next is planned', () =>
        fc.assert(
          fc.property(fc.array(time, {minLength: 1}), (times) => {
            const policy = withTimeFacts(EXACT, learnt(times, fileSystem));
            for (const mtime of times) expect(sameTime(mtime, kept(mtime, fileSystem), policy), `${mtime}`).to.equal(true);
          }),
        ));

      it('a change of ordinary times is seen', () => {
        const policy = withTimeFacts(EXACT, learnt(ENOUGH, fileSystem));
        const before = 1_700_000_000n * S;
        expect(sameTime(before + policy.mtimeWindow + 1n, before, policy)).to.equal(false);
        expect(policy.mtimeWindow).to.equal(fileSystem.resolution === 1n ? 0n : fileSystem.resolution);
      });
    });
  }

  it('asks for few times if all are kept', () => {
    const learner = new TimeLearner();
    const asked = Array.from({length: 1000}, (_, i) => 1_700_000_000n * S + BigInt(i) * 1_001n + 1n).filter((mtime) => {
      const wants = learner.wants(mtime);
      if (wants) learner.learn(mtime, mtime);
      return wants;
    });
    expect(asked).to.have.length(1);
    expect(learner.facts()).to.equal(undefined);
  });

  it('asks for whole seconds until some are known to be kept', () => {
    const learner = new TimeLearner();
    expect(learner.wants(1_700_000_001n * S)).to.equal(true);
    learner.learn(1_700_000_001n * S, 1_700_000_001n * S);
    expect(learner.wants(1_700_000_003n * S)).to.equal(false);
    expect(learner.wants(1_700_000_003n * S + 1n)).to.equal(true);
  });

  describe('facts joined', () => {
    // The ordinary years lie between.
    const bound = (min: bigint, max: bigint) => fc.option(fc.bigInt({min, max}), {nil: undefined});
    const facts: fc.Arbitrary<TimeFacts | undefined> = fc.option(
      fc.record({
        resolution: fc.bigInt({min: 1n, max: 5n}),
        range: fc
          .tuple(bound(-10n, 0n), bound(0n, 10n))
          .map(([min, max]) => ({...(min !== undefined && {min}), ...(max !== undefined && {max})})),
      }),
      {nil: undefined},
    );
    it('law: in any order', () =>
      fc.assert(
        fc.property(facts, facts, (a, b) => {
          expect(joinFacts(a, b)).to.deep.equal(joinFacts(b, a));
        }),
      ));
    it('law: in any grouping', () =>
      fc.assert(
        fc.property(facts, facts, facts, (a, b, c) => {
          expect(joinFacts(joinFacts(a, b), c)).to.deep.equal(joinFacts(a, joinFacts(b, c)));
        }),
      ));
    it('law: the same ones add nothing, and neither does nothing', () =>
      fc.assert(
        fc.property(facts, (a) => {
          expect(joinFacts(a, a)).to.deep.equal(a);
          expect(joinFacts(a, undefined)).to.deep.equal(a);
        }),
      ));
    it('law: equal times stay equal', () =>
      fc.assert(
        fc.property(facts, facts, fc.bigInt({min: -20n, max: 20n}), fc.bigInt({min: -20n, max: 20n}), (a, b, x, y) => {
          const [less, more] = [withTimeFacts(EXACT, a), withTimeFacts(EXACT, joinFacts(a, b))];
          if (sameTime(x, y, less)) expect(sameTime(x, y, more)).to.equal(true);
        }),
      ));
  });
});
