/** The error that ended a command. */
import {z} from 'zod';
import {drift, format, ofType, text} from './parts.js';

export const error = z.strictObject({
  format,
  type: ofType('error'),
  code: text('A fixed code for each kind of error; INTERNAL for a bug in dirsync.'),
  exitCode: z.int().nonnegative().max(255).describe('The exit code of the program.'),
  message: text('The whole sentence; names in it are escaped.'),
  summary: text('The fixed summary of this code; absent for INTERNAL.').optional(),
  detail: text('The particulars; absent for INTERNAL.').optional(),
  hint: text('What to do about it; absent if there is no advice.').optional(),
  drift: drift.optional(),
});
