/** One function per command, with the same name. Each takes the parsed command line and returns an exit code. */
import {existsSync, statSync} from 'node:fs';
import process from 'node:process';
import {createInterface} from 'node:readline/promises';
import {parseInterval, parseMaxDelete, parseMilliseconds, parseRate} from '../config/quantity.js';
import {noticesOf, type SettingFlags, type Settings} from '../config/settings.js';
import {DirsyncError, EXIT} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {osPath} from '../core/name.js';
import type {StopSignal} from '../core/outcome.js';
import type {Side} from '../core/problem.js';
import {shellWord} from '../core/shell.js';
import {isJournalFile} from '../formats/journal.js';
import {readPlanFile, writePlanFile} from '../formats/plan-file.js';
import {isManifestFile} from '../formats/saved-manifest.js';
import {commandLine} from '../platform/environment.js';
import {findTarget} from '../platform/roots.js';
import {writeOut} from '../platform/streams.js';
import {applyQuestion, planSentence} from '../report/words/words.js';
import {openJobControl, takeRawMode} from '../ui/job-control.js';
import {type Context, Interrupted, isRunId, newId} from './context.js';
import {toError} from './errors.js';
import {applyExitCode, errorExitCode, planExitCode, signalExitCode, snapshotExitCode} from './exit-code.js';
import {explainPath} from './inspect/explain.js';
import {readManifest} from './inspect/manifests.js';
import {canReview, prepareReview as loadReview, reviewPlan} from './inspect/review.js';
import {LATEST, readRun, readRunFile, readRuns} from './inspect/runs.js';
import type {RunOptions} from './jobs/choose.js';
import {endInTime} from './jobs/daemon.js';
import {runJobs} from './jobs/run.js';
import {type Output, openOutput} from './output/output.js';
import type {InitOptions} from './setup/init.js';
import type {ServiceOptions} from './setup/service.js';
import {hearStopSignals} from './stop.js';
import {applyApproved, applyFresh, applyPlanned, applySaved, planForApply, readApproved} from './sync/apply.js';
import {type CompareSettings, compareTrees} from './sync/compare-trees.js';
import {narrowingOf, narrowPlan} from './sync/narrow.js';
import {checkLogPlace} from './sync/own-files.js';
import {judge, type Planned, planTrees} from './sync/plan.js';
import {type ManifestFiles, manifestRoot, planManifests} from './sync/plan-manifests.js';
import {snapshotSettings, takeSnapshot} from './sync/snapshot.js';
import {
  checkForSaved,
  checkTimes,
  isUnknownJob,
  neitherJobNorPlan,
  placeOf,
  settingsOf,
  settingsWithManifests,
  type Typed,
  targetOf,
} from './typed.js';

/** Without an exit code: it is done. */
type Body = (context: Context, output: Output) => Promise<number | undefined>;

/** What `dirsync plan` is asked for, in addition to settings. */
export interface PlanCommand {
  /** The file to which the plan is saved. */
  readonly out: string | undefined;
  /** Whether the exit code depends on the plan. */
  readonly detailed: boolean;
  /** The manifests that are read in place of folders. */
  readonly manifests?: ManifestFiles | undefined;
}

/** Runs `dirsync plan`. Returns the exit code. */
export function plan(typed: Typed, {out, detailed, manifests}: PlanCommand): Promise<number> {
  return execute(typed, async (context, output) => {
    if (manifests !== undefined && (manifests.source ?? manifests.target) !== undefined) {
      const rootOf = (side: Side) => manifests[side] && manifestRoot(manifests[side]).path;
      const settings = await settingsWithManifests(typed, {source: rootOf('source'), target: rootOf('target')});
      await openLog(settings.log, output);
      const planned = await planManifests(settings, manifests, context);
      if (out !== undefined) context.onEvent({type: 'plan-file', file: out, ...(await writePlanFile(out, planned.plan))});
      return planExitCode(planned, detailed);
    }
    const settings = await openSettings(typed, output);
    const reviewed = prepareReview(typed, output);
    const planned = await planTrees(settings, context);
    if (out !== undefined) context.onEvent({type: 'plan-file', file: out, ...(await writePlanFile(out, planned.plan))});
    if (!reviewed || planned.summary.changes === 0) return planExitCode(planned, detailed);
    return reviewAndApply({planned, settings, file: out, ifLeft: () => planExitCode(planned, detailed)}, context, output);
  });
}

