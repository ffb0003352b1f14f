/** Renders a job as lines of the user's crontab, crontab(5). */
import type {CalendarTimes, Days, Numbers} from '../core/calendar.js';
import {escapeName} from '../core/escape.js';
import {shellWord} from '../core/shell.js';
import {checkNames, fieldText, foreign, type Service, type ServiceFile} from './unit.js';

/** Returns the lines for a job. @throws DirsyncError SCHEDULE_FOREIGN for schedules that five fields cannot express. */
export function crontab(service: Service): ServiceFile {
  checkNames(service);
  const {job, times, variables, hasHooks} = service;
  if (times.type === 'watch') foreign('cron cannot keep a process running for `watch`', 'use --systemd or --launchd');
  if (times.type === 'interval') {
    foreign(
      'the interval does not fall on the same times every day',
      'choose one that divides an hour or a day, or use --systemd',
    );
  }
  const command = commandText(service);
  const lines = [
    `# dirsync: ${escapeName(job)}. Add these lines with \`crontab -e\`.`,
    '# cron mails the output, to MAILTO if it is set.',
    ...(hasHooks ? ['# The hooks of the config run with the PATH of cron, /usr/bin:/bin, unless you set PATH here.'] : []),
    ...(variables.length === 0
      ? []
      : [`# The config uses these variables; set them above, in NAME=VALUE lines: ${variables.map(escapeName).join(', ')}`]),
    '# If a run is due while another is still running, it waits for lockTimeout, then ends with exit code 6.',
    ...(service.jitter > 0 ? ['# The jitter of the job is ignored: cron starts jobs on the minute.'] : []),
    ...(service.catchesUp ? ['# Runs that are due while the machine is off are not made up for.'] : []),
    ...(times.timezone === undefined
      ? []
      : [
          '# cronie uses CRON_TZ. The cron of Debian ignores it: there, times are in the time zone of the machine.',
          `CRON_TZ=${times.timezone}`,
        ]),
    ...times.times.map((each) => `${timeText(each)} ${command}`),
  ];
  return {path: undefined, text: `${lines.join('\n')}\n`};
}

function timeText({seconds, minutes, hours, months, days}: CalendarTimes): string {
  if (seconds?.join() !== '0') foreign('cron does not support seconds', 'use whole minutes, or --systemd');
  const {dates, weekdays} = datesAndWeekdays(days);
  return [
    field(minutes, 0, 59),
    field(hours, 0, 23),
    field(dates, 1, 31, false),
    field(months, 1, 12),
    field(weekdays, 0, 6, false),
  ].join(' ');
}

/** In a crontab, days of the month and days of the week together mean "or". */
function datesAndWeekdays(days: readonly Days[]): {dates: Numbers; weekdays: Numbers} {
  const [first, second] = days;
  const isPlain = days.every(({dates, weekdays, last}) => last === undefined && (dates === undefined || weekdays === undefined));
  const given = {dates: first?.dates ?? second?.dates, weekdays: first?.weekdays ?? second?.weekdays};
  if (isPlain && (days.length === 1 || (days.length === 2 && given.dates !== undefined && given.weekdays !== undefined)))
    return given;
  return foreign(
    'cron does not support the last days of a month (L), weekdays of a certain week (#), or days that are both (+)',
    'use plain days of the month and of the week, or --systemd',
  );
}

/** cron treats a day field that begins with `*` as not given. */
function field(numbers: Numbers, first: number, last: number, mayBeginWithStar = true): string {
  return fieldText(numbers, {
    first,
    last,
    number: String,
    range: (from, to) => `${from}-${to}`,
    step: (from, by) => (from === first && mayBeginWithStar ? `*/${by}` : `${from}-${last}/${by}`),
  });
}

function commandText({command, environment}: Service): string {
  const settings = Object.entries(environment).map(([key, value]) => `${key}=${quoted(value)}`);
  return [...settings, ...command.map(quoted)].join(' ');
}

/**
 * Quotes a word for the shell that cron starts. cron ends the command at a `%` without a backslash before it, removes that
 * backslash, and treats any other backslash as part of the following text.
 */
function quoted(word: string): string {
  return shellWord(word).replace(/(\\?)%/g, (_, backslash) => (backslash === '' ? '\\%' : "\\''\\%"));
}
