/** A job for a scheduler, for tests that change one part of it. */
import {EVERY_DAY} from '../../src/core/calendar.js';
import type {Schedule} from '../../src/core/schedule.js';
import type {Service} from '../../src/service/unit.js';

export const NO_SCHEDULE: Schedule = {
  every: undefined,
  cron: [],
  at: [],
  timezone: undefined,
  delay: 0,
  jitter: 0,
  overlap: 'skip',
  missed: 'run-once',
  backoff: 0,
  activeHours: [],
  watch: false,
  debounce: 0,
};

/** Root's, every day at three. */
export function service(options: Partial<Service> = {}): Service {
  return {
    job: 'photos',
    command: ['/usr/bin/node', '/usr/bin/dirsync', 'run', 'photos', '--config', '/etc/dirsync.yaml', '--once'],
    environment: {},
    variables: [],
    user: 'root',
    times: {
      type: 'calendar',
      times: [{seconds: [0], minutes: [0], hours: [3], months: undefined, days: [EVERY_DAY]}],
      timezone: undefined,
    },
    delay: 0,
    jitter: 0,
    queues: false,
    catchesUp: true,
    source: '/srv/photos',
    target: '/mnt/disk/photos',
    writes: ['/mnt/disk/photos'],
    missing: [],
    documentation: 'file:///usr/share/doc/service.md',
    preserve: ['mode', 'owner', 'times', 'xattrs', 'acls', 'hardlinks', 'sparse', 'specials'],
    hasHooks: false,
    hasBefore: false,
    needsNetwork: false,
    timeout: undefined,
    stopTimeout: 10_000,
    ...options,
  };
}
