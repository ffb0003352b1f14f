import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {narrowFlags, outputFlags, rootFlags} from './flags.js';

const {target} = rootFlags;

export default class Show extends BaseCommand {
  static override readonly summary = 'Show a saved plan, a manifest, or what a run did.';
  static override readonly description = describe(
    'Reads the file, checks that it is complete, and shows the plan as `plan` did. On a terminal it opens a review; if you apply ' +
      'the plan there, the exit codes are those of `apply`. --out saves a narrowed plan to a new file. With --target it shows a run of ' +
      'that target, by the ID that `history` lists, or the newest run as `latest`. A manifest of `snapshot` is read completely; ' +
      '--entries lists what is in it.',
    [0, 1, 3, 4, 5, 6, 130],
    {
      0: 'shown, or applied from the review',
      1: 'the file or run does not exist, cannot be read, is damaged, or is neither a plan, a manifest nor a run',
    },
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> photos.plan',
    '<%= config.bin %> <%= command.id %> photos.plan --format markdown > plan.md',
    '<%= config.bin %> <%= command.id %> photos.plan --except "*.raw" --out smaller.plan',
    '<%= config.bin %> <%= command.id %> latest --target /mnt/backup/photos',
    '<%= config.bin %> <%= command.id %> photos.manifest --entries',
  ];
  static override readonly usage = ['<%= command.id %> FILE [FLAGS]', '<%= command.id %> RUN --target DIR [FLAGS]'];
  static override readonly args = {
    file: Args.string({
      required: true,
      description: 'Plan file, manifest, or journal of a run; with --target, the ID of a run or "latest".',
    }),
  };
  static override readonly flags = {
    target: {...target, summary: 'Folder whose run is shown.'},
    ...narrowFlags,
    out: Flags.string({summary: 'Save the narrowed plan to this file.', helpValue: 'FILE', helpGroup: 'OUTPUT'}),
    entries: Flags.boolean({summary: 'List all entries of a manifest.', default: false, helpGroup: 'OUTPUT'}),
    ...outputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Show);
    const {show} = await import('../app/commands.js');
    this.exit(await show(this.typed(parsed), parsed.args.file, parsed.flags));
  }
}
