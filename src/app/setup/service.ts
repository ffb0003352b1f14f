/** Prints or writes files that let systemd, cron or launchd run jobs. */
import {existsSync, realpathSync, statSync} from 'node:fs';
import {homedir, userInfo} from 'node:os';
import {basename, dirname, isAbsolute, join, resolve} from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import type {Config} from '../../config/load.js';
import {resolveSettings, type Settings} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import {osPath} from '../../core/name.js';
import type {Schedule} from '../../core/schedule.js';
import {typedWord} from '../../core/shell.js';
import {absolutePath, environment} from '../../platform/environment.js';
import {errnoOf} from '../../platform/platform.js';
import {calendarTimes} from '../../schedule/calendar-times.js';
import {crontab} from '../../service/crontab.js';
import {launchdPlist} from '../../service/launchd.js';
import {systemdUnits} from '../../service/systemd.js';
import type {Service, ServiceFile, ServiceTimes} from '../../service/unit.js';
import {memoryFolder} from '../../state/memory-folder.js';
import {placeOf} from '../typed.js';
import {readTextOf, writeText} from './new-file.js';

/** What `dirsync schedule print` prints, and where to. */
export interface ServiceOptions {
  readonly form: 'systemd' | 'cron' | 'launchd';
  /** Use the scheduler of the user, instead of that of the system. */
  readonly user: boolean;
  /** The folder to write the files to, instead of printing them. */
  readonly out: string | undefined;
  /** Replace existing files that have different content. */
  readonly force: boolean;
}

/** The text for stdout, and the message for stderr. */
export interface Printed {
  readonly text: string;
  readonly told: string;
}

/**
 * Returns the files for these jobs as text, or writes them and returns where they are and the next steps.
 * @throws DirsyncError USAGE, SCHEDULE_FOREIGN, SERVICE_UNWRITABLE.
 */
export async function printServices(
  jobs: readonly string[],
  file: string | undefined,
  options: ServiceOptions,
): Promise<Printed> {
  const {form, user, out} = options;
  if (form === 'cron' && (user || out !== undefined)) {
    throw new DirsyncError('USAGE', '--user and --out do not work with --cron', 'add the printed lines with `crontab -e`');
  }
  if (form === 'launchd' && jobs.length > 1 && out === undefined) {
    throw new DirsyncError('USAGE', 'a launchd property list holds only one job', 'name one JOB, or add --out DIR');
  }
  const {findJob, loadConfig} = await import('../../config/load.js');
  const variables = new Set<string>();
  const place = placeOf(file);
  const config = await loadConfig({...place, env: watched(place.env, variables)});
  const services = jobs.map((job) => {
    const settings = resolveSettings([], {filters: []}, findJob(config, job));
    return serviceOf(job, {
      settings,
      file: (config as Config).file,
      variables: [...variables],
      user: user ? undefined : userInfo().username,
      form,
    });
  });
  const {files, next} = filesOf(services, options);
  if (out === undefined) return {text: files.map(textOf).join('\n'), told: ''};
  const written = writeAll(files, out, options.force);
  return {text: '', told: `${written.map((path) => `Wrote ${escapeName(path)}`).join('\n')}\n${next}\n`};
}

/** Puts the path of a file before its text, as a comment of systemd and cron. A launchd property list already names its path. */
function textOf({path, text}: ServiceFile): string {
  return path === undefined || path.endsWith('.plist') ? text : `# ${path}\n${text}`;
}

