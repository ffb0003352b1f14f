import {Flags} from '@oclif/core';
import type {Answers} from '../core/answers.js';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {logFlags, planFlags, rootFlags} from './flags.js';

const {source, target, config} = rootFlags;

export default class Init extends BaseCommand {
  static override readonly summary = 'Write a first config file.';
  static override readonly description = describe(
    'Asks on a terminal for what a job needs, and writes dirsync.config.yaml, with comments, into the current folder. Questions that ' +
      'flags answer are not asked; with --job, --source and --target none are. An existing config is not changed.',
    [0, 1, 130],
    {0: 'written', 1: 'error or wrong usage; nothing was written', 130: 'canceled with Esc or Ctrl-C; nothing was written'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --job photos -i ~/photos -o /mnt/backup/photos --at 03:00 -l ~/photos.log',
  ];
  static override readonly flags = {
    job: Flags.string({summary: 'Name of the job.', helpValue: 'JOB', helpGroup: 'JOB'}),
    source: {...source, helpGroup: 'JOB'},
    target: {...target, helpGroup: 'JOB'},
    exclude: planFlags.exclude,
    log: {...logFlags.log, helpGroup: 'JOB'},
    heartbeat: Flags.string({summary: 'Call this URL after each run.', helpValue: 'URL', helpGroup: 'JOB'}),
    every: Flags.string({
      char: 't',
      summary: 'Run again after this time, such as 30s, 5m or 1h30m.',
      exclusive: ['at', 'cron', 'watch'],
      helpValue: 'TIME',
      helpGroup: 'SCHEDULE',
    }),
    at: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'Run at this time every day, such as 03:00.',
      exclusive: ['cron', 'watch'],
      helpValue: 'HH:MM',
      helpGroup: 'SCHEDULE',
    }),
    cron: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      summary: 'Run at the times of this pattern, such as "0 3 * * mon-fri".',
      exclusive: ['watch'],
      helpValue: 'PATTERN',
      helpGroup: 'SCHEDULE',
    }),
    watch: Flags.boolean({summary: 'Run when the source changes.', helpGroup: 'SCHEDULE'}),
    config: {...config, summary: 'Write this file, instead of dirsync.config.yaml in the current folder.', helpGroup: 'OUTPUT'},
    force: Flags.boolean({summary: 'Replace the file if it exists.', helpGroup: 'OUTPUT'}),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Init);
    const {init} = await import('../app/commands.js');
    const {watch, config: file, force, ...answers} = parsed.flags;
    const {every, at, cron} = answers;
    const when = watch
      ? 'watch'
      : every !== undefined
        ? 'every'
        : at !== undefined
          ? 'at'
          : cron !== undefined
            ? 'cron'
            : undefined;
    const given = Object.entries({...answers, when}).filter(([key, answer]) => key !== 'json' && answer !== undefined);
    this.exit(await init(this.typed(parsed), {file, force, given: Object.fromEntries(given) as Partial<Answers>}));
  }
}
