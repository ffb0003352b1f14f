import {Args, Errors, Flags} from '@oclif/core';
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
} from './flags.js';

export default class Apply extends BaseCommand {
  static override readonly summary = 'Make the target equal to the source, with a saved plan or a fresh one.';
  static override readonly description = describe(
    'Applies a saved plan exactly as it was reviewed: every path is checked first, and if one has changed since, nothing is ' +
      'applied. Flags that affect how a plan is made are refused with a saved plan, except --max-delete, which overrides its limit. ' +
      'A fresh plan opens for review on a terminal; without a terminal it needs --yes. Applying a plan again finishes an interrupted run.',
    [0, 1, 3, 4, 5, 6, 130],
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> ~/photos /mnt/backup/photos',
    '<%= config.bin %> <%= command.id %> photos --yes',
    '<%= config.bin %> <%= command.id %> photos.plan',
    '<%= config.bin %> <%= command.id %> photos.plan --plan-sha256 "$APPROVED" --format github',
  ];
  static override readonly usage = [
    '<%= command.id %> SOURCE TARGET [FLAGS]',
    '<%= command.id %> JOB [FLAGS]',
    '<%= command.id %> PLANFILE [FLAGS]',
  ];
  static override readonly args = {
    ...rootArgs,
    source: Args.string({description: 'Folder to copy from; as the only argument, a plan file or a JOB of the config file.'}),
  };
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...narrowFlags,
    ...guardFlags,
    yes: Flags.boolean({char: 'y', summary: 'Apply a fresh plan without a review or a question.', helpGroup: 'APPLY'}),
    'plan-sha256': Flags.string({
      summary: 'Apply the plan file only if it has this SHA-256, as printed by `plan --out` and `show`.',
      helpValue: 'HEX',
      helpGroup: 'APPLY',
      async parse(text) {
        if (!/^[0-9a-f]{64}$/i.test(text)) throw new Errors.CLIError(`--plan-sha256 takes 64 hexadecimal digits, not "${text}"`);
        return text;
      },
    }),
    'skip-drifted': Flags.boolean({
      summary: 'Skip paths that changed since the plan was made, and apply the rest.',
      allowNo: true,
      helpGroup: 'APPLY',
    }),
    ...applyFlags,
    ...limitFlags,
    ...paceFlags,
    ...logFlags,
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Apply);
    const {apply} = await import('../app/commands.js');
    this.exit(await apply(this.typed(parsed), {yes: parsed.flags.yes, sha256: parsed.flags['plan-sha256']}));
  }
}
