/** The runs of several jobs. */
import {z} from 'zod';
import {jobRun} from './job-run.js';
import {format, ofType} from './parts.js';

export const jobs = z.strictObject({
  format,
  type: ofType('jobs'),
  runs: z.array(jobRun).describe('One run per job, in the order in which they ended.'),
});
