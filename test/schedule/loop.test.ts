import {expect} from 'chai';
import fc from 'fast-check';
import {Loop} from '../../src/schedule/loop.js';
import {schedule} from '../support/schedule.js';
import {type Story, World} from '../support/world.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BERLIN = 'Europe/Berlin';

/** The run of this number takes so long, the others take none. */
function takes(number: number, long: number, short = 0): (run: number) => number {
  return (run) => (run === number ? long : short);
}

describe('schedule/loop', () => {
  const stories: Record<string, [name: string, story: Story, expected: string[]][]> = {
    intervals: [
      [
        'whole intervals from the first start, however long a run takes',
        {schedule: {every: 10 * SECOND}, lasts: 35 * SECOND, takes: (run) => run * SECOND},
        ['run 01-01 00:00:00', 'run 01-01 00:00:10', 'run 01-01 00:00:20', 'run 01-01 00:00:30'],
      ],
      [
        'a run that outlasts its interval: what came meanwhile is skipped, and told',
        {schedule: {every: 10 * SECOND}, lasts: 45 * SECOND, takes: takes(1, 25 * SECOND)},
        ['run 01-01 00:00:00', '2 skipped, busy', 'run 01-01 00:00:30', 'run 01-01 00:00:40'],
      ],
      [
        'a run as long as its interval misses the one at its end',
        {schedule: {every: 10 * SECOND}, lasts: 25 * SECOND, takes: takes(1, 10 * SECOND)},
        ['run 01-01 00:00:00', '1 skipped, busy', 'run 01-01 00:00:20'],
      ],
      [
        'queued: one run right after a long one',
        {schedule: {every: 10 * SECOND, overlap: 'queue'}, lasts: 45 * SECOND, takes: takes(1, 25 * SECOND)},
        ['run 01-01 00:00:00', '1 skipped, busy', 'run 01-01 00:00:25', 'run 01-01 00:00:30', 'run 01-01 00:00:40'],
      ],
      [
        'a delay before the first',
        {schedule: {every: MINUTE, delay: 90 * SECOND}, lasts: 4 * MINUTE},
        ['run 01-01 00:01:30', 'run 01-01 00:02:30', 'run 01-01 00:03:30'],
      ],
      [
        'jitter: each start later by chance, and no drift',
        {schedule: {every: MINUTE, jitter: 10 * SECOND}, lasts: 3 * MINUTE, random: () => 0.5},
        ['run 01-01 00:00:05', 'run 01-01 00:01:05', 'run 01-01 00:02:05'],
      ],
      [
        'jitter: a start that is still to come is not skipped by a run before it',
        {
          schedule: {every: HOUR, jitter: 50 * MINUTE},
          lasts: 2 * HOUR,
          takes: () => 20 * MINUTE,
          random: () => 0.999,
        },
        ['run 01-01 00:49:57', 'run 01-01 01:49:57'],
      ],
      [
        'in active hours alone: what is due outside comes once when they begin',
        {schedule: {every: 2 * HOUR, activeHours: [{from: 20 * 60, until: 60}]}, lasts: 26 * HOUR},
        ['run 01-01 00:00:00', 'run 01-01 20:00:00', 'run 01-01 22:00:00', 'run 01-02 00:00:00'],
      ],
      [
        'over the change from summer time',
        {schedule: {every: 12 * HOUR, timezone: BERLIN}, from: '2026-10-24T12:00:00Z', lasts: 25 * HOUR},
        ['run 10-24 12:00:00', 'run 10-25 00:00:00', 'run 10-25 12:00:00'],
      ],
    ],
    calendars: [
      [
        'a run that lasts for days',
        {schedule: {at: [180]}, lasts: 5 * DAY, takes: takes(1, 50 * HOUR, HOUR)},
        ['run 01-01 03:00:00', '2 skipped, busy', 'run 01-04 03:00:00', 'run 01-05 03:00:00'],
      ],
      [
        'queued: right after a run of more than a day',
        {schedule: {at: [180], overlap: 'queue'}, lasts: 3 * DAY, takes: takes(1, 25 * HOUR, HOUR)},
        ['run 01-01 03:00:00', 'run 01-02 04:00:00', 'run 01-03 03:00:00'],
      ],
      [
        'a delay that goes past the first time',
        {schedule: {at: [1, 3], delay: 2 * MINUTE}, lasts: 5 * MINUTE},
        ['run 01-01 00:03:00'],
      ],
      [
        'jitter',
        {schedule: {at: [180], jitter: HOUR}, lasts: 2 * DAY, random: () => 0.25},
        ['run 01-01 03:15:00', 'run 01-02 03:15:00'],
      ],
      [
        'the night of the change to summer time',
        {schedule: {at: [150], timezone: BERLIN}, from: '2026-03-28T12:00:00Z', lasts: 2 * DAY},
        ['run 03-29 01:00:00', 'run 03-30 00:30:00'],
      ],
      [
        'the night of the change from summer time',
        {schedule: {at: [150], timezone: BERLIN}, from: '2026-10-24T12:00:00Z', lasts: 2 * DAY},
        ['run 10-25 00:30:00', 'run 10-26 01:30:00'],
      ],
    ],
    failures: [
      [
        'pauses that double up to the longest, and end with a success',
        {
          schedule: {every: 5 * SECOND, backoff: 20 * SECOND},
          lasts: 84 * SECOND,
          ends: (run) => (run <= 5 ? 'failed' : 'success'),
        },
        [0, 5, 15, 35, 55, 75, 80].map((at) => `run 01-01 00:${at < 60 ? '00' : '01'}:${String(at % 60).padStart(2, '0')}`),
      ],
      [
        'without pauses',
        {schedule: {every: 5 * SECOND, backoff: 0}, lasts: 12 * SECOND, ends: () => 'failed'},
        ['run 01-01 00:00:00', 'run 01-01 00:00:05', 'run 01-01 00:00:10'],
      ],
      [
        'a guard that halts is one, paths with problems are none',
        {schedule: {every: 5 * SECOND}, lasts: 27 * SECOND, ends: (run) => (run === 2 || run === 3 ? 'halted' : 'partial')},
        ['run 01-01 00:00:00', 'run 01-01 00:00:05', 'run 01-01 00:00:10', 'run 01-01 00:00:20', 'run 01-01 00:00:25'],
      ],
      [
        'a daily job has its next time all the same',
        {schedule: {at: [180]}, lasts: 3 * DAY, ends: () => 'failed'},
        ['run 01-01 03:00:00', 'run 01-02 03:00:00', 'run 01-03 03:00:00'],
      ],
    ],
    sleep: [
      [
        'over a time of the calendar: once when it wakes',
        {schedule: {at: [180]}, lasts: 3 * DAY, happens: [[2 * HOUR, (world) => world.sleep(30 * HOUR)]]},
        ['run 01-02 08:00:00', 'run 01-03 03:00:00'],
      ],
      [
        'over times of the calendar, missed ones skipped',
        {schedule: {at: [180], missed: 'skip'}, lasts: 3 * DAY, happens: [[2 * HOUR, (world) => world.sleep(30 * HOUR)]]},
        ['2 skipped, slept', 'run 01-03 03:00:00'],
      ],
      [
        'over intervals: once when it wakes, then as before',
        {schedule: {every: HOUR}, lasts: 7.5 * HOUR, happens: [[90 * MINUTE, (world) => world.sleep(4 * HOUR)]]},
        ['run 01-01 00:00:00', 'run 01-01 01:00:00', 'run 01-01 05:30:00', 'run 01-01 06:00:00', 'run 01-01 07:00:00'],
      ],
      [
        'over intervals, missed ones skipped',
        {schedule: {every: HOUR, missed: 'skip'}, lasts: 7.5 * HOUR, happens: [[90 * MINUTE, (world) => world.sleep(4 * HOUR)]]},
        ['run 01-01 00:00:00', 'run 01-01 01:00:00', '4 skipped, slept', 'run 01-01 06:00:00', 'run 01-01 07:00:00'],
      ],
      [
        'a nap over a time misses none',
        {
          schedule: {every: MINUTE, missed: 'skip'},
          lasts: 150 * SECOND,
          happens: [[50 * SECOND, (world) => world.sleep(30 * SECOND)]],
        },
        ['run 01-01 00:00:00', 'run 01-01 00:01:20', 'run 01-01 00:02:00'],
      ],
    ],
    'clocks that are set': [
      [
        'back: no interval moves',
        {schedule: {every: HOUR}, lasts: 2.5 * HOUR, happens: [[30 * MINUTE, (world) => world.set(-10 * HOUR)]]},
        ['run 01-01 00:00:00', 'run 12-31 15:00:00', 'run 12-31 16:00:00'],
      ],
      [
        'back by two days: the calendar goes by it at once',
        {schedule: {at: [180]}, lasts: 30 * HOUR, happens: [[4 * HOUR, (world) => world.set(-2 * DAY)]]},
        ['run 01-01 03:00:00', 'run 12-31 03:00:00'],
      ],
      [
        'back by an hour after a run: better twice than never',
        {schedule: {at: [180]}, lasts: 30 * HOUR, happens: [[3.5 * HOUR, (world) => world.set(-HOUR)]]},
        ['run 01-01 03:00:00', 'run 01-01 03:00:00', 'run 01-02 03:00:00'],
      ],
      [
        'forward over a time: once',
        {schedule: {at: [180]}, lasts: 30 * HOUR, happens: [[2 * HOUR, (world) => world.set(5 * HOUR)]]},
        ['run 01-01 07:00:00', 'run 01-02 03:00:00'],
      ],
      [
        'forward by decades, as where no battery keeps it',
        {
          schedule: {at: [180]},
          from: '1970-01-01T00:00:10Z',
          lasts: DAY,
          happens: [[MINUTE, (world) => world.set(20_000 * DAY)]],
        },
        ['run 10-04 00:01:10', 'run 10-04 03:00:00'],
      ],
    ],
    wishes: [
      [
        'at once, and no interval moves',
        {schedule: {every: HOUR}, lasts: 2.5 * HOUR, happens: [[20 * MINUTE, ({loop}) => loop.ask()]]},
        ['run 01-01 00:00:00', 'run 01-01 00:20:00', 'run 01-01 01:00:00', 'run 01-01 02:00:00'],
      ],
      [
        'wait neither for the pause after a failure nor for active hours',
        {
          schedule: {every: HOUR, backoff: HOUR, activeHours: [{from: 0, until: 5}]},
          lasts: 2 * HOUR,
          ends: () => 'failed',
          happens: [[20 * MINUTE, ({loop}) => loop.ask()]],
        },
        ['run 01-01 00:00:00', 'run 01-01 00:20:00'],
      ],
      [
        'while a run is at work: one more after it',
        {
          schedule: {every: HOUR},
          lasts: 30 * MINUTE,
          takes: () => 5 * MINUTE,
          happens: [1, 2].map((minute) => [minute * MINUTE, ({loop}) => loop.ask()]),
        },
        ['run 01-01 00:00:00', 'run 01-01 00:05:00'],
      ],
    ],
    changes: [
      [
        'when the source has been quiet',
        {
          schedule: {every: HOUR, watch: true, debounce: 2 * SECOND},
          lasts: MINUTE,
          happens: [10_000, 11_000, 12_500].map((after) => [after, ({loop}) => loop.changed()]),
        },
        ['run 01-01 00:00:00', 'run 01-01 00:00:14'],
      ],
      [
        'without end: after ten times the quiet all the same',
        {
          schedule: {every: HOUR, watch: true, debounce: SECOND},
          lasts: 20 * SECOND,
          happens: Array.from({length: 40}, (_, i) => [i * 500 + 500, ({loop}: World) => loop.changed()] as const),
        },
        ['run 01-01 00:00:00', 'run 01-01 00:00:10'],
      ],
      [
        'while a run is at work: one more after it',
        {
          schedule: {every: HOUR, watch: true, debounce: SECOND},
          lasts: MINUTE,
          takes: () => 5 * SECOND,
          happens: [[3 * SECOND, ({loop}) => loop.changed()]],
        },
        ['run 01-01 00:00:00', 'run 01-01 00:00:05'],
      ],
      [
        'that a failed run did not bring over, when the pause is over, and until one does',
        {
          schedule: {every: HOUR, watch: true, backoff: MINUTE},
          lasts: 10 * MINUTE,
          ends: (run) => (run === 2 || run === 3 ? 'failed' : 'success'),
          happens: [[MINUTE, ({loop}) => loop.changed()]],
        },
        ['run 01-01 00:00:00', 'run 01-01 00:01:00', 'run 01-01 00:01:05', 'run 01-01 00:01:15'],
      ],
      [
        'after a failure, when the pause is over',
        {
          schedule: {every: HOUR, watch: true, backoff: MINUTE},
          lasts: 2 * MINUTE,
          ends: (run) => (run === 1 ? 'failed' : 'success'),
          happens: [[SECOND, ({loop}) => loop.changed()]],
        },
        ['run 01-01 00:00:00', 'run 01-01 00:00:05'],
      ],
    ],
    'a schedule read again': [
      [
        'another interval counts from then',
        {
          schedule: {every: HOUR},
          lasts: 2 * HOUR,
          happens: [[30 * MINUTE, ({loop}) => loop.reload(schedule({every: 40 * MINUTE}))]],
        },
        ['run 01-01 00:00:00', 'run 01-01 01:10:00', 'run 01-01 01:50:00'],
      ],
      [
        'the same one changes nothing',
        {schedule: {every: HOUR}, lasts: 1.5 * HOUR, happens: [[30 * MINUTE, ({loop}) => loop.reload(schedule({every: HOUR}))]]},
        ['run 01-01 00:00:00', 'run 01-01 01:00:00'],
      ],
      [
        'while a run is at work: another interval counts from then, and nothing was missed',
        {
          schedule: {every: HOUR},
          lasts: HOUR,
          takes: () => 10 * MINUTE,
          happens: [[5 * MINUTE, ({loop}) => loop.reload(schedule({every: 30 * MINUTE}))]],
        },
        ['run 01-01 00:00:00', 'run 01-01 00:35:00'],
      ],
      [
        'while a run is at work: a calendar',
        {
          schedule: {every: HOUR},
          lasts: 3 * HOUR,
          takes: () => 10 * MINUTE,
          happens: [[5 * MINUTE, ({loop}) => loop.reload(schedule({at: [120]}))]],
        },
        ['run 01-01 00:00:00', 'run 01-01 02:00:00'],
      ],
    ],
    'a stop': [
      [
        'while a run is at work: it is the last',
        {schedule: {every: MINUTE}, lasts: 30 * SECOND, takes: () => HOUR},
        ['run 01-01 00:00:00'],
      ],
      ['while it waits', {schedule: {every: HOUR}, lasts: 30 * SECOND}, ['run 01-01 00:00:00']],
    ],
  };
  for (const [title, group] of Object.entries(stories)) {
    describe(title, () => {
      for (const [name, story, expected] of group) {
        it(name, async () => expect((await new World(story).live()).told).to.deep.equal(expected));
      }
    });
  }

  it('weeks of working days, with a run of more than a day, one that fails, and the change from summer time', async () => {
    const world = await new World({
      schedule: {cron: ['0 3 * * mon-fri'], timezone: BERLIN},
      from: '2026-10-12T00:00:00Z',
      lasts: 28 * DAY,
      takes: takes(4, 30 * HOUR, 20 * MINUTE),
      ends: (run) => (run === 7 ? 'failed' : 'success'),
    }).live();
    const starts = world.starts.map((time) => new Date(time).toISOString().slice(0, 16));
    expect(starts).to.have.length(19);
    // Thursday's run lasts until Friday is over.
    expect(starts.slice(0, 5)).to.deep.equal(['12', '13', '14', '15', '19'].map((day) => `2026-10-${day}T01:00`));
    expect(starts.slice(-2)).to.deep.equal(['2026-11-05T02:00', '2026-11-06T02:00']);
    expect(world.told.filter((line) => line.includes('skipped'))).to.deep.equal(['1 skipped, busy']);
  });

  it('keeps the interval whatever runs take and however the clock is set', async () => {
    const story = fc.record({
      every: fc.integer({min: 1, max: 120}),
      lengths: fc.array(fc.integer({min: 0, max: 400}), {minLength: 1, maxLength: 8}),
      overlap: fc.constantFrom('skip' as const, 'queue' as const),
      jumps: fc.array(fc.tuple(fc.integer({min: 0, max: 3600}), fc.integer({min: -7200, max: 7200})), {maxLength: 4}),
    });
    const property = fc.asyncProperty(story, async ({every, lengths, overlap, jumps}) => {
      const interval = every * SECOND;
      const takes = (run: number) => (lengths[run % lengths.length] as number) * SECOND;
      const starts: number[] = [];
      const world: World = new World({
        schedule: {every: interval, overlap},
        lasts: HOUR,
        takes(run) {
          starts.push(world.steady);
          return takes(run);
        },
        happens: jumps.map(([after, by]) => [after * SECOND, (each) => each.set(by * SECOND)]),
      });
      const [first] = [world.steady];
      await world.live();
      for (const [i, start] of starts.entries()) {
        if (overlap === 'skip') expect((start - first) % interval).to.equal(0);
        // None begins before the one before it has ended, and none is forgotten.
        if (i > 0) expect(start - ((starts[i - 1] as number) + takes(i))).to.be.within(0, interval);
      }
    });
    await fc.assert(property, {numRuns: 200});
  });

  it('does nothing when it is stopped before', async () => {
    const refuse = () => Promise.reject(new Error('it worked'));
    const loop = new Loop({
      schedule: schedule({every: SECOND}),
      clock: () => ({wall: 0, steady: 0}),
      sleep: refuse,
      work: refuse,
      signal: AbortSignal.abort(),
      onWait: () => {},
      onSkipped: () => {},
    });
    await loop.run();
  });
});
