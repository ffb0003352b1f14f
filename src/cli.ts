/** The command line: oclif finds and runs the command. Wrong usage is reported like any error, with exit code 1. */
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {Errors, run} from '@oclif/core';
import {toError} from './app/errors.js';
import {errorExitCode, lostOutputExitCode} from './app/exit-code.js';
import {lostWords, reportError} from './app/output/output.js';
import {EXIT} from './core/errors.js';
import {commandLine} from './platform/environment.js';
import {guardStreams, onLostOutput, outputsLost} from './platform/streams.js';

guardStreams();
onLostOutput((lost) => lost.output !== 'stderr' && process.stderr.write(`Error: ${lostWords(lost)}\n`));
let argv = process.argv.slice(2);
try {
  argv = commandLine();
  // oclif would search for the user's plug-ins in a folder that may not be readable.
  await run(argv, {root: fileURLToPath(import.meta.url), userPlugins: false});
} catch (error) {
  if (error instanceof Errors.ExitError) {
    process.exitCode = error.oclif.exit ?? errorExitCode(error);
  } else {
    const [json, events] = [argv.includes('--json'), argv.includes('--events')];
    const format = json && !events ? 'json' : undefined;
    await reportError(error instanceof Errors.CLIError ? await notFound(error) : toError(error), {
      format,
      events: events && !json,
    });
    process.exitCode = errorExitCode(error);
  }
}
const lost = await outputsLost();
if (lost.length > 0) process.exitCode = lostOutputExitCode(argv[0], Number(process.exitCode ?? EXIT.done));

/** Replaces oclif's error for an unknown command with one that names similar commands. */
async function notFound(error: Error): Promise<Error> {
  if (!/not found\.?$/.test(error.message)) return error;
  const [{unknownCommand}, {COMMANDS}] = await Promise.all([import('./commands/usage.js'), import('./commands/index.js')]);
  return unknownCommand(
    argv.filter((word) => word !== '--help' && word !== '-h'),
    Object.keys(COMMANDS),
  );
}
