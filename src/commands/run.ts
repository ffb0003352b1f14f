import {Flags} from '@oclif/core';
import {
  applyFlags,
  BaseCommand,
  describe,
  guardFlags,
  logFlags,
  narrowFlags,
  outputFlags,
  planFlags,
  rootArgs,
  rootFlags,
} from './base.js';

export default class Run extends BaseCommand {
  static override readonly summary = 'Plan and apply without asking, once or again and again.';
  static override readonly description = describe(
    'With --every it goes on until it is stopped. Runs never overlap: one that takes longer than the interval skips to the next. ' +
      'A run that fails is reported, and the next one comes as usual. On a terminal a screen shows the runs; q ends it.',
    [0, 1, 3, 5, 6, 130],
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> ~/photos /mnt/backup/photos --every 5m',
    '<%= config.bin %> <%= command.id %> -i ~/photos -o /mnt/backup/photos -l sync.log -t 5s',
    '<%= config.bin %> <%= command.id %> photos',
  ];
  static override readonly usage = ['<%= command.id %> SOURCE TARGET [FLAGS]', '<%= command.id %> JOB [FLAGS]'];
  static override readonly args = rootArgs;
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...narrowFlags,
    ...guardFlags,
    every: Flags.string({
      char: 't',
      summary: 'Run again after this time, such as 30s, 5m, 1h30m.',
      helpValue: 'TIME',
      helpGroup: 'APPLY',
    }),
    ...applyFlags,
    ...logFlags,
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Run);
    const {run} = await import('../app/commands.js');
    this.exit(await run(this.typed(parsed)));
  }
}
