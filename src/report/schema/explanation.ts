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
    fault: text('Why it could not be read: an errno name.').optional(),
  })
  .meta({id: 'side', description: 'The current entry of one side at the path.'});

export const explained = {
  path: relPath.describe('The path in question. For the old path of something that moves, this is its new path.'),
  from: relPath.describe('Its current path in the target, if it moves, alone or with a folder above it.').optional(),
  movesTo: relPath
    .describe('Where the entry moves that is at the path in the target now, if another one gets its place.')
    .optional(),
  verdict: z
    .enum(VERDICTS)
    .describe(
      'changed: an action changes it; upkeep: only its times are put back; linked: it changes with another name of the same file; ' +
        'equal: there is nothing to do; moved: it only moves with a folder above it; left-out: a filter leaves it out; protected: a filter protects what the target has; ' +
        'blocked: a problem keeps the plan away; not-kept: a FIFO, socket or device that cannot be made or is not wanted; ' +
        'other-size: --min-size or --max-size leaves it alone; other-file-system: --one-file-system leaves it out; kept: deletes are not wanted; holds: a folder stays for what it holds; ' +
        'narrowed: the change was left out of the plan; drifted: the sides came to differ after the plan was made; ' +
        "nowhere: neither side has it; own: dirsync's own.",
    ),
  sentence: text('The answer for people; names in it are escaped.'),
  plan: header.describe('The header of the plan.'),
  source: sideNow.describe('What the source has.'),
  target: sideNow.describe('What the target has.'),
  action: action.describe('The action of the plan for this path; absent if there is none.').optional(),
  above: z.array(action).describe('Actions that make, remove or replace a folder above.'),
  leader: relPath.describe('The first name of the file, if this path is a further name of it.').optional(),
  below: z
    .strictObject({changes: count('Changes.'), problems: count('Paths with problems.')})
    .describe('The changes of the plan below the path.'),
  mount: relPath.describe('With --one-file-system: the folder at or above the path where another file system begins.').optional(),
  holds: relPath.describe('For holds: the first path in it that a filter protects or that could not be read.').optional(),
  filter: z
    .strictObject({
      excluded: flag('Whether the filters leave it out.'),
      rule: z
        .strictObject({
          from: relPath.describe('The .dirsyncignore with the line; "" for the command line and the config.'),
          line: count('Its number in that file, or its position among the lines of the command line and the config, from 1.'),
          pattern: text('The line as it was written.'),
        })
        .describe('The line that decided; absent if none matches.')
        .optional(),
      tag: relPath
        .describe(
          'The tag because of which all other entries of its folder are left out: --exclude-caches, --exclude-if-present.',
        )
        .optional(),
      at: relPath.describe('The path that was decided about, or a folder above it that is left out with its content.'),
    })
    .describe('The decision of the filters.'),
  problems: problems.describe('Problems of the path and of folders above it, the nearest first.'),
  halts,
  notes: z
    .array(z.enum(NOTES))
    .describe(
      'size-only: sizes alone are compared; within-window: the times differ by no more than the two trees keep, or --mtime-window; ' +
        'mode-not-kept, owner-not-kept, group-not-kept: they differ, and the target or the user cannot keep them; drifted: what stands there now is not what the plan saw.',
    ),
  lastRun: z
    .strictObject({header: runHeader.describe('The run.'), step: runStep.describe('Its action.')})
    .describe('The last run with an action at the path; absent if none is known.')
    .optional(),
};

export const explanation = z.strictObject({format, type: ofType('explanation'), ...explained});