function filesOf(services: readonly Service[], {form, user, out}: ServiceOptions): {files: ServiceFile[]; next: string} {
  if (form === 'cron') return {files: services.map(crontab), next: ''};
  const folder = folderOf(form, user);
  const place = out === undefined || absolutePath(out) === folder ? '' : `Move them to ${escapeName(folder)}. `;
  if (form === 'launchd') {
    const zone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    const files = services.map((service) => launchdPlist(service, {folder, zone}));
    const load = files.map(({path}) => `launchctl bootstrap ${user ? 'gui/$(id -u)' : 'system'} ${typedWord(path ?? '')}`);
    return {files, next: `${place}Next:\n  ${load.join('\n  ')}`};
  }
  const units = services.map((service) => systemdUnits(service, folder));
  const systemctl = user ? 'systemctl --user' : 'systemctl';
  const make = new Set(services.flatMap(({missing}) => missing));
  const steps = [
    ...[...make].map((path) => `mkdir -p ${typedWord(path)}`),
    `${systemctl} daemon-reload && ${systemctl} enable --now ${units.map(({enabled}) => typedWord(enabled)).join(' ')}`,
    ...(user ? ['loginctl enable-linger    # so that it also runs while you are not logged in'] : []),
  ];
  return {files: units.flatMap(({files}) => files), next: `${place}Next:\n  ${steps.join('\n  ')}`};
}

function folderOf(form: 'systemd' | 'launchd', user: boolean): string {
  const {HOME = homedir(), XDG_CONFIG_HOME: xdg = ''} = environment();
  if (form === 'launchd') return user ? join(HOME, 'Library/LaunchAgents') : '/Library/LaunchDaemons';
  return user ? join(isAbsolute(xdg) ? xdg : join(HOME, '.config'), 'systemd/user') : '/etc/systemd/system';
}

/** Writes all files and returns their paths. Checks all of them before it writes the first. */
function writeAll(files: readonly ServiceFile[], out: string, force: boolean): string[] {
  try {
    const found = files
      .map(({path = '', text}) => ({path: join(absolutePath(out), basename(path)), text}))
      .map((file) => ({...file, old: readTextOf(file.path)}));
    const other = found.find(({old, text}) => old !== undefined && old !== text);
    if (other !== undefined && !force) {
      const hint = 'look at its content, then replace it with --force';
      throw new DirsyncError('SERVICE_UNWRITABLE', `${escapeName(other.path)} already exists with different content`, hint);
    }
    for (const {path, text, old} of found) if (old !== text) writeText(path, text, {replace: old !== undefined});
    return found.map(({path}) => path);
  } catch (error) {
    if (error instanceof DirsyncError) throw error;
    const hint = 'check that the folder exists and that you can write to it';
    throw new DirsyncError('SERVICE_UNWRITABLE', `${escapeName(out)} (${errnoOf(error)})`, hint, {cause: error});
  }
}

interface JobParts {
  readonly settings: Settings;
  /** Path of the config file. */
  readonly file: string;
  readonly variables: readonly string[];
  readonly user: string | undefined;
  readonly form: ServiceOptions['form'];
}

function serviceOf(job: string, {settings, file, variables, user, form}: JobParts): Service {
  const {schedule, source, target, hooks, heartbeat, webhook, maxDuration, lockTimeout, preserve} = settings;
  if (schedule === undefined) {
    const hint = 'add `every`, `at`, `cron` or `watch` to it in the config file';
    throw new DirsyncError('USAGE', `the job "${escapeName(job)}" has no schedule`, hint);
  }
  const besides = writtenBeside(settings);
  const commands = Object.keys(hooks.commands);
  const aroundIt = commands.length * hooks.timeout + lockTimeout + SLACK_MS;
  const own = ownEnvironment();
  checkText([file, source, target, ...besides, ...Object.values(own)]);
  return {
    job,
    command: commandOf(job, file, schedule),
    environment: own,
    variables,
    user,
    times: timesOf(schedule, form),
    delay: schedule.delay,
    jitter: schedule.jitter,
    queues: schedule.overlap === 'queue',
    catchesUp: schedule.missed === 'run-once',
    source,
    target,
    writes: [...new Set([existsSync(target) ? target : folderAbove(target, settings.mkpath), ...besides])],
    missing: [...new Set(besides)].filter((path) => !existsSync(path)),
    documentation: pathToFileURL(resolve(dirname(realpathSync(script())), '../docs/service.md')).href,
    preserve,
    hasHooks: commands.length > 0,
    hasBefore: hooks.commands.before !== undefined,
    needsNetwork: heartbeat !== undefined || webhook !== undefined,
    timeout: maxDuration === undefined ? undefined : maxDuration + aroundIt,
    stopTimeout: STOP_MS + (hooks.commands.after === undefined ? 0 : hooks.timeout),
  };
}

