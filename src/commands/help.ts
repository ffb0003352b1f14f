import {Args, Command, Help as HelpText} from '@oclif/core';

export default class Help extends Command {
  static override readonly summary = 'Show help for a command.';
  static override readonly args = {command: Args.string({description: 'Command to show help for.'})};
  static override readonly strict = false;

  async run(): Promise<void> {
    const {argv} = await this.parse(Help);
    await new HelpText(this.config, this.config.pjson.oclif.helpOptions).showHelp(argv.map(String));
  }
}
