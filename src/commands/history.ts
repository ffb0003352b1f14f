import {Args, Flags} from '@oclif/core';
import {BaseCommand, describe, outputFlags, rootFlags} from './base.js';

const {target, config} = rootFlags;
const {format, json, events} = outputFlags;

export default class History extends BaseCommand {
  static override readonly summary = 'List the runs that changed a target.';
  static override readonly description = describe(
    'The newest first: when each began, how long it took, what it did and how it ended. A target remembers its last 100 runs.',
    [0, 1],
    {0: 'listed, also when there is none', 1: 'error or wrong usage'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> /mnt/backup/photos',
    '<%= config.bin %> <%= command.id %> photos --limit 5',
  ];
  static override readonly args = {
    source: Args.string({description: 'Folder that is the target, or a JOB of the config file; before TARGET, not looked at.'}),
    target: Args.string({description: 'Folder whose runs are listed.'}),
  };
  static override readonly flags = {
    target,
    config,
    format,
    json,
    events,
    limit: Flags.integer({min: 1, default: 20, summary: 'List so many runs.', helpValue: 'N', helpGroup: 'OUTPUT'}),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(History);
    const {history} = await import('../app/commands.js');
    this.exit(await history(this.typed(parsed), {limit: parsed.flags.limit}));
  }
}
