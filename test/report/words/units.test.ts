import {expect} from 'chai';
import {formatBytes, formatDuration, formatIsoTime, formatTime} from '../../../src/report/words/units.js';

function table<T>(name: string, format: (value: T) => string, cases: [value: T, text: string][]): void {
  describe(name, () => {
    for (const [value, text] of cases) it(text, () => expect(format(value)).to.equal(text));
  });
}

describe('report/words/units', () => {
  table('bytes', formatBytes, [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1234, '1.2 KiB'],
    [12_288, '12 KiB'],
    [102_399, '100 KiB'],
    [1024 ** 2 - 1, '1 MiB'],
    [3.4 * 1024 ** 3, '3.4 GiB'],
    [Number.MAX_SAFE_INTEGER, '8 PiB'],
  ]);
  table('durations in whole seconds', (ms: number) => formatDuration(ms, {whole: true}), [
    [0, '0 s'],
    [400, '1 s'],
    [59_000, '59 s'],
    [59_001, '1 min 0 s'],
    [125_000, '2 min 5 s'],
  ]);
  table('durations', (ms: number) => formatDuration(ms), [
    [0, '0.0 s'],
    [400, '0.4 s'],
    [59_949, '59.9 s'],
    [59_960, '1 min 0 s'],
    [125_000, '2 min 5 s'],
    [3_600_000 * 3 + 600_000, '3 h 10 min'],
    [3_600_000 * 52, '2 d 4 h'],
  ]);
  describe('times in the zone of the machine, which they name', () => {
    const zone = process.env.TZ;
    after(() => {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    });
    const times: readonly (readonly [zone: string, iso: string, text: string])[] = [
      ['Europe/Berlin', '2026-01-01T10:00:00Z', '2026-01-01 11:00:00+01:00'],
      ['Europe/Berlin', '2026-07-01T10:00:00Z', '2026-07-01 12:00:00+02:00'],
      ['America/St_Johns', '2026-01-01T02:00:00.999Z', '2025-12-31 22:30:00-03:30'],
      ['UTC', '2026-01-01T10:00:00Z', '2026-01-01 10:00:00Z'],
      ['UTC', 'no time\n', 'no time\\n'],
    ];
    for (const [name, iso, text] of times) {
      it(`${name}: ${text}`, () => {
        process.env.TZ = name;
        expect(formatIsoTime(iso)).to.equal(text);
      });
    }
    it('or in UTC, on request', () => {
      process.env.TZ = 'Asia/Tokyo';
      expect(formatTime(0n, {utc: true})).to.equal('1970-01-01 00:00:00Z');
      expect(formatTime(0n)).to.equal('1970-01-01 09:00:00+09:00');
    });
  });
  table('times', formatTime, [
    [0n, '1970-01-01 00:00:00Z'],
    [-1n, '1969-12-31 23:59:59Z'],
    [1_767_261_600n * 1_000_000_000n, '2026-01-01 10:00:00Z'],
    [10n ** 14n * 1_000_000_000n, '100000000000000 s'],
  ]);
  table('exact times', (time: bigint) => formatTime(time, {exact: true}), [
    [5n, '1970-01-01 00:00:00.000000005Z'],
    [-500_000_000n, '1969-12-31 23:59:59.500000000Z'],
  ]);
});
