/** Hints for commands and flags that users know from rsync, cp, terraform and similar tools. */

/** Hints by command name. */
export const COMMAND_HABITS: Readonly<Record<string, string>> = habits([
  [
    'sync cp copy backup mirror rsync push',
    '`dirsync apply SOURCE TARGET` copies after a review, `dirsync run SOURCE TARGET` copies at once',
  ],
  ['ls list status check preview compare dry-run', '`dirsync plan SOURCE TARGET` shows what differs, and changes nothing'],
  ['log logs runs', '`dirsync history TARGET` lists earlier runs'],
  [
    'watch daemon serve service cron',
    '`dirsync run JOB --watch` keeps running, `dirsync schedule print` prints units for systemd, cron or launchd',
  ],
  ['manifest index catalog scan', '`dirsync snapshot DIR --out FILE` writes what a folder contains to a file'],
  ['validate lint jobs', '`dirsync config` checks the config file and shows its jobs'],
  ['version', '`dirsync --version` prints it'],
  ['why', '`dirsync explain PATH` explains why a path is or is not in the plan'],
]);

const PLAN = '`dirsync plan` shows what would be done, and changes nothing';
const PRESERVED = 'everything that can be kept is kept: leave it out (--no-preserve keeps less)';

/** Hints by flag name, without dashes. Not used for flags that the command itself has. */
export const FLAG_HABITS: Readonly<Record<string, string>> = habits([
  ['n dry-run dryrun just-print what-if whatif check preview', PLAN],
  ['yes y assumeyes auto-approve no-confirm noconfirm', 'only `dirsync apply` asks: leave it out'],
  ['a archive p perms o owner g group D devices H hard-links A acls X xattrs S sparse l links', PRESERVED],
  ['r R recursive', 'folders are always copied with their contents: leave it out'],
  ['v verbose', 'the result lists each change: leave it out; --full lists all of them, --log FILE logs them'],
  ['q quiet silent', 'redirect the output to /dev/null; errors still go to stderr'],
  ['P progress partial inplace', 'progress is shown on a terminal, and no file is ever left half-written: leave it out'],
  ['z compress e rsh', 'both folders are on this machine: leave it out'],
  ['c ignore-times', 'use --checksum'],
  ['bwlimit', 'use --rate, such as --rate 50MB/s'],
  ['files-from', 'use --only-from'],
  ['modify-window', 'use --mtime-window'],
  ['stop-after time-limit', 'use --max-duration, such as --max-duration 30m'],
  ['log-file', 'use --log'],
  ['exclude-tag exclude-tag-all', 'use --exclude-if-present'],
  ['ionice nice', 'use --io-priority: idle or low'],
  ['existing ignore-existing', 'use --kinds to choose the kinds of change'],
  ['L copy-links copy-unsafe-links', 'use --links-as content'],
  [
    'del delete-after delete-during delete-delay remove',
    'paths that the source does not have are deleted, at the end: leave it out (--no-delete keeps them)',
  ],
  ['f force', 'use --allow GUARD to lift one guard; the message of the guard names it'],
  ['V version', '`dirsync --version` prints the version'],
]);

function habits(entries: readonly (readonly [words: string, answer: string])[]): Readonly<Record<string, string>> {
  const pairs = entries.flatMap(([words, answer]) => words.split(' ').map((word) => [word, answer] as const));
  return Object.assign(Object.create(null), Object.fromEntries(pairs));
}
