/** Writes a first config from checked answers, with comments that show what else can be set. */
import {resolve} from 'node:path';
import {stringify} from 'yaml';
import type {Answers, Question} from '../core/answers.js';
import {DirsyncError} from '../core/errors.js';
import {escapeJson, escapeName} from '../core/escape.js';
import {checkCron} from './cron.js';
import {homeFolder} from './home.js';
import {parseInterval, parseTimeOfDay} from './quantity.js';

/** Checks an answer, but not whether folders exist. @throws DirsyncError USAGE, INTERVAL_INVALID or SCHEDULE_INVALID. */
export function checkAnswer(question: Question, text: string): void {
  const odd = /\p{Cc}/u.exec(text)?.[0];
  if (odd !== undefined) throw usage(`"${escapeName(text)}" contains a control character`, 'give it on one line, without tabs');
  if (question === 'job') checkName(text);
  if (question === 'every') parseInterval(text);
  if (question === 'at') parseTimeOfDay(text);
  if (question === 'cron') checkCron(text);
  if (question === 'heartbeat' && text !== '') checkAddress(text);
}

function checkName(name: string): void {
  if (name === '') throw usage('a job needs a name', 'give a word, such as photos');
  if (name.includes('/')) throw usage(`"${escapeName(name)}" looks like a path`, 'give a name without "/"');
  if (name === '__proto__') throw usage(`"${name}" cannot be the name of a job`, 'give another name');
}

function checkAddress(text: string): void {
  // An address may use environment variables, which are a better place for secrets.
  const sample = text.replace(/\$\{[^}]*\}/g, 'x');
  if (/^https?:\/\//i.test(text) && URL.canParse(sample)) return;
  throw usage('this is not an address', 'give one that begins with http:// or https://');
}

function usage(detail: string, hint: string): DirsyncError {
  return new DirsyncError('USAGE', detail, hint);
}

/** The absolute path that a text means in a config in `folder`, with `~` and `${NAME}` expanded. @throws DirsyncError USAGE. */
export function meantPath(text: string, {folder, env}: {readonly folder: string; readonly env: NodeJS.ProcessEnv}): string {
  return resolve(folder, meantText(text, env));
}

/** Expands `~` and `${NAME}`. @throws DirsyncError USAGE if the text is empty or has no value. */
export function meantText(text: string, env: NodeJS.ProcessEnv): string {
  if (text === '') throw usage('no path is given', 'give the path of a folder');
  const home = text.replace(/^~(?=\/|$)/, () => {
    const own = homeFolder(env);
    if (own === undefined)
      throw usage('"~" has no meaning, because there is no home folder', 'set HOME, or give the path itself');
    return own;
  });
  return home.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = env[name];
    if (value) return value;
    throw usage(`the environment variable "${escapeName(name)}" is not set`, 'set it, or give the path itself');
  });
}

/** The config as YAML. `schema`: the address of the JSON schema for editors. */
export function configText(answers: Answers, schema: string | undefined): string {
  const {job, source, target, exclude, log, heartbeat} = answers;
  const name = /^[A-Za-z][\w-]*$/.test(job) ? job : 'JOB';
  return `${[
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    '# The config of dirsync.',
    `# \`dirsync plan ${name}\` shows what a run would do, and \`dirsync run ${name}\` does it.`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a config may hold such texts.
    '# Relative paths start at this file; ~ is your home, ${NAME} a variable.',
    '',
    '# Settings that all jobs share can go here.',
    '# defaults:',
    "#   exclude: ['*.tmp']",
    '',
    'jobs:',
    `  ${keyText(job)}:`,
    ...[
      '# The folder to copy from, and the folder that becomes its copy.',
      `source: ${quoted(source)}`,
      `target: ${quoted(target)}`,
      '',
      '# Patterns of files to leave alone on both sides, in .gitignore syntax.',
      ...(exclude.length === 0
        ? ["# exclude: ['*.tmp', '/cache/']"]
        : ['exclude:', ...exclude.map((text) => `  - ${quoted(text)}`)]),
      '',
      ...timeLines(answers),
      '',
      '# A file that gets a line for each change and each problem.',
      log === '' ? '# log: ~/dirsync.log' : `log: ${quoted(log)}`,
      '',
      '# An address that is called after each run, with /start before the run,',
      '# and with /fail after a run that failed.',
      heartbeat === '' ? '# heartbeat: https://hc-ping.com/YOUR-ID' : `heartbeat: ${quoted(heartbeat)}`,
      '',
      '# Halt if more than this would be deleted: a number of files, or a share',
      '# of the target.',
      '# maxDelete: 5%',
    ].map((line) => (line === '' ? '' : `    ${line}`)),
  ].join('\n')}\n`;
}

function timeLines({when, every, at, cron}: Answers): string[] {
  const lines: Readonly<Record<Answers['when'], string>> = {
    'by-hand': '# every: 1h30m',
    every: `every: ${quoted(every)}`,
    at: `at: ${listText(at)}`,
    cron: `cron: ${listText(cron)}`,
    watch: 'watch: true',
  };
  const others = {every: '# every: 1h30m', at: "# at: ['03:00']", cron: "# cron: '0 3 * * mon-fri'", watch: '# watch: true'};
  return [
    '# When `dirsync run` runs this job: at an interval, at times of the day, by',
    '# a cron pattern, or after a change. `dirsync schedule print` writes the',
    '# schedule for systemd, cron or launchd instead.',
    lines[when],
    ...Object.entries(others).flatMap(([key, line]) => (line === lines[when] || key === when ? [] : [line])),
  ];
}

function listText(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`;
}

/** A text in quotes: without them, some YAML parsers read 2024-01-01 as a date, and 1_000 as a number. */
function quoted(text: string): string {
  const isOdd = /[\p{C}\p{Zl}\p{Zp}]/u.test(text);
  return escapeJson(stringify(text, {defaultStringType: isOdd ? 'QUOTE_DOUBLE' : 'QUOTE_SINGLE', lineWidth: 0}).trimEnd());
}

function keyText(name: string): string {
  return /^[A-Za-z][\w-]*$/.test(name) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(name) ? name : quoted(name);
}
