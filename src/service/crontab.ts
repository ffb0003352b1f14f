/** A job as lines of a crontab, crontab(5): those of the user, which `crontab -e` opens. */
import type {CalendarTimes, Days, Numbers} from '../core/calendar.js';
import {escapeName} from '../core/escape.js';
import {checkNames, fieldText, foreign, type Service, type ServiceFile} from './unit.js';

/** @throws DirsyncError SCHEDULE_FOREIGN for what five fields cannot say. */
export function crontab(service: Service): ServiceFile {
  checkNames(service);
  const {job, times, variables, hasHooks} = service;
  if (times.type === 'watch') foreign('cron keeps no process going for `watch`', 'Use --systemd or --launchd.');
  if (times.type === 'interval') {
    foreign(
      'the interval does not come at the same times of each day',
      'Give one that divides an hour or a day, or use --systemd.',
    );
  }
  const command = commandText(service);
  const lines = [
    `# dirsync: ${escapeName(job)}. Add these lines with \`crontab -e\`.`,
    '# cron mails what is printed, to MAILTO where that is set.',
    ...(hasHooks ? ['# The hooks of the config find the PATH of cron, /usr/bin:/bin, where it is not set here.'] : []),
    ...(variables.length === 0
      ? []
      : [`# The config names these variables; set them in lines NAME=VALUE above: ${variables.map(escapeName).join(', ')}`]),
    '# A time that comes while a run is at work starts one that waits for lockTimeout, then ends with exit code 6.',
    ...(service.jitter > 0 ? ['# Its jitter is left out: cron starts at the minute.'] : []),
    ...(service.catchesUp ? ['# A time that passes while the machine is off is not made up for.'] : []),
    ...(times.timezone === undefined
      ? []
      : [
          '# cronie goes by CRON_TZ. The cron of Debian does not: there the times are of the zone of the machine.',
          `CRON_TZ=${times.timezone}`,
        ]),
    ...times.times.map((each) => `${timeText(each)} ${command}`),
  ];
  return {path: undefined, text: `${lines.join('\n')}\n`};
}

function timeText({seconds, minutes, hours, months, days}: CalendarTimes): string {
  if (seconds?.join() !== '0') foreign('cron knows no seconds', 'Give times of whole minutes, or use --systemd.');
  const {dates, weekdays} = datesAndWeekdays(days);
  return [
    field(minutes, 0, 59),
    field(hours, 0, 23),
    field(dates, 1, 31, false),
    field(months, 1, 12),
    field(weekdays, 0, 6, false),
  ].join(' ');
}

/** In a crontab, days of the month and of the week that are both given mean "or". */
function datesAndWeekdays(days: readonly Days[]): {dates: Numbers; weekdays: Numbers} {
  const [first, second] = days;
  const isPlain = days.every(({dates, weekdays, last}) => last === undefined && (dates === undefined || weekdays === undefined));
  const given = {dates: first?.dates ?? second?.dates, weekdays: first?.weekdays ?? second?.weekdays};
  if (isPlain && (days.length === 1 || (days.length === 2 && given.dates !== undefined && given.weekdays !== undefined)))
    return given;
  return foreign(
    'cron knows no last days of a month (L), no weekdays of a certain week (#), and no day that is both (+)',
    'Give plain days of the month and of the week, or use --systemd.',
  );
}

/** cron takes a day that begins with `*` for one that is not given. */
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
 * A word for the shell, as cron hands it over: cron ends the command at a `%` that has no backslash before it, takes that backslash
 * away, and counts any backslash before as belonging to what follows it.
 */
function quoted(word: string): string {
  const text = /^[A-Za-z0-9@%+=:,./_-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return text.replace(/(\\?)%/g, (_, backslash) => (backslash === '' ? '\\%' : "\\''\\%"));
}
