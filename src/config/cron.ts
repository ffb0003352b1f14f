/** Checks cron patterns and time zones. */
import {Cron} from 'croner';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';

/** @throws DirsyncError SCHEDULE_INVALID if the text is not a pattern, or if its time never occurs. */
export function checkCron(pattern: string): void {
  const quoted = `"${escapeName(pattern)}"`;
  let next: Date | null;
  try {
    next = new Cron(pattern, {paused: true, mode: '5-or-6-parts'}).nextRun();
  } catch (error) {
    const why = escapeName((error as Error).message.replace(/^CronPattern: /, ''));
    const hint = 'give minute, hour, day of the month, month and day of the week, such as "0 3 * * mon-fri"';
    throw new DirsyncError('SCHEDULE_INVALID', `${quoted} is not a cron pattern (${why})`, hint, {cause: error});
  }
  if (next !== null) return;
  throw new DirsyncError('SCHEDULE_INVALID', `${quoted} never occurs`, 'does that month have such a day?');
}

/** @throws DirsyncError SCHEDULE_INVALID if the name is not a time zone. */
export function checkTimezone(name: string): void {
  try {
    new Intl.DateTimeFormat('en', {timeZone: name});
  } catch (error) {
    const hint = 'give a name from the IANA list, such as Europe/Berlin, or UTC';
    throw new DirsyncError('SCHEDULE_INVALID', `"${escapeName(name)}" is not a time zone`, hint, {cause: error});
  }
}
