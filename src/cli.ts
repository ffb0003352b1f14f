/** The command line: oclif finds and runs the command. Wrong usage is told in one line and exits with 1, like every error. */
import process from 'node:process';
import {Errors, flush, run} from '@oclif/core';
import {EXIT} from './core/errors.js';
import {escapeName} from './core/escape.js';

try {
  await run(process.argv.slice(2), import.meta.url);
  await flush();
} catch (error) {
  if (error instanceof Errors.ExitError) {
    process.exitCode = error.oclif.exit ?? EXIT.error;
  } else {
    const {message, stack} = error as Error;
    const isUsage = error instanceof Errors.CLIError;
    const lines = (isUsage ? message : (stack ?? message)).split('\n').map(escapeName);
    process.stderr.write(`Error: ${lines.join('\n')}\n`);
    process.exitCode = EXIT.error;
  }
}
