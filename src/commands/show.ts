import {Args, Flags} from '@oclif/core';
import {BaseCommand, describe, narrowFlags, outputFlags} from './base.js';

export default class Show extends BaseCommand {
  static override readonly summary = 'Show a saved plan.';
  static override readonly description = describe(
    'Reads the file, checks that it is whole, and prints it as `plan` did.',
    [0, 1],
    {
      0: 'shown',
      1: 'the file cannot be read, is damaged, or is no plan',
    },
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> photos.plan',
    '<%= config.bin %> <%= command.id %> photos.plan --all',
  ];
  static override readonly args = {file: Args.string({required: true, description: 'Plan file.'})};
  static override readonly flags = {
    ...narrowFlags,
    ...outputFlags,
    out: Flags.string({summary: 'Save the plan, as it is narrowed, to this file.', helpValue: 'FILE', helpGroup: 'OUTPUT'}),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Show);
    const {show} = await import('../app/commands.js');
    this.exit(await show(this.typed(parsed), parsed.args.file, parsed.flags.out));
  }
}
