/** The error that ended a command. */
import {z} from 'zod';
import {drift, format, ofType, text} from './parts.js';

export const error = z.strictObject({
  format,
  type: ofType('error'),
  code: text('What went wrong, always the same word for the same thing; INTERNAL for a mistake in dirsync.'),
  exitCode: z.int().nonnegative().max(255).describe('The exit code of the program.'),
  message: text('The whole sentence; names in it are escaped for people.'),
  summary: text('What is always said for this code; absent for INTERNAL.').optional(),
  detail: text('The particulars; absent for INTERNAL.').optional(),
  hint: text('What to do about it; absent when there is nothing to say.').optional(),
  drift: drift.optional(),
});
