/** How what went wrong is told: as an error that somebody can act on. */

import {DirsyncError} from '../core/errors.js';
import {wayOut} from '../core/problem.js';
import {SystemError} from '../platform/platform.js';

/** What the kernel refused before there was a path to tell it of is an error of the machine; what else comes here is a bug. */
export function toError(error: unknown): unknown {
  const {syscall, code} = Object(error) as NodeJS.ErrnoException;
  // Node meets a table of open files that is full wherever it loads a part of the program.
  const isOfMachine = error instanceof SystemError || code === 'EMFILE' || code === 'ENFILE';
  const hint = isOfMachine ? wayOut(code as string) : undefined;
  if (hint === undefined) return error;
  return new DirsyncError('PLATFORM', `${syscall} failed with ${code}`, hint, {cause: error});
}
