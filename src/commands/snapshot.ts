import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {manifestOutputFlags, paceFlags, readFlags} from './flags.js';

export default class Snapshot extends BaseCommand {
  static override readonly summary = 'Write what a folder contains to a file, without the content of its files.';
  static override readonly description = describe(
    'Reads the folder as `plan` reads a source, with everything that can be read: names, sizes, times, owners, modes, links, extended ' +
      'attributes and ACLs. The file, a manifest, stands for the folder in `plan` and `diff`, also on another machine, and `show` ' +
      'shows it.',
    [0, 1, 3, 130],
    {3: 'the manifest was written, but some paths could not be read'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> ~/photos --out photos.manifest',
    '<%= config.bin %> <%= command.id %> ~/photos --out photos.manifest --digest --exclude "*.tmp"',
  ];
  static override readonly usage = ['<%= command.id %> DIR --out FILE [FLAGS]'];
  static override readonly args = {dir: Args.string({required: true, description: 'Folder to read.'})};
  static override readonly flags = {
    ...readFlags,
    digest: Flags.boolean({
      summary: 'Also read the content of every file, and note its BLAKE3, for `plan --checksum` and `diff --checksum`.',
      default: false,
      helpGroup: 'COMPARE',
    }),
    ...paceFlags,
    out: Flags.string({required: true, summary: 'File of the manifest.', helpValue: 'FILE', helpGroup: 'OUTPUT'}),
    ...manifestOutputFlags,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Snapshot);
    const {snapshot} = await import('../app/commands.js');
    const {digest, out} = parsed.flags;
    this.exit(await snapshot(this.typed(parsed), parsed.args.dir, {digest, out}));
  }
}
