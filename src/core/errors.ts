/** The errors that end a run: a code, a fixed summary for the code, the details, and a way out. */

/** Exit codes; the help of each command lists those that it can return. */
export const EXIT = {
  done: 0,
  error: 1,
  changes: 2,
  partial: 3,
  drift: 4,
  guard: 5,
  locked: 6,
  sighup: 129,
  sigint: 130,
  sigterm: 143,
} as const;

const SUMMARIES = {
  USAGE: 'The command line is not valid',
  CURRENT_FOLDER: 'The current folder cannot be used',
  ROOT_REMOTE: 'A folder on another machine cannot be reached',
  SOURCE_MISSING: 'The source does not exist',
  SOURCE_NOT_DIRECTORY: 'The source is not a folder',
  SOURCE_UNREADABLE: 'The source cannot be read',
  TARGET_MISSING: 'The target does not exist',
  TARGET_NOT_DIRECTORY: 'The target is not a folder',
  TARGET_PARENT_MISSING: 'The folder that should hold the target does not exist',
  TARGET_UNREADABLE: 'The target cannot be read',
  TARGET_UNWRITABLE: 'The target cannot be written',
  NAMING_UNREADABLE: 'The note about escaped names cannot be read',
  CONFIG_UNREADABLE: 'The config file cannot be read',
  CONFIG_FOREIGN: 'The config file may come from another user and was not read',
  CONFIG_INVALID: 'The config file has a mistake',
  CONFIG_UNWRITABLE: 'The config file cannot be written',
  JOB_UNKNOWN: 'There is no such job',
  INTERVAL_INVALID: 'The interval is not valid',
  SCHEDULE_INVALID: 'The schedule is not valid',
  SCHEDULE_FOREIGN: 'Another scheduler cannot express this schedule',
  SERVICE_UNWRITABLE: 'The service cannot be written',
  LOG_UNWRITABLE: 'The log cannot be written',
  FILTER_UNREADABLE: 'The filter file cannot be read',
  LIST_UNREADABLE: 'The list of paths cannot be used',
  FILTERS_REFUSED: 'The filters would take too long',
  PLAN_UNREADABLE: 'The plan file cannot be read',
  PLAN_NOT_A_PLAN: 'The file is not a dirsync plan',
  PLAN_NEWER: 'The plan file was written by a newer dirsync',
  PLAN_DAMAGED: 'The plan file is damaged or was changed',
  PLAN_HOSTILE: 'The plan file contains a forbidden path',
  PLAN_UNWRITABLE: 'The plan file cannot be written',
  PLAN_STALE: 'The plan no longer fits the two trees',
  PLAN_OTHER_ROOT: 'The plan was made for another folder',
  PLAN_OTHER_OWNERS: 'The plan was made where users or groups have different ids',
  PLAN_OTHER_USER: 'This user cannot apply the plan as it was made',
  PLAN_NOT_APPROVED: 'The plan file is not the one that was approved',
  MANIFEST_UNREADABLE: 'The manifest cannot be read',
  MANIFEST_NOT_A_MANIFEST: 'The file is not a dirsync manifest',
  MANIFEST_NEWER: 'The manifest was written by a newer dirsync',
  MANIFEST_DAMAGED: 'The manifest is damaged or was changed',
  MANIFEST_HOSTILE: 'The manifest contains a forbidden name',
  MANIFEST_UNWRITABLE: 'The manifest cannot be written',
  RUN_UNKNOWN: 'There is no such run',
  JOURNAL_UNREADABLE: 'The journal of the run cannot be read',
  JOURNAL_NEWER: 'The journal of the run was written by a newer dirsync',
  JOURNAL_DAMAGED: 'The journal of the run is damaged',
  JOURNAL_HOSTILE: 'The journal of the run contains a forbidden path',
  REPORT_UNWRITABLE: 'The report cannot be written',
  GUARD_HALTED: 'A guard halted the run; nothing was changed',
  TARGET_LOCKED: 'Another run is working on this target',
  BEFORE_FAILED: 'The command before the run failed; nothing was changed',
  AFTER_FAILED: 'The command after the run failed',
  OUT_OF_TIME: 'The time limit was reached before the run changed anything',
  LOCK_LOST: 'Another run has taken over this target, and this one stopped',
  CONFIRMATION_NEEDED: 'The plan needs to be confirmed first',
  PLAN_TOO_LARGE: 'The plan does not fit in memory; nothing was changed',
  OUT_OF_MEMORY: 'There is not enough memory',
  PLATFORM: 'This machine cannot do what was asked',
} as const;

export type ErrorCode = keyof typeof SUMMARIES;

const EXIT_CODES: Partial<Record<ErrorCode, number>> = {
  PLAN_STALE: EXIT.drift,
  PLAN_OTHER_ROOT: EXIT.drift,
  PLAN_OTHER_OWNERS: EXIT.drift,
  PLAN_OTHER_USER: EXIT.drift,
  PLAN_NOT_APPROVED: EXIT.drift,
  GUARD_HALTED: EXIT.guard,
  TARGET_LOCKED: EXIT.locked,
  LOCK_LOST: EXIT.locked,
  OUT_OF_TIME: EXIT.partial,
  AFTER_FAILED: EXIT.partial,
};

/** The text that is shown with an error that neither the user nor the machine has caused. */
export const BUG = 'this is a bug in dirsync, please report it';

/** The hint if something does not fit in memory. */
export const MORE_MEMORY =
  'give Node more memory, such as NODE_OPTIONS=--max-old-space-size=8192 (MiB), or split the job and sync its largest folders one by one';

/**
 * An error for the user. Its message is the summary of `code` and `detail`.
 *
 * @example
 * const settings = resolveSettings(['nowhere', 'target'], {filters: []}, {});
 * const error = await applyFresh(settings, context).catch((error) => error);
 * error instanceof DirsyncError; // → true
 * error.code; // → 'SOURCE_MISSING'
 */
export class DirsyncError extends Error {
  override readonly name = 'DirsyncError';
  readonly summary: string;
  readonly exitCode: number;

  /**
   * `detail`: what exactly went wrong, with names already escaped for a terminal; `hint`: what the user can do, in lower case and
   * without a full stop; `exitCode`: overrides the exit code of `code`.
   */
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly hint?: string,
    options?: {cause?: unknown; isHalt?: boolean},
  ) {
    super(`${SUMMARIES[code]}: ${detail}`, {cause: options?.cause});
    this.summary = SUMMARIES[code];
    this.exitCode = options?.isHalt ? EXIT.guard : (EXIT_CODES[code] ?? EXIT.error);
  }
}