/** Time that a run may take beyond its `maxDuration` to finish the current files. */
const SLACK_MS = 10 * 60_000;
const STOP_MS = 10_000;

/** Prefers calendar times, because systemd makes up for missed ones, but not for missed intervals. launchd needs single times. */
function timesOf(schedule: Schedule, form: ServiceOptions['form']): ServiceTimes {
  const {every, watch, activeHours, timezone} = schedule;
  if (watch) return {type: 'watch'};
  if (form === 'launchd' && every !== undefined && activeHours.length === 0) return {type: 'interval', every};
  const times = calendarTimes(schedule);
  if (times !== undefined) return {type: 'calendar', times, timezone};
  return {type: 'interval', every: every as number};
}

/** Returns the command that started this process. The path of the script is not resolved, because its symlink outlives versions. */
function commandOf(job: string, file: string, {watch}: Schedule): string[] {
  if (realpathSync(script()).includes('/_npx/')) {
    const hint = 'install it: npm install --global dirsync';
    throw new DirsyncError('SERVICE_UNWRITABLE', 'dirsync was started from the npx cache, which npm may delete', hint);
  }
  const flags = ['--config', file, ...(watch ? [] : ['--once'])];
  const words = job.startsWith('-') ? [...flags, '--', job] : [job, ...flags];
  return [process.execPath, ...process.execArgv, script(), 'run', ...words];
}

function script(): string {
  return process.argv[1] ?? '';
}

/** Returns the variables that a run needs to find what it remembers of its targets, if they are not the usual ones. */
function ownEnvironment(): Record<string, string> {
  const {HOME, XDG_STATE_HOME: xdg = ''} = environment();
  const isOwn = HOME === undefined || HOME === userInfo().homedir;
  return {...(isOwn ? {} : {HOME}), ...(isAbsolute(xdg) ? {XDG_STATE_HOME: xdg} : {})};
}

/** @throws DirsyncError SERVICE_UNWRITABLE if a path is not UTF-8, because scheduler files are text. */
function checkText(paths: readonly string[]): void {
  const odd = paths.find((path) => !path.isWellFormed());
  if (odd === undefined) return;
  const hint = 'make a symlink to it with a UTF-8 name, and use the symlink';
  throw new DirsyncError('SERVICE_UNWRITABLE', `${escapeName(odd)} is not UTF-8, which no scheduler accepts`, hint);
}

/** Returns the folders in which a run writes, besides its target. */
function writtenBeside({log, metrics}: Settings): string[] {
  const memory = memoryFolder();
  return [
    ...(log === undefined ? [] : [dirname(log.file)]),
    ...(metrics === undefined ? [] : [metrics.endsWith('/') || isFolder(metrics) ? metrics : dirname(metrics)]),
    ...(memory === undefined ? [] : [dirname(memory)]),
  ];
}

/**
 * Returns the folder in which a run creates the target. If that is `/`, returns the target, which must then exist before the run.
 */
function folderAbove(target: string, mkpath: boolean): string {
  let above = dirname(target);
  while (mkpath && !existsSync(above)) above = dirname(above);
  return above === '/' ? target : above;
}

function isFolder(path: string): boolean {
  return statSync(osPath(path), {throwIfNoEntry: false})?.isDirectory() ?? false;
}

/** Variables that are set for every process of a user. */
const USUAL = ['HOME', 'USER', 'LOGNAME', 'SHELL', 'XDG_CONFIG_HOME'];

/** Returns the environment, and records the variables that are read from it. */
function watched(env: NodeJS.ProcessEnv, asked: Set<string>): NodeJS.ProcessEnv {
  return new Proxy(env, {
    get(target, name) {
      if (typeof name === 'string' && !USUAL.includes(name)) asked.add(name);
      return Reflect.get(target, name);
    },
  });
}
