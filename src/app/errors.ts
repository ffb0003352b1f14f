/** How what went wrong is told: as an error that somebody can act on, and as an exit code. */

import {DirsyncError, EXIT} from '../core/errors.js';
import type {StopSignal} from '../core/outcome.js';
import {wayOut} from '../core/problem.js';
import {SystemError} from '../platform/platform.js';

/** What the kernel refused before there was a path to tell it of is an error of the machine; what else comes here is a bug. */
export function toError(error: unknown): unknown {
  const hint = error instanceof SystemError ? wayOut(error.code) : undefined;
  if (hint === undefined) return error;
  const {syscall, code} = error as SystemError;
  return new DirsyncError('PLATFORM', `${syscall} answered ${code}`, hint, {cause: error});
}

export function signalExitCode(name: StopSignal): number {
  return {SIGHUP: EXIT.sighup, SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm}[name];
}
