import {Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import Run from './run.js';

const {only: _only, except: _except, kinds: _kinds, format: _format, events: _events, all: _all, json, ...settings} = Run.flags;

export default class Config extends BaseCommand {
  static override readonly summary = 'Show the settings of jobs, and where each is set.';
  static override readonly description = describe(
    'Prints the settings of the named jobs, or of all jobs, and where each is set: by a flag, in the job or in the defaults, with ' +
      'file and line. The flags are those of `run`, and override the config file. URLs are shown without their paths, which are often ' +
      'secrets. docs/config.md describes every key.',
    [0, 1],
    {0: 'shown', 1: 'error or wrong usage, or a mistake in the config file'},
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
    defaults: Flags.boolean({summary: 'Also show settings that are not set anywhere, with their defaults.', helpGroup: 'OUTPUT'}),
    json,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(Config);
    const {config} = await import('../app/commands.js');
    this.exit(await config(this.typed(parsed), {builtIn: parsed.flags.defaults}));
  }
}