/** Runs `dirsync apply`. `sha256`: apply only the plan file with this SHA-256. Returns the exit code. */
export function apply(typed: Typed, {yes, sha256}: {yes: boolean; sha256: string | undefined}): Promise<number> {
  return execute(typed, async (context, output) => {
    const file = planFileOf(typed.words);
    if (file === undefined) {
      if (sha256 !== undefined) throw new DirsyncError('USAGE', '--plan-sha256 needs a plan file', 'name the plan file');
      const settings = await openSettings(typed, output).catch((error: unknown) => {
        throw isUnknownJob(error) ? neitherJobNorPlan(typed.words[0] as string, error) : error;
      });
      if (!yes && prepareReview(typed, output)) {
        const planned = await planForApply(settings, context);
        return reviewAndApply({planned, settings, ifLeft: () => applyExitCode(undefined)}, context, output);
      }
      const report = yes
        ? await applyFresh(settings, context)
        : await applyApproved(settings, (planned) => confirm(planned, context), context);
      return applyExitCode(report);
    }
    const {flags} = typed;
    checkForSaved(typed);
    const {log} = noticesOf(flags, {});
    await openLog(log, output);
    const {plan: saved} = await readApproved(file, sha256?.toLowerCase());
    const made = narrowPlan(saved, await narrowingOf(flags.narrow, context), newId(context.now()));
    const {source, target, mkpath} = flags;
    const report = await applySaved({plan: made, source, target, mkpath, ...savedSettings(flags)}, context);
    return applyExitCode(report);
  });
}

function savedSettings(flags: SettingFlags) {
  const {
    allow = [],
    fsync = 'end',
    probe = false,
    skipDrifted = false,
    lockTimeout = '0',
    maxDuration,
    maxDelete,
    rate = '0',
    ioPriority,
  } = flags;
  return {
    allow,
    fsync,
    probe,
    skipDrifted,
    rate: parseRate(rate),
    ioPriority,
    lockTimeout: parseMilliseconds(lockTimeout),
    maxDuration: maxDuration === undefined ? undefined : parseInterval(maxDuration),
    maxDelete: maxDelete === undefined ? undefined : parseMaxDelete(maxDelete),
  };
}

/** Whether the plan opens in a review. If so, starts to load the review while the trees are read. */
function prepareReview({format, events}: Typed, output: Output): boolean {
  if (format !== undefined || events || !canReview()) return false;
  loadReview();
  output.expectReview();
  return true;
}

interface ReviewAndApply {
  readonly planned: Planned;
  readonly settings: Pick<
    Settings,
    'allow' | 'fsync' | 'memory' | 'probe' | 'skipDrifted' | 'lockTimeout' | 'maxDuration' | 'rate' | 'ioPriority'
  >;
  readonly file?: string | undefined;
  /** Returns the exit code if the user applies nothing. */
  readonly ifLeft: () => number;
}

async function reviewAndApply(
  {planned, settings, file, ifLeft}: ReviewAndApply,
  context: Context,
  output: Output,
): Promise<number> {
  const chosen =
    planned.summary.changes === 0 ? planned : await reviewPlan({planned, allow: settings.allow, canApply: true, file}, context);
  if (chosen === undefined || context.signal.aborted) planned.memory?.close();
  if (context.signal.aborted) throw new Interrupted();
  if (chosen === undefined) {
    output.say(`${planSentence(planned.plan, planned.summary)}\nNothing was changed.`);
    return ifLeft();
  }
  return applyExitCode(await applyPlanned({...chosen, memory: planned.memory}, settings, context));
}

/** Runs `dirsync run`. Returns the exit code. */
export function run(typed: Typed, wanted: RunOptions): Promise<number> {
  return execute(typed, (context, output) => {
    endInTime(context);
    return runJobs(typed, wanted, context, output);
  });
}

/** @throws DirsyncError USAGE for flags that have no effect on what is shown. */
function checkNotForPlans({flags: {narrow}}: Typed, out: string | undefined, what: string): void {
  const named = (['only', 'except', 'kinds'] as const).find((key) => (narrow?.[key].length ?? 0) > 0);
  const flag = named ?? (out === undefined ? undefined : 'out');
  if (flag === undefined) return;
  throw new DirsyncError('USAGE', `--${flag} applies to plans, but this shows ${what}`, 'leave it out, or name only a plan file');
}

/** @throws DirsyncError USAGE for a format in which manifests are not shown. */
function checkManifestFormat({format = 'text'}: Typed): void {
  if (format === 'text' || format === 'json') return;
  throw new DirsyncError('USAGE', `a manifest cannot be shown as ${format}`, 'use --format text or --format json');
}

