/** The signal that ended a command. */
import {z} from 'zod';
import {STOPS} from '../../core/outcome.js';
import {format, ofType} from './parts.js';

export const stopped = z.strictObject({
  format,
  type: ofType('stopped'),
  stopped: z.enum(STOPS).describe('The signal that ended the command before it had a result; a daemon always ends with one.'),
  exitCode: z.int().nonnegative().max(255).describe('The exit code of the program.'),
});
