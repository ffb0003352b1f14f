/**
 * Renders a job as systemd units: a service, and the timer that starts it. systemd.service(5), systemd.timer(5), systemd.exec(5).
 */
import type {CalendarTimes, Days, Numbers} from '../core/calendar.js';
import {escapeName} from '../core/escape.js';
import {checkNames, type FieldForm, fieldText, fileNameOf, type Service, type ServiceFile} from './unit.js';

export interface Units {
  /** The service, and its timer, if any. */
  readonly files: readonly ServiceFile[];
  /** The unit to enable. */
  readonly enabled: string;
}

/** Returns the units of a job. `folder`: where systemd looks for units. */
export function systemdUnits(service: Service, folder: string): Units {
  checkNames(service);
  const name = `dirsync-${fileNameOf(service.job)}`;
  const file = (unit: string, lines: readonly string[]): ServiceFile => ({
    path: `${folder}/${unit}`,
    text: `${lines.join('\n')}\n`,
  });
  const stays = service.times.type === 'watch';
  const unit = file(`${name}.service`, serviceLines(service));
  const timer = stays ? [] : [file(`${name}.timer`, timerLines(service))];
  return {files: [unit, ...timer], enabled: `${name}.${stays ? 'service' : 'timer'}`};
}

function serviceLines(service: Service): string[] {
  const {job, command, environment, variables, user, times, source, target, timeout, stopTimeout} = service;
  const stays = times.type === 'watch';
  return [
    '[Unit]',
    `Description=${specifiers(`dirsync: ${escapeName(job)}`)}`,
    `Documentation=${specifiers(service.documentation)}`,
    ...(user !== undefined ? mountLines(service, [source, target]) : []),
    ...(user !== undefined && service.needsNetwork ? ['Wants=network-online.target', 'After=network-online.target'] : []),
    '',
    '[Service]',
    `Type=${stays ? 'exec' : 'oneshot'}`,
    `ExecStart=${command.map((word, i) => quoted(i === 0 ? word : word.replaceAll('$', '$$$$'))).join(' ')}`,
    ...(user === undefined ? [] : [`User=${specifiers(user)}`]),
    ...Object.entries(environment).map(([key, value]) => `Environment=${quoted(`${key}=${value}`)}`),
    ...variableLines(variables, service),
    '# dirsync exits with 143 when systemctl stops it. 3, 5 and 6 are failures: some paths failed, a guard halted the run, or the target was locked.',
    'SuccessExitStatus=143',
    ...(stays
      ? ['Restart=on-failure', 'RestartSec=1min']
      : [`TimeoutStartSec=${timeout === undefined ? 'infinity' : span(timeout)}`]),
    '# The first signal ends a run cleanly. If it is killed after this time, the next run removes its unfinished files.',
    'KillMode=mixed',
    'KillSignal=SIGTERM',
    `TimeoutStopSec=${span(stopTimeout)}`,
    'Nice=10',
    'IOSchedulingClass=best-effort',
    'IOSchedulingPriority=7',
    '',
    ...hardening(service),
    ...(stays ? ['', '[Install]', `WantedBy=${user === undefined ? 'default' : 'multi-user'}.target`] : []),
  ];
}

function mountLines({hasBefore}: Service, folders: readonly string[]): string[] {
  if (hasBefore) return ['# No RequiresMountsFor=: the `before` hook may be what mounts the disk.'];
  return [`RequiresMountsFor=${folders.map(quoted).join(' ')}`];
}

function variableLines(variables: readonly string[], {job, user}: Service): string[] {
  if (variables.length === 0) return [];
  const file = `${user === undefined ? '%h/.config' : '/etc'}/dirsync-${specifiers(fileNameOf(job))}.env`;
  return [
    '# The config uses environment variables. Write a NAME=VALUE line for each into this file, and make it readable only by its owner:',
    `# ${variables.map(escapeName).join(', ')}`,
    `EnvironmentFile=${file}`,
  ];
}

