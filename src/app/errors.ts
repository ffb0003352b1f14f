/** Converts errors into errors that users can act on. */

import {DirsyncError} from '../core/errors.js';
import {wayOut} from '../core/problem.js';
import {SystemError} from '../platform/platform.js';

/** Converts system errors without a path into a DirsyncError PLATFORM. Returns all other errors unchanged: they are bugs. */
export function toError(error: unknown): unknown {
  const {syscall, code} = Object(error) as NodeJS.ErrnoException;
  // Node can run out of file descriptors wherever it loads a module.
  const isOfMachine = error instanceof SystemError || code === 'EMFILE' || code === 'ENFILE';
  const hint = isOfMachine ? wayOut(code as string) : undefined;
  if (hint === undefined) return error;
  return new DirsyncError('PLATFORM', `${syscall} failed with ${code}`, hint, {cause: error});
}