/** @throws DirsyncError USAGE if `what` names a run but no target is given. */
function checkNoRun(what: string): void {
  if (existsSync(osPath(what)) || !(what === LATEST || isRunId(what))) return;
  const name = escapeName(what);
  throw new DirsyncError(
    'USAGE',
    `${name} names a run, but no target is given`,
    `add its target: dirsync show ${name} --target DIR`,
  );
}

/** What `dirsync show` is asked for, in addition to a file or a run. */
export interface ShowOptions {
  /** The file to which the narrowed plan is saved. */
  readonly out?: string | undefined;
  /** Whether all entries of a manifest are listed. */
  readonly entries: boolean;
}

/** Shows a plan file, a manifest or a journal; with a target, one of its runs. */
export function show(typed: Typed, what: string, {out, entries}: ShowOptions): Promise<number> {
  return execute(typed, async (context, output) => {
    const {onEvent, now} = context;
    const {target} = typed.flags;
    const isManifest = target === undefined && isManifestFile(what);
    if (entries && !isManifest) throw new DirsyncError('USAGE', '--entries is for manifests', 'leave it out, or name a manifest');
    if (isManifest) {
      checkNotForPlans(typed, out, 'a manifest');
      checkManifestFormat(typed);
      onEvent({type: 'manifest', manifest: readManifest(what, {entries})});
    } else if (target !== undefined || isJournalFile(what)) {
      checkNotForPlans(typed, out, 'a run');
      onEvent({type: 'run-shown', run: target === undefined ? readRunFile(what) : readRun(target, what)});
    } else {
      checkNoRun(what);
      const reviewed = out === undefined && prepareReview(typed, output);
      const {plan: saved, sha256} = await readPlanFile(what);
      const planned = judge(narrowPlan(saved, await narrowingOf(typed.flags.narrow, context), newId(now())), []);
      onEvent({type: 'plan-ready', ...planned});
      if (reviewed && planned.summary.changes > 0) {
        const chosen = await reviewPlan({planned, allow: [], canApply: true, file: what}, context);
        if (context.signal.aborted) throw new Interrupted();
        return chosen && applyExitCode(await applySaved({plan: chosen.plan, ...savedSettings(typed.flags)}, context));
      }
      const written = out === undefined ? {file: what, sha256} : {file: out, ...(await writePlanFile(out, planned.plan))};
      onEvent({type: 'plan-file', ...written});
    }
  });
}

/** Runs `dirsync snapshot`: writes the manifest of a folder to the file `out`. Returns the exit code. */
export function snapshot(typed: Typed, folder: string, {digest, out}: {digest: boolean; out: string}): Promise<number> {
  return execute(typed, async (context) => {
    const manifest = await takeSnapshot(folder, out, snapshotSettings(typed.flags, digest), context);
    context.onEvent({type: 'manifest', manifest});
    return snapshotExitCode(manifest.facts);
  });
}

/** Runs `dirsync diff`: shows what changed from one tree to another. Returns the exit code. */
export function diff(typed: Typed, trees: {before: string; after: string}, {detailed}: {detailed: boolean}): Promise<number> {
  return execute(typed, async (context) => {
    const {flags} = typed;
    const {checksum, sizeOnly, mtimeWindow, preserve, noPreserve, narrow} = flags;
    const settings: CompareSettings = {
      read: snapshotSettings(flags, false),
      compare: checksum ? 'content' : sizeOnly ? 'size' : 'metadata',
      mtimeWindow,
      preserve,
      noPreserve,
      narrow,
    };
    return planExitCode(await compareTrees(trees, settings, context), detailed);
  });
}

/** Runs `dirsync history`, showing at most `limit` runs. Returns the exit code. */
export function history(typed: Typed, {limit}: {limit: number}): Promise<number> {
  return execute(typed, async ({onEvent}) => {
    const target = await targetOf(typed);
    onEvent({type: 'history', target: findTarget(target, true).path, runs: readRuns(target, limit)});
  });
}

/** Shows the settings of jobs. `builtIn`: also settings that are not set anywhere. The words are names of jobs. */
export function config({words, ...typed}: Typed, {builtIn}: {builtIn: boolean}): Promise<number> {
  return execute({words, ...typed}, async ({onEvent}) => {
    const {showConfig} = await import('./inspect/config.js');
    const {config: file, flags} = typed;
    await checkTimes(flags);
    const shown = await showConfig({...placeOf(file), file, jobs: words, flags, builtIn});
    onEvent({type: 'config-shown', config: shown});
  });
}

