/** A run of a job. */
import {z} from 'zod';
import {RUN_RESULTS} from '../../core/job-run.js';
import {report} from './apply.js';
import {count, format, halts, moment, name, ofType, summary, text} from './parts.js';
import {header} from './plan-header.js';

export const jobRun = z
  .strictObject({
    id: text("The run's id, as in its journal and in the log."),
    job: text('The name of the job; absent for two folders.').optional(),
    source: name.describe('The source as it was given; absent if the config could not be read.').optional(),
    target: name.describe('The target as it was given; absent if the config could not be read.').optional(),
    started: moment('When it began.'),
    finished: moment('When it had ended.'),
    duration: count('Duration in milliseconds.'),
    result: z
      .enum(RUN_RESULTS)
      .describe(
        'partial: done, except for some paths; halted: a guard stopped it before the first change; interrupted: a signal ended it.',
      ),
    exitCode: z.int().nonnegative().max(255).describe('The exit code of this run alone.'),
    plan: header.describe('The header of its plan; absent, like summary and halts, if no plan was made.').optional(),
    summary: summary.describe("The plan's counts.").optional(),
    halts: halts.optional(),
    report: report.describe('The result of the apply; absent if nothing was applied.').optional(),
    error: z
      .strictObject({
        code: text('The error code, as in the document error.'),
        message: text('The whole sentence.'),
        hint: text('What to do about it; absent if there is no advice.').optional(),
      })
      .describe('Why it ended early; absent if it did not.')
      .optional(),
  })
  .meta({id: 'jobRun', description: 'One run of a job, even if it changed nothing.'});

export const job = z.strictObject({format, type: ofType('job-run'), ...jobRun.shape});
