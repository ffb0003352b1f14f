/** The runs of a target. */
import {z} from 'zod';
import {count, format, kinds, name, ofType, text} from './parts.js';
import {end, runHeader} from './run.js';

export const historyFields = {
  target: name.describe('The absolute path of the target.'),
  runs: z
    .array(
      z
        .strictObject({
          header: runHeader.describe('Facts that were known when the run began.'),
          end,
          kinds: kinds.describe('The completed actions by kind.'),
          problems: count('Paths with problems.'),
          fault: text('Why its journal cannot be read to the end; absent if it can.').optional(),
        })
        .meta({id: 'runSummary', description: 'One run.'}),
    )
    .describe('The newest first.'),
};

export const history = z.strictObject({format, type: ofType('history'), ...historyFields});