/** A hardening setting of systemd. */
interface Wall {
  readonly line: string;
  /** Folders that look different to the process. In a source they would appear empty, so their copies would be deleted. */
  readonly changes: readonly string[];
}

const WALLS: readonly Wall[] = [
  {line: 'PrivateTmp=yes', changes: ['/tmp', '/var/tmp']},
  {line: 'ProtectKernelTunables=yes', changes: ['/proc', '/sys']},
  {line: 'ProtectKernelModules=yes', changes: ['/usr/lib/modules', '/lib/modules']},
  {line: 'ProtectKernelLogs=yes', changes: ['/dev', '/proc']},
  {line: 'ProtectControlGroups=yes', changes: ['/sys']},
];

/** Settings that also forbid mknod(2) for devices: PrivateDevices= by its capability, ProtectClock= by a device allow list. */
const DEVICE_WALLS: readonly Wall[] = [
  {line: 'PrivateDevices=yes', changes: ['/dev']},
  {line: 'ProtectClock=yes', changes: ['/dev']},
];

function hardening(service: Service): string[] {
  const {user, preserve, hasHooks, source, target, writes, missing} = service;
  if (hasHooks) {
    return [
      '# Not hardened: the hooks of the config can be any commands, such as mount or mail, and hardening would restrict them too.',
    ];
  }
  const filters = [
    'NoNewPrivileges=yes',
    'LockPersonality=yes',
    'RestrictRealtime=yes',
    'RestrictNamespaces=yes',
    'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    'SystemCallArchitectures=native',
    '# @pkey: V8 uses memory protection keys.',
    'SystemCallFilter=@system-service @pkey',
    'SystemCallErrorNumber=EPERM',
    '# No RestrictSUIDSGID=: dirsync copies setuid and setgid files. No MemoryDenyWriteExecute=: V8 generates code at run time.',
  ];
  if (user === undefined) {
    return [
      ...filters,
      '# No ProtectSystem= and similar: for a user they need a user namespace, in which files of other users appear to belong to nobody.',
    ];
  }
  const isRoot = user === 'root';
  const keepsDevices = isRoot && preserve.includes('specials');
  const paths = [source, target, ...writes, ...service.command.filter((word) => word.startsWith('/'))];
  const fits = ({changes}: Wall) =>
    !changes.some((folder) => paths.some((path) => isBelow(path, folder) || isBelow(folder, path)));
  const walls = [...WALLS, ...(keepsDevices ? [] : DEVICE_WALLS)];
  const left = walls.filter((wall) => !fits(wall)).map(({line}) => line.replace('yes', ''));
  return [
    '# Everything is read-only except these folders. "-": dirsync starts even if the folder is missing, and reports the error.',
    'ProtectSystem=strict',
    `ReadWritePaths=${writes.map((path) => quoted(`-${path}`)).join(' ')}`,
    ...(missing.length === 0
      ? []
      : [`# These folders do not exist yet; create them before the first run: ${missing.map(escapeName).join(', ')}`]),
    ...walls.filter(fits).map(({line}) => line),
    ...(left.length === 0 ? [] : [`# No ${left.join(', ')}: the folders of the job would look different.`]),
    ...(keepsDevices ? ['# No PrivateDevices= and ProtectClock=: they forbid creating device files, which dirsync copies.'] : []),
    'ProtectHostname=yes',
    `CapabilityBoundingSet=${isRoot ? capabilities(service).join(' ') : ''}`,
    ...filters,
  ];
}

