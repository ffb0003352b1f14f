import {Args, Flags} from '@oclif/core';
import {BaseCommand, describe, rootFlags} from './base.js';

const {config} = rootFlags;
const FORMS = ['systemd', 'cron', 'launchd'] as const;
const form = {exactlyOne: [...FORMS], helpGroup: 'FORM'};

export default class SchedulePrint extends BaseCommand {
  static override readonly summary = 'Print what systemd, cron or launchd needs to run a job at its times.';
  static override readonly description = describe(
    'The times are those of the job in the config file, and each run is started by itself, with `run JOB --once`. A job with ' +
      '`watch` becomes a service that stays. What the other program cannot do is an error, or a comment in what is printed. ' +
      'docs/service.md tells how to install it.',
    [0, 1],
    {0: 'printed, or written', 1: 'error or wrong usage, also for a schedule that the other program cannot follow'},
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
    job: Args.string({required: true, description: 'Job of the config file; several, if you like.'}),
  };
  static override readonly flags = {
    systemd: Flags.boolean({...form, summary: 'Print a service and a timer of systemd.'}),
    cron: Flags.boolean({...form, summary: 'Print lines for a crontab.'}),
    launchd: Flags.boolean({...form, summary: 'Print a property list of launchd.'}),
    user: Flags.boolean({summary: 'For the systemd or launchd of the user, instead of that of the machine.', helpGroup: 'FORM'}),
    out: Flags.string({summary: 'Write the files into this folder.', helpValue: 'DIR', helpGroup: 'OUTPUT'}),
    force: Flags.boolean({
      summary: 'Replace files there that are others.',
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
