import {expect} from 'chai';
import fc from 'fast-check';
import {fromNanoseconds, toNanoseconds} from '../../src/core/entry.js';
import {time} from '../support/arbitrary.js';

describe('core/entry times', () => {
  const cases: [time: bigint, seconds: number, nanoseconds: number][] = [
    [0n, 0, 0],
    [1n, 0, 1],
    [-1n, -1, 999_999_999],
    [-1_000_000_000n, -1, 0],
    [-1_000_000_001n, -2, 999_999_999],
    [1_700_000_000_123_456_789n, 1_700_000_000, 123_456_789],
  ];
  for (const [whole, seconds, nanoseconds] of cases) {
    it(`${whole}`, () => {
      expect(fromNanoseconds(whole)).to.deep.equal({seconds, nanoseconds});
      expect(toNanoseconds(seconds, nanoseconds)).to.equal(whole);
    });
  }
  it('takes seconds that a number does not hold exactly for the last or the first that it does', () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(fromNanoseconds((2n ** 63n - 1n) * 1_000_000_000n + 5n)).to.deep.equal({seconds: most, nanoseconds: 5});
    expect(fromNanoseconds(-(2n ** 63n) * 1_000_000_000n)).to.deep.equal({seconds: -most, nanoseconds: 0});
  });

  it('law: apart and together is the same time, with nanoseconds as in a timespec', () => {
    // Seconds are a float: exact to 2^53, which no file system reaches.
    const kept = time.filter((t) => t / 1_000_000_000n < 2n ** 53n && t / 1_000_000_000n > -(2n ** 53n));
    fc.assert(
      fc.property(kept, (whole) => {
        const {seconds, nanoseconds} = fromNanoseconds(whole);
        expect(nanoseconds).to.be.within(0, 999_999_999);
        expect(toNanoseconds(seconds, nanoseconds)).to.equal(whole);
      }),
    );
  });
});
