import {Flags} from '@oclif/core';
import {
  applyFlags,
  BaseCommand,
  describe,
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
} from './base.js';

export default class Run extends BaseCommand {
  static override readonly summary = 'Plan and apply without asking, once or on a schedule.';
  static override readonly description = describe(
    'On a schedule (given by a flag or the job) it goes on until it is stopped. Runs never overlap, and one that fails is reported ' +
      'and does not end it; after failures it pauses for longer and longer. Several jobs may be named, or all: never two at a time ' +
      'on one target. On a terminal a screen shows the runs; q ends it. SIGHUP reads the config again, SIGUSR1 starts a run now.',
    [0, 1, 3, 5, 6, 130],
    {3: 'done, but for some paths; of several jobs, the gravest code of one'},
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
  /** Any number of jobs. */
  static override readonly strict = false;
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...narrowFlags,
    ...guardFlags,
    ...scheduleFlags,
    all: Flags.boolean({summary: 'Run all jobs of the config file.', helpGroup: 'SCHEDULE'}),
    jobs: Flags.integer({
      summary: 'Run at most so many jobs at a time (default: 1).',
      min: 1,
      default: 1,
      noCacheDefault: true,
      helpValue: 'N',
      helpGroup: 'SCHEDULE',
    }),
    once: Flags.boolean({summary: 'Run once and now, whatever the schedule says.', helpGroup: 'SCHEDULE'}),
    ...applyFlags,
    ...limitFlags,
    ...paceFlags,
    ...logFlags,
    metrics: Flags.string({
      summary: 'Write figures for Prometheus to this file, or to a file of this folder.',
      helpValue: 'FILE',
      helpGroup: 'OUTPUT',
    }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Run);
    const {run} = await import('../app/commands.js');
    const {all, jobs, once} = parsed.flags;
    this.exit(await run(this.typed(parsed), {allJobs: all, jobs, once}));
  }
}
