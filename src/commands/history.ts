import {Args, Flags} from '@oclif/core';
import {FORMATS} from '../core/format.js';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {outputFlags, rootFlags} from './flags.js';

const {target, config} = rootFlags;
const {format, json, events} = outputFlags;

export default class History extends BaseCommand {
  static override readonly summary = 'List the runs that changed a target.';
  static override readonly description = describe(
    'Lists the newest run first: when each run began, how long it took, what it did and how it ended. `show ID --target DIR` shows ' +
      'one of them. A target keeps its last 100 runs.',
    [0, 1],
    {0: 'listed, also if there are none', 1: 'error or wrong usage'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> /mnt/backup/photos',
    '<%= config.bin %> <%= command.id %> photos --limit 5',
    '<%= config.bin %> <%= command.id %> photos --format html > runs.html',
  ];
  static override readonly usage = ['<%= command.id %> TARGET [FLAGS]', '<%= command.id %> JOB [FLAGS]'];
  static override readonly args = {
    source: Args.string({
      description: 'Folder whose runs are listed, or a JOB of the config file. Ignored if a TARGET follows.',
    }),
    target: Args.string({description: 'Folder whose runs are listed, if both folders are given.'}),
  };
  static override readonly flags = {
    target: {...target, summary: 'Folder whose runs are listed.'},
    config,
    limit: Flags.integer({min: 1, default: 20, summary: 'List at most this many runs.', helpValue: 'N', helpGroup: 'OUTPUT'}),
    format: {...format, summary: `Print a report: ${FORMATS.join(', ')}.`},
    json,
    events,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(History);
    const {history} = await import('../app/commands.js');
    this.exit(await history(this.typed(parsed), {limit: parsed.flags.limit}));
  }
}
