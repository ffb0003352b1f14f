import {Flags} from '@oclif/core';
import {BaseCommand, describe, guardFlags, narrowFlags, outputFlags, planFlags, rootArgs, rootFlags} from './base.js';

export default class Plan extends BaseCommand {
  static override readonly summary = 'Show what would make the target equal to the source. Changes nothing by itself.';
  static override readonly description = describe(
    'Reads both folders and lists the changes, each with its reason; on a terminal they open for review, and can be applied from ' +
      'there, which gives the exit code of `apply`. --out saves the plan, to be applied later as it is.',
    [0, 1, 2, 3, 5, 130],
    {
      0: 'the plan was made (with --detailed-exitcode: nothing to do)',
      2: 'with --detailed-exitcode: there are changes',
      3: 'with --detailed-exitcode: some paths could not be read or are blocked',
      5: 'with --detailed-exitcode: a guard would halt it',
    },
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> ~/photos /mnt/backup/photos',
    '<%= config.bin %> <%= command.id %> ~/photos /mnt/backup/photos --exclude "*.tmp" --out photos.plan',
    '<%= config.bin %> <%= command.id %> photos --detailed-exitcode',
  ];
  static override readonly args = rootArgs;
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...narrowFlags,
    ...guardFlags,
    ...outputFlags,
    out: Flags.string({summary: 'Save the plan to this file.', helpValue: 'FILE', helpGroup: 'OUTPUT'}),
    'detailed-exitcode': Flags.boolean({summary: 'Tell by the exit code whether there are changes.', helpGroup: 'OUTPUT'}),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Plan);
    const {plan} = await import('../app/commands.js');
    this.exit(await plan(this.typed(parsed), {out: parsed.flags.out, detailed: parsed.flags['detailed-exitcode']}));
  }
}
