/** A plan with its actions. */
import {z} from 'zod';
import {action, format, halts, name, ofType, problems, sha256, summary} from './parts.js';
import {header} from './plan-header.js';

export const plan = z.strictObject({
  format,
  type: ofType('plan'),
  header: header.describe('The roots of the plan, and how it was made.'),
  summary: summary.describe('Its counts.'),
  halts,
  actions: z.array(action).describe("Its actions, in canonical order of their paths: a folder's own before those below it."),
  problems: problems.describe('The problems of scanning and comparing.'),
  file: z
    .strictObject({path: name.describe('Its path.'), sha256: sha256.describe('The SHA-256 for --plan-sha256.')})
    .describe('The file that the plan was written to or read from; absent if there is none.')
    .optional(),
});
