/** An output that shows nothing, and remembers what it was told. */
import type {Output} from '../../src/app/output/output.js';
import type {Event} from '../../src/core/event.js';
import type {LogSettings} from '../../src/core/log.js';

export interface HeardOutput extends Output {
  readonly heard: (readonly [job: string | undefined, event: Event])[];
  /** Whose log was opened, and where; undefined: it has none any more. */
  readonly logs: (readonly [job: string | undefined, file: string | undefined])[];
  /** What it was told to expect. */
  readonly expected: string[];
}

export function heardOutput(): HeardOutput {
  const heard: HeardOutput['heard'] = [];
  const logs: HeardOutput['logs'] = [];
  const expected: string[] = [];
  return {
    heard,
    logs,
    expected,
    listener: (event, job) => void heard.push([job, event]),
    log: (event, job) => void heard.push([job, event]),
    async openLog(settings: LogSettings | undefined, job) {
      logs.push([job, settings?.file]);
    },
    expectReview: () => void expected.push('review'),
    async openRunScreen(jobs) {
      expected.push(`screen of ${jobs.map(({name}) => name).join(' ')}`);
    },
    expectJobs: (count) => void expected.push(`${count} jobs`),
    say: () => {},
    error: () => {},
    stopped: () => {},
    close: async () => {},
  };
}
