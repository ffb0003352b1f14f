import {Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {
  applyFlags,
  guardFlags,
  limitFlags,
  logFlags,
  narrowFlags,
  outputFlags,
  paceFlags,
  planFlags,
  rootArgs,
  rootFlags,
  scheduleFlags,
} from './flags.js';

export default class Run extends BaseCommand {
  static override readonly summary = 'Plan and apply without asking, once or on a schedule.';
  static override readonly description = describe(
    'With a schedule (from a flag or the job) it keeps running until it is stopped. Runs never overlap. A failed run is reported ' +
      'and does not end the schedule; after failures the pauses grow longer. You can name several jobs, or run all; two jobs never ' +
      'run on one target at the same time. On a terminal a screen shows the runs; q quits. SIGHUP rereads the config, SIGUSR1 starts ' +
      'a run now.',
    [0, 1, 3, 5, 6, 130],
    {3: 'done, except for some paths; with several jobs, the most serious code of any job'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> ~/photos /mnt/backup/photos --every 5m',
    '<%= config.bin %> <%= command.id %> -i ~/photos -o /mnt/backup/photos -l sync.log -t 5s',
    '<%= config.bin %> <%= command.id %> ~/photos /mnt/backup/photos --watch',
    '<%= config.bin %> <%= command.id %> photos music --once',
    '<%= config.bin %> <%= command.id %> --all --jobs 2',
  ];
  static override readonly usage = [
    '<%= command.id %> SOURCE TARGET [FLAGS]',
    '<%= command.id %> JOB... [FLAGS]',
    '<%= command.id %> --all [FLAGS]',
  ];
  static override readonly args = rootArgs;
  /** Allows any number of job names. */
  static override readonly strict = false;
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...narrowFlags,
    ...guardFlags,
    ...scheduleFlags,
    all: Flags.boolean({summary: 'Run all jobs of the config file.', helpGroup: 'SCHEDULE'}),
    jobs: Flags.integer({
      summary: 'Run at most this many jobs at the same time (default: 1).',
      min: 1,
      default: 1,
      noCacheDefault: true,
      helpValue: 'N',
      helpGroup: 'SCHEDULE',
    }),
    once: Flags.boolean({summary: 'Run once, now, and ignore the schedule.', helpGroup: 'SCHEDULE'}),
    ...applyFlags,
    ...limitFlags,
    ...paceFlags,
    ...logFlags,
    metrics: Flags.string({
      summary: 'Write metrics for Prometheus to this file, or to a file in this folder.',
      helpValue: 'FILE',
      helpGroup: 'OUTPUT',
    }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Run);
    const {run} = await import('../app/commands.js');
    const {all, jobs, once} = parsed.flags;
    this.exit(await run(this.typed(parsed), {allJobs: all, atOnce: jobs, once}));
  }
}
