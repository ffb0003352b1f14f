import {expect} from 'chai';
import fc from 'fast-check';
import type {ApplyProgress, ApplyStarted} from '../../../src/core/event.js';
import {progressText} from '../../../src/report/text/text.js';
import {advance, type Progress, startProgress} from '../../../src/report/words/progress.js';
import {applyProgress} from '../../support/plan.js';

const TICK = 200;

interface Part {
  readonly files: number;
  /** Bytes of each. */
  readonly size: number;
}

/** A disk: milliseconds for a file, and for a byte. */
interface Disk {
  readonly perFile: number;
  readonly perByte: number;
}

/** What is shown every 200 ms of an apply that writes these files one after the other, how long it then really takes, and when the last part begins. */
function simulate(parts: readonly Part[], {perFile, perByte}: Disk) {
  const steps = parts.reduce((sum, {files}) => sum + files, 0);
  const bytes = parts.reduce((sum, {files, size}) => sum + files * size, 0);
  const timeOf = ({files, size}: Part) => files * (perFile + size * perByte);
  const end = parts.reduce((sum, part) => sum + timeOf(part), 0);
  let progress = startProgress({type: 'apply-started', actions: steps, steps, checks: 0, bytes}, 0);
  const shown: {progress: Progress; now: number; left: number}[] = [];
  for (let now = TICK; now < end; now += TICK) {
    let time = now;
    const done = {steps: 0, bytes: 0};
    for (const part of parts) {
      const files = Math.min(part.files, (time / timeOf(part)) * part.files);
      time -= Math.min(time, timeOf(part));
      done.steps += Math.floor(files);
      done.bytes += Math.floor(files * part.size);
    }
    const event = {...applyProgress, ...done, totalSteps: steps, totalBytes: bytes, actions: done.steps};
    progress = advance(progress, event, now);
    shown.push({progress, now, left: end - now});
  }
  return {shown, end, last: end - timeOf(parts.at(-1) as Part)};
}

const SMALL = {files: 50_000, size: 1000};
const LARGE = {files: 20, size: 400_000_000};
const disks: [name: string, disk: Disk][] = [
  ['an SSD', {perFile: 0.12, perByte: 1e-6}],
  ['a disk that is slow to seek', {perFile: 3, perByte: 8e-6}],
  ['a fast disk over a slow network', {perFile: 0.3, perByte: 9e-5}],
];

describe('report/words/progress', () => {
  const started = fc
    .record({actions: fc.nat(1e6), steps: fc.nat(2e6), checks: fc.nat(1e6), bytes: fc.maxSafeNat()})
    .map(({steps, checks, ...rest}) => ({...rest, checks, steps: steps + checks}));
  const looks = fc.array(
    fc.record({
      phase: fc.constantFrom<ApplyProgress['phase']>('check', 'write', 'sync', 'delete', 'attrs'),
      passed: fc.nat(60_000),
      steps: fc.double({min: 0, max: 1, noNaN: true}),
      bytes: fc.double({min: 0, max: 1, noNaN: true}),
    }),
  );

  it('never falls, never reaches the end before it, and what is left is a time', () => {
    fc.assert(
      fc.property(started, looks, (fields, told) => {
        const start: ApplyStarted = {type: 'apply-started', ...fields};
        let progress = startProgress(start, 1000);
        let [now, steps, bytes] = [1000, 0, 0];
        for (const look of told) {
          now += look.passed;
          steps += Math.floor((start.steps - steps) * look.steps);
          bytes += Math.floor((start.bytes - bytes) * look.bytes);
          const next = advance(progress, {...applyProgress, phase: look.phase, steps, bytes}, now);
          expect(next.share).to.be.within(progress.share, 0.999);
          for (const figure of [next.left ?? 0, next.stepsPerSecond ?? 0, next.bytesPerSecond ?? 0]) {
            expect(figure).to.be.finite;
            expect(figure).to.be.at.least(0);
          }
          progress = next;
        }
      }),
    );
  });

  it('tells no speed of what took less than a second', () => {
    const start = startProgress({type: 'apply-started', actions: 2, steps: 2, checks: 0, bytes: 200}, 0);
    const early = advance(start, {...applyProgress, steps: 1, bytes: 100}, 999);
    expect(early).to.include({stepsPerSecond: undefined, bytesPerSecond: undefined});
    expect(progressText(early)).to.not.include('/s');
    expect(progressText(advance(early, {...applyProgress, steps: 2, bytes: 200}, 1000))).to.include('B/s');
  });

  for (const [name, disk] of disks) {
    for (const [order, parts] of [
      ['small files, then large ones', [SMALL, LARGE]],
      ['large files, then small ones', [LARGE, SMALL]],
      ['small files alone', [SMALL]],
      ['large files alone', [LARGE]],
    ] as const) {
      it(`tells how long ${order} take on ${name}`, () => {
        const {shown, end, last} = simulate(parts, disk);
        const errors = shown.map(({progress: {left = 0}, left: really}) => Math.abs(left - really) / end);
        // Both kinds of work have been seen for a while.
        const known = shown.findIndex(({now}) => now > last + (end - last) / 5 + 1000);
        expect(Math.max(...errors.slice(known))).to.be.below(0.1);
        expect(Math.max(...errors), 'while one is guessed from the other').to.be.below(1);
        const uneven = shown.map(({progress: {share}, now}) => Math.abs(share - now / end));
        if (parts.length === 1) expect(Math.max(...uneven)).to.be.below(0.02);
      });
    }
  }
});
