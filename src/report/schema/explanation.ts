/** Why a path is or is not in a plan. */
import {z} from 'zod';
import {NOTES, VERDICTS} from '../../core/explanation.js';
import {action, count, entry, flag, format, halts, ofType, problems, relPath, text} from './parts.js';
import {header} from './plan-header.js';
import {runHeader, runStep} from './run.js';

const sideNow = z
  .strictObject({
    entry: entry.describe('The entry at the path; absent if there is none, or if it could not be read.').optional(),
    escaped: text('Its path on disk, if names that the file system cannot hold are escaped (--rename-invalid).').optional(),
    fault: text('Why it could not be looked at: an errno name.').optional(),
  })
  .meta({id: 'side', description: 'What one side has at the path now.'});

export const explained = {
  path: relPath.describe('What was asked about.'),
  verdict: z
    .enum(VERDICTS)
    .describe(
      'changed: an action changes it; upkeep: only its times are put back; linked: it changes with another name of the same file; ' +
        'equal: there is nothing to do; left-out: a filter leaves it out; protected: a filter protects what the target has; ' +
        'blocked: a problem keeps the plan away; not-kept: a FIFO, socket or device that cannot be made or is not wanted; ' +
        'other-size: --min-size or --max-size leaves it alone; other-file-system: --one-file-system leaves it out; kept: deletes are not wanted; holds: a folder stays for what it holds; ' +
        'narrowed: the change was left out of the plan; drifted: the sides came to differ after the plan was made; ' +
        "nowhere: neither side has it; own: dirsync's own.",
    ),
  sentence: text('The answer for people; names in it are escaped.'),
  plan: header.describe('The header of the plan that was asked.'),
  source: sideNow.describe('What the source has.'),
  target: sideNow.describe('What the target has.'),
  action: action.describe('The step of the plan for this path; absent when there is none.').optional(),
  above: z.array(action).describe('Steps by which a folder above comes, goes or is replaced.'),
  leader: relPath.describe('The first name of the file of which this path is another name.').optional(),
  below: z
    .strictObject({changes: count('Changes.'), problems: count('Paths with problems.')})
    .describe('What the plan has below the path.'),
  mount: relPath.describe('With --one-file-system: the folder at or above the path where another file system begins.').optional(),
  holds: relPath.describe('For holds: the first path in it that a filter protects or that could not be read.').optional(),
  filter: z
    .strictObject({
      excluded: flag('Whether the filters leave it out.'),
      rule: z
        .strictObject({
          from: relPath.describe('The .dirsyncignore that holds the line; "" for the command line and the config.'),
          line: count('Its number in that file, or its place among the lines of the command line and the config; from 1.'),
          pattern: text('The line as it was written.'),
        })
        .describe('The line that decided; absent when none matches.')
        .optional(),
      tag: relPath
        .describe('The tag by which all else in its folder is left out: --exclude-caches, --exclude-if-present.')
        .optional(),
      at: relPath.describe('What was decided about: the path, or a folder above it that is left out with all that is in it.'),
    })
    .describe('What the filters say.'),
  problems: problems.describe('Problems of the path and of folders above it, the nearest first.'),
  halts,
  notes: z
    .array(z.enum(NOTES))
    .describe(
      'size-only: sizes alone are compared; within-window: the times differ by no more than the two trees keep, or --mtime-window; ' +
        'mode-not-kept, owner-not-kept, group-not-kept: they differ, and the target or the user cannot keep them; drifted: what stands there now is not what the plan saw.',
    ),
  lastRun: z
    .strictObject({header: runHeader.describe('The run.'), step: runStep.describe('What it did.')})
    .describe('The last run that had to do with the path; absent when none is known.')
    .optional(),
};

export const explanation = z.strictObject({format, type: ofType('explanation'), ...explained});
