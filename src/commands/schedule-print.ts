import {Args, Flags} from '@oclif/core';
import {BaseCommand} from './base.js';
import {describe} from './describe.js';
import {rootFlags} from './flags.js';

const {config} = rootFlags;
const FORMS = ['systemd', 'cron', 'launchd'] as const;
const form = {exactlyOne: [...FORMS], helpGroup: 'FORM'};

export default class SchedulePrint extends BaseCommand {
  static override readonly summary = 'Print what systemd, cron or launchd needs to run a job on its schedule.';
  static override readonly description = describe(
    'The schedule is that of the job in the config file. Each run is started separately, with `run JOB --once`. A job with `watch` ' +
      'becomes a service that keeps running. A setting that the scheduler does not support is an error, or a comment in the output. ' +
      'docs/service.md describes how to install it.',
    [0, 1],
    {0: 'printed, or written', 1: 'error or wrong usage, or a schedule that the scheduler does not support'},
  );
  static override readonly examples = [
    '<%= config.bin %> <%= command.id %> --systemd photos',
    'sudo <%= config.bin %> <%= command.id %> --systemd photos --config ~/dirsync.config.yaml --out /etc/systemd/system',
    '<%= config.bin %> <%= command.id %> --systemd --user photos --out ~/.config/systemd/user',
    '<%= config.bin %> <%= command.id %> --cron photos notes',
    '<%= config.bin %> <%= command.id %> --launchd --user photos > ~/Library/LaunchAgents/dirsync.photos.plist',
  ];
  static override readonly usage = '<%= command.id %> --systemd|--cron|--launchd JOB... [FLAGS]';
  static override readonly strict = false;
  static override readonly args = {
    job: Args.string({required: true, description: 'Job of the config file; you can name several.'}),
  };
  static override readonly flags = {
    systemd: Flags.boolean({...form, summary: 'Print a systemd service and timer.'}),
    cron: Flags.boolean({...form, summary: 'Print lines for a crontab.'}),
    launchd: Flags.boolean({...form, summary: 'Print a launchd property list.'}),
    user: Flags.boolean({summary: 'Use the systemd or launchd of the user, instead of that of the system.', helpGroup: 'FORM'}),
    out: Flags.string({summary: 'Write the files into this folder.', helpValue: 'DIR', helpGroup: 'OUTPUT'}),
    force: Flags.boolean({
      summary: 'Replace existing files that have different content.',
      dependsOn: ['out'],
      helpGroup: 'OUTPUT',
    }),
    config,
  };

  async run(): Promise<void> {
    const parsed = await this.parse(SchedulePrint);
    const {user, out, force} = parsed.flags;
    const {schedulePrint} = await import('../app/commands.js');
    const form = FORMS.find((each) => parsed.flags[each]) ?? 'systemd';
    this.exit(await schedulePrint(this.typed(parsed), {form, user, out, force}));
  }
}
