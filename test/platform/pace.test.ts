import {expect} from 'chai';
import fc from 'fast-check';
import {type Clock, limit, newAllowance, SharedPace} from '../../src/platform/pace.js';

const SECOND = 1_000_000_000n;

/** A clock that goes on only while somebody waits, or when it is told to. */
class Time implements Clock {
  at = 5n * SECOND;
  stopped = false;
  readonly now = () => this.at;
  readonly isStopped = () => this.stopped;
  readonly wait = (milliseconds: number) => {
    this.at += BigInt(milliseconds) * 1_000_000n;
  };
}

function paced(rate: number | undefined, workers = 1) {
  const allowance = newAllowance();
  const time = new Time();
  limit(allowance, rate);
  return {allowance, time, paces: Array.from({length: workers}, () => new SharedPace(allowance, time))};
}

describe('platform/pace', () => {
  it('law: all workers together never move more than the rate allows, and lose no time that they need', () => {
    const step = fc.record({worker: fc.nat(3), bytes: fc.nat(200_000), idle: fc.oneof(fc.constant(0), fc.nat(2000))});
    fc.assert(
      fc.property(fc.integer({min: 1000, max: 10_000_000}), fc.array(step, {maxLength: 50}), (rate, steps) => {
        const {time, paces} = paced(rate, 4);
        let began = time.at;
        let moved = 0;
        for (const {worker, bytes, idle} of steps) {
          // What is not used is not saved up.
          if (idle > 0) {
            time.wait(idle + 10);
            [began, moved] = [time.at, 0];
          }
          expect(paces[worker]?.spend(bytes)).to.equal(true);
          moved += bytes;
          const took = Number(time.at - began) / 1e9;
          const needed = moved / rate;
          expect(took).to.be.within(needed - 0.006, needed + 0.006);
        }
      }),
    );
  });

  it('without a rate nobody waits', () => {
    const {time, paces} = paced(undefined);
    expect([paces[0]?.spend(1e12), paces[0]?.piece, time.at]).to.deep.equal([true, Number.POSITIVE_INFINITY, 5n * SECOND]);
  });

  for (const [rate, piece] of [
    [1000, 125],
    [32_768, 4096],
    [50_000_000, 6_246_400],
  ] as const) {
    it(`moves ${piece} bytes at once at ${rate} a second`, () => expect(paced(rate).paces[0]?.piece).to.equal(piece));
  }

  it('a stop ends a wait, and later calls do not wait', () => {
    const {time, paces, allowance} = paced(1000);
    const stopping = new SharedPace(allowance, {
      ...time,
      wait: () => (time.stopped = true),
      isStopped: () => time.stopped,
      now: () => time.at,
    });
    expect(stopping.spend(1e9)).to.equal(false);
    expect([paces[0]?.spend(1e9), time.at]).to.deep.equal([false, 5n * SECOND]);
  });
});
