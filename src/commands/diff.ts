import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {narrowFlags, outputFlags, paceFlags, planFlags, readFlags} from './flags.js';

const {checksum, 'size-only': sizeOnly, 'mtime-window': mtimeWindow, preserve, 'no-preserve': noPreserve} = planFlags;

export default class Diff extends BaseCommand {
  static override readonly summary = 'Show what changed between two snapshots of a folder, or between two folders.';
  static override readonly description = describe(
    'Lists what was created, changed, moved and deleted from BEFORE to AFTER. Each is a manifest of `snapshot` or a folder, which is ' +
      'read now. Nothing is changed. To make one folder equal to another, use `plan` and `apply`.',
    [0, 1, 2, 3, 130],
    {
      0: 'compared (with --detailed-exitcode: no differences)',
      2: 'with --detailed-exitcode: there are differences',
      3: 'with --detailed-exitcode: some paths could not be read',
    },
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> monday.manifest friday.manifest',
    '<%= config.bin %> <%= command.id %> photos.manifest ~/photos --detailed-exitcode',
    '<%= config.bin %> <%= command.id %> monday.manifest friday.manifest --checksum --format html > changes.html',
  ];
  static override readonly usage = ['<%= command.id %> BEFORE AFTER [FLAGS]'];
  static override readonly args = {
    before: Args.string({required: true, description: 'Manifest or folder.'}),
    after: Args.string({required: true, description: 'Manifest or folder that is compared with it.'}),
  };
  static override readonly flags = {
    ...readFlags,
    checksum: {...checksum, summary: 'Compare the content of files; a manifest must have digests (snapshot --digest).'},
    'size-only': {...sizeOnly, exclusive: ['checksum']},
    'mtime-window': mtimeWindow,
    preserve,
    'no-preserve': noPreserve,
    ...narrowFlags,
    ...paceFlags,
    'detailed-exitcode': Flags.boolean({
      summary: 'Let the exit code show whether there are differences.',
      default: false,
      helpGroup: 'OUTPUT',
    }),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Diff);
    const {diff} = await import('../app/commands.js');
    const {before, after} = parsed.args;
    this.exit(await diff(this.typed(parsed), {before, after}, {detailed: parsed.flags['detailed-exitcode']}));
  }
}
