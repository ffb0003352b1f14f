import {Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {guardFlags, narrowFlags, outputFlags, paceFlags, planFlags, rootArgs, rootFlags} from './flags.js';

export default class Plan extends BaseCommand {
  static override readonly summary = 'Show the changes that would make the target equal to the source.';
  static override readonly description = describe(
    'Reads both folders, changes neither, and lists the changes, each with its reason. On a terminal it opens a review, where you ' +
      'can look at changes, leave some out, and save or apply the rest; if you apply them, the exit codes are those of `apply`. ' +
      '--out saves the plan, to apply later exactly as it is. A manifest of `snapshot` can stand for each folder, also on another ' +
      'machine; the saved plan is applied where the folders are.',
    [0, 1, 2, 3, 5, 6, 130],
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
    '<%= config.bin %> <%= command.id %> photos --only /2024/ --kinds create,update',
    '<%= config.bin %> <%= command.id %> photos --format html > photos.html',
    '<%= config.bin %> <%= command.id %> photos --detailed-exitcode',
    '<%= config.bin %> <%= command.id %> --source-manifest photos.manifest --target-manifest backup.manifest --out photos.plan',
  ];
  static override readonly usage = [
    '<%= command.id %> SOURCE TARGET [FLAGS]',
    '<%= command.id %> JOB [FLAGS]',
    '<%= command.id %> TARGET --source-manifest FILE [FLAGS]',
  ];
  static override readonly args = rootArgs;
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...narrowFlags,
    ...guardFlags,
    ...paceFlags,
    'source-manifest': Flags.string({
      summary: 'Read this manifest in place of the source, see `snapshot`.',
      helpValue: 'FILE',
      helpGroup: 'FOLDER',
    }),
    'target-manifest': Flags.string({
      summary: 'Read this manifest in place of the target.',
      helpValue: 'FILE',
      helpGroup: 'FOLDER',
    }),
    out: Flags.string({summary: 'Save the plan to this file, and print its SHA-256.', helpValue: 'FILE', helpGroup: 'OUTPUT'}),
    'detailed-exitcode': Flags.boolean({summary: 'Let the exit code show whether there are changes.', helpGroup: 'OUTPUT'}),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Plan);
    const {plan} = await import('../app/commands.js');
    const {out, 'detailed-exitcode': detailed, 'source-manifest': source, 'target-manifest': target} = parsed.flags;
    this.exit(await plan(this.typed(parsed), {out, detailed, manifests: {source, target}}));
  }
}
