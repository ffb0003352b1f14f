import {Args, Help as HelpText} from '@oclif/core';
import {BaseCommand} from './base.js';
import {unknownCommand} from './usage.js';

export default class Help extends BaseCommand {
  static override readonly summary = 'Show help for a command.';
  static override readonly usage = '<%= command.id %> [COMMAND]';
  static override readonly args = {command: Args.string({description: 'Command to show help for.'})};
  static override readonly strict = false;

  async run(): Promise<void> {
    const words = (await this.parse(Help)).argv.map(String);
    const ids = this.config.commandIDs;
    const [word] = words;
    if (word !== undefined && !ids.some((id) => id === word || id.startsWith(`${word}:`))) throw unknownCommand([word], ids);
    await new HelpText(this.config, this.config.pjson.oclif.helpOptions).showHelp(words);
  }
}