/** Explains a path. `file`: a saved plan to use instead of a fresh one. */
export function explain(typed: Typed, path: string, file: string | undefined): Promise<number> {
  return execute(typed, async (context) => {
    const {onEvent} = context;
    if (file !== undefined && typed.words.length > 0) {
      throw new DirsyncError(
        'USAGE',
        'folders or a job are given together with --plan',
        'leave them out, since the plan names its folders',
      );
    }
    // The plan itself is not shown.
    const quiet: Context = {...context, onEvent: (event) => event.type !== 'plan-ready' && onEvent(event)};
    const planned =
      file === undefined
        ? await planTrees(await settingsOf(typed), quiet)
        : judge((await readPlanFile(file)).plan, typed.flags.allow ?? []);
    onEvent({type: 'explained', explanation: await explainPath({path, planned})});
  });
}

/** Prints or writes the files with which another scheduler runs the named jobs. */
export function schedulePrint(typed: Typed, options: ServiceOptions): Promise<number> {
  return execute(typed, async () => {
    const {printServices} = await import('./setup/service.js');
    const {text, told} = await printServices(typed.words, typed.config, options);
    await writeOut([text]);
    process.stderr.write(told);
  });
}

/** Runs `dirsync init`. Returns the exit code. */
export function init(typed: Typed, options: InitOptions): Promise<number> {
  return execute(typed, async (context, output) => {
    const {initConfig} = await import('./setup/init.js');
    output.say(await initConfig(options, context));
  });
}

/** Runs the body of a command with output and signal handlers, and returns its exit code. */
async function execute(typed: Typed, body: Body): Promise<number> {
  const now = () => new Date();
  const output = openOutput({format: typed.format, events: typed.events, all: typed.all, now});
  const {signal, onHangUp, end} = hearStopSignals();
  try {
    const exitCode = await body({onEvent: output.listener, signal, onHangUp, now, command: typedCommand()}, output);
    return exitCode ?? EXIT.done;
  } catch (caught) {
    if (caught instanceof Interrupted && signal.aborted) {
      const name = signal.reason as StopSignal;
      output.stopped(name);
      return signalExitCode(name);
    }
    const error = toError(caught);
    output.error(error);
    return errorExitCode(error);
  } finally {
    // Close the screen first: without handlers, a signal would end the program and leave the terminal in raw mode.
    await output.close();
    end();
  }
}

function typedCommand(): string {
  return ['dirsync', ...commandLine().map(shellWord)].join(' ');
}

async function openLog(log: Settings['log'], output: Output): Promise<void> {
  checkLogPlace(log);
  if (log !== undefined) await output.openLog(log);
}

async function openSettings(typed: Typed, output: Output): Promise<Settings> {
  const settings = await settingsOf(typed);
  await openLog(settings.log, output);
  return settings;
}

/**
 * A single word is a plan file if such a file exists or it looks like a path. Otherwise it is a job, or a folder without a
 * target.
 */
function planFileOf(words: readonly string[]): string | undefined {
  const [word] = words;
  if (words.length !== 1 || word === undefined) return undefined;
  const found = statSync(osPath(word), {throwIfNoEntry: false});
  if (found === undefined) return word.includes('/') ? word : undefined;
  return found.isDirectory() ? undefined : word;
}

/**
 * Asks on the terminal whether to apply the plan. Returns it if the answer is yes, or without asking if a guard halts it anyway.
 */
async function confirm(planned: Planned, {signal}: Context): Promise<Planned | undefined> {
  const {summary, halts} = planned;
  if (halts.some(({allowed}) => !allowed)) return planned;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    throw new DirsyncError(
      'CONFIRMATION_NEEDED',
      'there are changes to apply, but no terminal to ask on',
      'review the changes with `dirsync plan`, then add --yes',
    );
  }
  const terminal = createInterface({input: process.stdin, output: process.stdout});
  // platform/streams reports a terminal that is gone.
  terminal.on('error', () => {});
  const jobControl = openJobControl({
    giveBack: () => void process.stdin.setRawMode(false),
    takeAgain() {
      takeRawMode(process.stdin);
      terminal.prompt(true);
      // On a dumb terminal, readline writes only the question.
      if (process.env.TERM === 'dumb') process.stdout.write(terminal.line);
    },
  });
  // readline intercepts Ctrl-C and Ctrl-Z while it asks.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT')).on('SIGTSTP', jobControl.stop);
  try {
    const answer = await terminal.question(`${applyQuestion(summary.changes)} [y/N] `, {signal});
    return /^y(es)?$/i.test(answer.trim()) ? planned : undefined;
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    // The end of input (Ctrl-D) means no.
    if ((error as Error).name === 'AbortError') return undefined;
    throw error;
  } finally {
    jobControl.close();
    terminal.close();
  }
}
