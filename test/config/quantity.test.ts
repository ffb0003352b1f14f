import {expect} from 'chai';
import {parseDuration, parseInterval, parseMaxDelete, parseRate} from '../../src/config/quantity.js';
import {DirsyncError} from '../../src/core/errors.js';

function errorOf(action: () => unknown): DirsyncError {
  try {
    action();
  } catch (error) {
    if (error instanceof DirsyncError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('config/quantity', () => {
  const intervals: readonly (readonly [string, number])[] = [
    ['1s', 1_000],
    ['5s', 5_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1w', 604_800_000],
    ['1h30m', 5_400_000],
    ['365d', 31_536_000_000],
  ];
  for (const [text, milliseconds] of intervals) {
    it(`reads the interval ${text}`, () => expect(parseInterval(text)).to.equal(milliseconds));
  }

  for (const text of [
    '',
    '5x',
    '0s',
    '-1m',
    '5',
    's',
    '1.5h',
    '1h30',
    '366d',
    '500ms',
    ' 5s',
    '5S',
    '5s\n',
    '9999999999999999999s',
    '1toString',
  ]) {
    it(`refuses the interval ${JSON.stringify(text)}`, () => {
      const error = errorOf(() => parseInterval(text));
      expect(error.code).to.equal('INTERVAL_INVALID');
      expect(error.detail).to.equal(`${JSON.stringify(text)} is not an interval`);
      expect(error.hint).to.contain('5s').and.contain('1h30m');
    });
  }

  const durations: readonly (readonly [string, bigint])[] = [
    ['0', 0n],
    ['0s', 0n],
    ['1ns', 1n],
    ['100us', 100_000n],
    ['500ms', 500_000_000n],
    ['2s', 2_000_000_000n],
    ['1s1ns', 1_000_000_001n],
    ['1h', 3_600_000_000_000n],
  ];
  for (const [text, nanoseconds] of durations) {
    it(`reads the duration ${text}`, () => expect(parseDuration(text)).to.equal(nanoseconds));
  }

  for (const text of ['', '1', '-1s', '1.5s', '2x', '00', '366d']) {
    it(`refuses the duration "${text}"`, () => {
      const error = errorOf(() => parseDuration(text));
      expect([error.code, error.detail]).to.deep.equal(['USAGE', `"${text}" is not a duration`]);
      expect(error.hint).to.contain('500ms');
    });
  }

  const limits = [
    ['0', {count: 0}],
    ['100', {count: 100}],
    ['0%', {share: 0}],
    ['50%', {share: 0.5}],
    ['2.5%', {share: 0.025}],
    ['100%', {share: 1}],
  ] as const;
  for (const [text, limit] of limits) {
    it(`reads the limit ${text}`, () => expect(parseMaxDelete(text)).to.deep.equal(limit));
  }

  for (const text of ['', '%', '-1', '1.5', '101%', '-1%', 'all', '99999999999999999999', '50 %']) {
    it(`refuses the limit "${text}"`, () => {
      const error = errorOf(() => parseMaxDelete(text));
      expect([error.code, error.detail]).to.deep.equal(['USAGE', `"${text}" is not a limit on deletions`]);
      expect(error.hint).to.contain('50%');
    });
  }

  for (const [text, rate] of [
    ['0', undefined],
    ['0/s', undefined],
    ['1kB/s', 1000],
    ['50MB', 50_000_000],
    ['1MiB/s', 1024 ** 2],
  ] as const) {
    it(`reads the rate ${text}`, () => expect(parseRate(text)).to.equal(rate));
  }

  it('escapes the quoted text', () => expect(errorOf(() => parseInterval('\x1b[1m')).detail).to.contain('"\\x1b[1m"'));
});
