import {Flags} from '@oclif/core';
import {BaseCommand, describe} from './base.js';
import Run from './run.js';

const {only: _only, except: _except, kinds: _kinds, format: _format, events: _events, all: _all, json, ...settings} = Run.flags;

export default class Config extends BaseCommand {
  static override readonly summary = 'Show what the config file says of its jobs, and where.';
  static override readonly description = describe(
    'Prints each setting of the jobs named, or of all, with where it was said: by a flag, by the job, or in the defaults, with the file ' +
      'and the line. The flags are those of `run`, which lie over the jobs. Addresses are shown without their paths, which are often secrets. ' +
      'docs/config.md describes every key.',
    [0, 1],
    {0: 'shown', 1: 'error or wrong usage, also a mistake in the config file'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> photos --defaults',
    '<%= config.bin %> <%= command.id %> photos --every 5m --json',
  ];
  static override readonly usage = ['<%= command.id %> [JOB...] [FLAGS]'];
  static override readonly strict = false;
  static override readonly flags = {
    ...settings,
    defaults: Flags.boolean({summary: 'Show also what nobody said, with what holds then.', helpGroup: 'OUTPUT'}),
    json,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Config);
    const {config} = await import('../app/commands.js');
    this.exit(await config(this.typed(parsed), {builtIn: parsed.flags.defaults}));
  }
}
