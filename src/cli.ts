/** The command line: oclif finds and runs the command. Wrong usage ends like every error: told, with exit code 1. */
import process from 'node:process';
import {Errors, flush, run} from '@oclif/core';
import {reportError} from './app/output.js';
import {DirsyncError, EXIT} from './core/errors.js';
import {escapeName} from './core/escape.js';
import {commandLine} from './platform/environment.js';

let argv = process.argv.slice(2);
try {
  argv = commandLine();
  await run(argv, import.meta.url);
  await flush();
} catch (error) {
  if (error instanceof Errors.ExitError) {
    process.exitCode = error.oclif.exit ?? EXIT.error;
  } else {
    const [json, events] = [argv.includes('--json'), argv.includes('--events')];
    const format = json && !events ? 'json' : undefined;
    reportError(error instanceof Errors.CLIError ? usageError(error) : error, {format, events: events && !json});
    process.exitCode = EXIT.error;
  }
}

function usageError(error: Errors.CLIError): DirsyncError {
  const detail = error.message.replace(/\n?See more help with --help$/, '').replace(/^Parsing --\S+ \n\t/, '');
  return new DirsyncError(
    'USAGE',
    detail.split('\n').map(escapeName).join('\n'),
    'see `dirsync --help`, or `dirsync COMMAND --help`',
    {
      cause: error,
    },
  );
}
