/** A run of the past with all its steps. */
import {z} from 'zod';
import {ACTION_KINDS} from '../../core/action.js';
import {counts, interrupted} from './apply.js';
import {count, format, moment, moved, name, ofType, problems, relPath, status, targetDrift, text} from './parts.js';

export const runHeader = z
  .strictObject({
    id: text("The run's id."),
    planId: text("The plan's id."),
    writer: text('Program and version.'),
    source: name.describe('The absolute path of the source.'),
    target: name.describe('The absolute path of the target.'),
    started: moment('When the run began.'),
    changes: count('Changes of the plan.'),
    bytes: count('Bytes that the plan writes.'),
  })
  .meta({id: 'runHeader', description: 'Facts that are known when a run begins.'});

const runEnd = z
  .strictObject({
    finished: moment('When the run ended.'),
    counts: counts.describe('The number of actions by outcome.'),
    bytes: count('Bytes written.'),
    interrupted,
  })
  .meta({id: 'runEnd', description: 'How a run ended.'});

export const end = runEnd.describe('How it ended; absent if it was killed or is still running.').optional();
export const runStep = z
  .strictObject({
    kind: z.enum(ACTION_KINDS).describe('The kind of action.'),
    path: relPath.describe('Its path.'),
    from: relPath.describe('Its path in the target before the action, if that is another one.').optional(),
    moved: moved.describe('What a move takes to its path.').optional(),
    targetDrift: targetDrift.optional(),
    status: status.describe('What happened to it.'),
    bytes: count('Bytes of content that it writes; for delete, bytes freed.'),
  })
  .meta({id: 'step', description: 'One action of a run.'});

export const runFields = {
  header: runHeader.describe('Facts that were known when the run began.'),
  steps: z
    .array(runStep)
    .describe('The actions in the order in which they ended, except those that only restore the times of folders.'),
  problems: problems.describe('The problems.'),
  end,
};

export const run = z.strictObject({format, type: ofType('run'), ...runFields});
