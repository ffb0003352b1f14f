import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {guardFlags, outputFlags, paceFlags, planFlags, rootArgs, rootFlags} from './flags.js';

const {json, events} = outputFlags;

export default class Explain extends BaseCommand {
  static override readonly summary = 'Explain why a path is or is not in the plan.';
  static override readonly description = describe(
    'Makes the plan, changes nothing, and explains what the plan does with one path: which attributes differ, which filter line ' +
      'decided, and which problem or guard is in the way. PATH is relative to the two folders, or a path into one of them; "." is ' +
      'the folder itself. You can also write a name as dirsync prints it, such as "x\\xff".',
    [0, 1, 130],
    {0: 'explained', 1: 'error or wrong usage, or a path outside of both folders'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> docs/a.md ~/notes /mnt/backup/notes',
    '<%= config.bin %> <%= command.id %> ~/notes/docs/a.md notes',
    '<%= config.bin %> <%= command.id %> docs/a.md --plan notes.plan',
  ];
  static override readonly usage = [
    '<%= command.id %> PATH SOURCE TARGET [FLAGS]',
    '<%= command.id %> PATH JOB [FLAGS]',
    '<%= command.id %> PATH --plan FILE [FLAGS]',
  ];
  static override readonly args = {path: Args.string({required: true, description: 'Path to explain.'}), ...rootArgs};
  static override readonly flags = {
    ...rootFlags,
    ...planFlags,
    ...guardFlags,
    ...paceFlags,
    plan: Flags.string({
      summary: 'Use this saved plan instead of a fresh one.',
      helpValue: 'FILE',
      exclusive: [...Object.keys(rootFlags), ...Object.keys(planFlags), ...Object.keys(paceFlags)],
      helpGroup: 'FOLDER',
    }),
    json,
    events,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Explain);
    const {explain} = await import('../app/commands.js');
    const typed = this.typed(parsed);
    this.exit(await explain({...typed, words: typed.words.slice(1)}, parsed.args.path, parsed.flags.plan));
  }
}
