/** A plan with its actions. */
import {z} from 'zod';
import {action, format, halts, name, ofType, problems, sha256, summary} from './parts.js';
import {header} from './plan-header.js';

export const plan = z.strictObject({
  format,
  type: ofType('plan'),
  header: header.describe('What the plan is about and how it was made.'),
  summary: summary.describe('Its counts.'),
  halts,
  actions: z.array(action).describe("Its steps, in canonical order of their paths: a folder's own before those below it."),
  problems: problems.describe('What scanning and comparing found wrong.'),
  file: z
    .strictObject({path: name.describe('Its path.'), sha256: sha256.describe('What --plan-sha256 pins.')})
    .describe('The file that the plan was written to or read from; absent when there is none.')
    .optional(),
});
