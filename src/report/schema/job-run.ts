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
    source: name.describe('The source as it was given; absent where the config could not be read.').optional(),
    target: name.describe('The target as it was given; absent where the config could not be read.').optional(),
    started: moment('When it began.'),
    finished: moment('When it had ended.'),
    duration: count('Milliseconds that it took.'),
    result: z
      .enum(RUN_RESULTS)
      .describe('partial: done, but for some paths; halted: a guard did not let it begin; interrupted: by a signal.'),
    exitCode: z.int().nonnegative().max(255).describe('The exit code of the run by itself.'),
    plan: header.describe('The header of its plan; absent when it did not come to one, as are summary and halts.').optional(),
    summary: summary.describe("The plan's counts.").optional(),
    halts: halts.optional(),
    report: report.describe('What it did; absent when it did not come to that.').optional(),
    error: z
      .strictObject({
        code: text('What went wrong, as in an error.'),
        message: text('The whole sentence.'),
        hint: text('What to do about it; absent when there is nothing to say.').optional(),
      })
      .describe('Why it ended early; absent when it did not.')
      .optional(),
  })
  .meta({id: 'jobRun', description: 'One run of a job, whether or not it came to change anything.'});

export const job = z.strictObject({format, type: ofType('job-run'), ...jobRun.shape});
