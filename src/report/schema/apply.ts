/** How an apply ended. */
import {z} from 'zod';
import {STOPS} from '../../core/outcome.js';
import {count, format, moment, moved, ofType, problems, relPath, status, text} from './parts.js';
import {header} from './plan-header.js';

export const counts = z.record(status, count('The number of actions.')).meta({
  id: 'counts',
  description: "The number of actions by outcome, without those that only restore folders' times.",
});

export const interrupted = z
  .enum(STOPS)
  .describe('What ended the run early: a signal, or its time limit; absent otherwise.')
  .optional();

export const report = z
  .strictObject({
    planId: text("The plan's id."),
    runId: text("The run's id."),
    started: moment('When the run began.'),
    finished: moment('When the run ended.'),
    counts: counts.describe('The number of actions by outcome.'),
    bytes: count('Bytes written.'),
    moved: moved.describe('What moved instead of being copied.'),
    problems: problems.describe('The problems.'),
    skipped: z.array(relPath).describe('Paths that were left alone because they had drifted.'),
    interrupted,
  })
  .meta({id: 'report', description: 'How an apply ended.'});

export const apply = z.strictObject({
  format,
  type: ofType('apply'),
  report: report.describe('How it ended.'),
  plan: header.describe("The plan's header; absent when there was no plan.").optional(),
});
