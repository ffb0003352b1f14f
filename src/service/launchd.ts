/** Renders a job as a launchd property list, launchd.plist(5). */
import type {CalendarTimes, Days} from '../core/calendar.js';
import {escapeElement} from '../core/entities.js';
import {escapeName} from '../core/escape.js';
import {checkNames, fileNameOf, foreign, type Service, type ServiceFile} from './unit.js';

export interface LaunchdOptions {
  /** The folder in which launchd looks for property lists. */
  readonly folder: string;
  /** The time zone of this machine, the only one that launchd supports. */
  readonly zone: string;
}

type Value = string | number | boolean | readonly Value[] | {readonly [key: string]: Value};

/** Returns the property list. @throws DirsyncError SCHEDULE_FOREIGN for schedules that launchd cannot express. */
export function launchdPlist(service: Service, {folder, zone}: LaunchdOptions): ServiceFile {
  checkNames(service);
  const {job, command, environment, user, times} = service;
  const label = `dirsync.${fileNameOf(job)}`;
  const list: Value = {
    Label: label,
    ...(user === undefined ? {} : {UserName: user}),
    ProgramArguments: command,
    ...(Object.keys(environment).length === 0 ? {} : {EnvironmentVariables: environment}),
    ...startValues(times, zone),
    ExitTimeOut: Math.ceil(service.stopTimeout / 1000),
    Nice: 10,
    LowPriorityIO: true,
    ProcessType: 'Background',
  };
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    ...[`Put this file into ${folder}.`, ...notes(service)].map(
      (note) => `<!-- ${escapeElement(escapeName(note)).replaceAll('--', '- -')} -->`,
    ),
    '<plist version="1.0">',
    ...valueLines(list),
    '</plist>',
  ];
  return {path: `${folder}/${label}.plist`, text: `${lines.join('\n')}\n`};
}

function notes({variables, jitter, catchesUp}: Service): string[] {
  return [
    ...(variables.length === 0
      ? []
      : [`The config uses these variables; set them under EnvironmentVariables: ${variables.join(', ')}.`]),
    ...(jitter > 0 ? ['The jitter of the job is ignored: launchd starts jobs on the minute.'] : []),
    ...(catchesUp ? [] : ['Runs that are due while the machine sleeps are made up for; launchd cannot skip them.']),
  ];
}

function startValues(times: Service['times'], zone: string): {readonly [key: string]: Value} {
  switch (times.type) {
    case 'watch':
      return {RunAtLoad: true, KeepAlive: {SuccessfulExit: false}, ThrottleInterval: 60};
    case 'interval':
      return {StartInterval: times.every / 1000};
    case 'calendar':
      if (times.timezone !== undefined && times.timezone !== zone) {
        foreign(
          `launchd supports only the time zone of this machine (${zone})`,
          'leave out timezone, or keep `dirsync run` running',
        );
      }
      return {StartCalendarInterval: times.times.flatMap(intervals)};
  }
}

const MAX_INTERVALS = 1000;

/** Returns a time for each combination of numbers. A missing field matches any number. */
function intervals({seconds, minutes, hours, months, days}: CalendarTimes): Value[] {
  if (seconds?.join() !== '0') foreign('launchd does not support seconds', 'use whole minutes');
  const fields = [
    (months ?? []).map((Month) => ({Month})),
    days.flatMap(dayValues),
    (hours ?? []).map((Hour) => ({Hour})),
    (minutes ?? []).map((Minute) => ({Minute})),
  ].filter((values) => values.length > 0);
  const count = fields.reduce((product, values) => product * values.length, 1);
  if (count > MAX_INTERVALS)
    foreign(`launchd would need ${count} single times`, 'use fewer times, or keep `dirsync run` running');
  return fields.reduce<Record<string, number>[]>(
    (all, values) => all.flatMap((one) => values.map((value) => ({...one, ...value}))),
    [{}],
  );
}

/** In launchd, a day of the month and a day of the week together mean "or". */
function dayValues({weekdays, dates, last}: Days): Record<string, number>[] {
  if (last !== undefined || (weekdays !== undefined && dates !== undefined)) {
    foreign(
      'launchd does not support the last days of a month (L), weekdays of a certain week (#), or days that are both (+)',
      'use plain days of the month and of the week, or keep `dirsync run` running',
    );
  }
  return [...(dates ?? []).map((Day) => ({Day})), ...(weekdays ?? []).map((Weekday) => ({Weekday}))];
}

function valueLines(value: Value): string[] {
  if (typeof value === 'string') return [`<string>${escapeElement(value)}</string>`];
  if (typeof value === 'number') return [`<integer>${value}</integer>`];
  if (typeof value === 'boolean') return [`<${value}/>`];
  const isList = Array.isArray(value);
  const lines = isList
    ? value.flatMap(valueLines)
    : Object.entries(value).flatMap(([key, inner]) => [`<key>${escapeElement(key)}</key>`, ...valueLines(inner)]);
  const tag = isList ? 'array' : 'dict';
  return [`<${tag}>`, ...lines.map((line) => `  ${line}`), `</${tag}>`];
}