/** Returns the capabilities that a run of root needs to read everything and to copy it with all attributes. */
function capabilities({preserve}: Service): string[] {
  return [
    'CAP_CHOWN',
    'CAP_DAC_OVERRIDE',
    'CAP_DAC_READ_SEARCH',
    'CAP_FOWNER',
    'CAP_FSETID',
    ...(preserve.includes('specials') ? ['CAP_MKNOD'] : []),
    // trusted.* and security.* need CAP_SYS_ADMIN, and security.capability needs CAP_SETFCAP.
    ...(preserve.includes('xattrs') ? ['CAP_SETFCAP', 'CAP_SYS_ADMIN'] : []),
  ];
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** Shorter intervals need an accuracy better than a minute. */
const SHORT = 10 * 60_000;

function timerLines(service: Service): string[] {
  const {job, times, delay, jitter, catchesUp, queues} = service;
  const isShort = times.type === 'interval' ? times.every < SHORT : times.type === 'calendar' && times.times.some(isExact);
  return [
    '[Unit]',
    `Description=${specifiers(`dirsync: ${escapeName(job)}, schedule`)}`,
    '',
    '[Timer]',
    ...(times.type === 'calendar'
      ? [
          ...times.times.flatMap((each) => onCalendar(each, times.timezone)).map((text) => `OnCalendar=${text}`),
          `Persistent=${catchesUp ? 'yes' : 'no'}`,
        ]
      : []),
    ...(times.type === 'interval' ? [`OnActiveSec=${span(Math.max(delay, 1000))}`, `OnUnitActiveSec=${span(times.every)}`] : []),
    ...(jitter > 0 ? [`RandomizedDelaySec=${span(jitter)}`] : []),
    ...(isShort ? ['AccuracySec=1s'] : []),
    ...(queues ? ['# overlap is skip here, not queue: systemd skips a run that is due while another is still running.'] : []),
    '',
    '[Install]',
    'WantedBy=timers.target',
  ];
}

/** Whether a run starts more often than every ten minutes, or not on the minute. */
function isExact({seconds, minutes}: CalendarTimes): boolean {
  return seconds?.join() !== '0' || (minutes?.length ?? 60) > 6;
}

/** Returns calendar expressions, one for each kind of days: systemd.time(7), "Calendar events". */
export function onCalendar(times: CalendarTimes, timezone: string | undefined): string[] {
  const clock = [field(times.hours, 0, 23), field(times.minutes, 0, 59), field(times.seconds, 0, 59)].join(':');
  return times.days.map((days) => {
    const date = `*-${field(times.months, 1, 12)}${datesText(days)}`;
    return [weekdaysText(days.weekdays), date, clock, timezone].filter((part) => part !== undefined).join(' ');
  });
}

function datesText({dates, last}: Days): string {
  if (last === undefined) return `-${field(dates, 1, 31)}`;
  return last === 1 ? '~01' : `~${twoDigits(last)}/1`;
}

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function weekdaysText(weekdays: Numbers): string | undefined {
  const fromMonday = weekdays?.map((day) => (day + 6) % 7).sort((a, b) => a - b);
  const form: FieldForm = {...FORM, first: 0, last: Number.POSITIVE_INFINITY, number: (day) => WEEKDAYS[day] as string};
  return fromMonday && fieldText(fromMonday, form);
}

const FORM = {number: twoDigits, range: (from: string, to: string) => `${from}..${to}`, step: () => ''};

function field(numbers: Numbers, first: number, last: number): string {
  return fieldText(numbers, {
    ...FORM,
    first,
    last,
    // After 23:50, systemd 252 computes the next time of 00/25 as 23:75, which is 00:15, and skips 00:00. A range avoids this.
    step: (from, by) => (60 % by === 0 && last === 59 ? `${twoDigits(from)}/${by}` : `${twoDigits(from)}..${last}/${by}`),
  });
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** Returns a systemd time span, exact to the millisecond. */
function span(milliseconds: number): string {
  if (milliseconds % 1000 !== 0) return `${milliseconds}ms`;
  const seconds = milliseconds / 1000;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}min` : `${seconds}s`;
}

/** Quotes a word of a list or a command line, if necessary. */
function quoted(word: string): string {
  const text = specifiers(word);
  return /^[\p{L}\p{N}@%+=:,./_$-]+$/u.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Escapes `%`, because systemd expands specifiers such as `%h` in nearly every setting. */
function specifiers(text: string): string {
  return text.replaceAll('%', '%%');
}
