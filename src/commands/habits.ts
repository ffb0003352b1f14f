/** Words of rsync, cp, terraform and their like, and what takes their place here. */

/** Commands. */
export const COMMAND_HABITS: Readonly<Record<string, string>> = habits([
  [
    'sync cp copy backup mirror rsync push',
    '`dirsync apply SOURCE TARGET` copies after a review, `dirsync run SOURCE TARGET` at once',
  ],
  ['ls list diff status check preview compare dry-run', '`dirsync plan SOURCE TARGET` shows what differs, and changes nothing'],
  ['log logs runs', '`dirsync history TARGET` lists what earlier runs did'],
  [
    'watch daemon serve service cron',
    '`dirsync run JOB --watch` keeps it going, `dirsync schedule print` hands it to systemd, cron or launchd',
  ],
  ['validate lint jobs', '`dirsync config` checks the config file and shows its jobs'],
  ['version', '`dirsync --version` tells it'],
  ['why', '`dirsync explain PATH` tells why a path is in the plan, or not'],
]);

const PLAN = '`dirsync plan` shows what would be done, and changes nothing';
const KEPT = 'all that can be kept is kept: leave it out (--no-preserve keeps less)';

/** Flags, without their dashes. One that a command has itself is not looked up. */
export const FLAG_HABITS: Readonly<Record<string, string>> = habits([
  ['n dry-run dryrun just-print what-if whatif check preview', PLAN],
  ['yes y assumeyes auto-approve no-confirm noconfirm', 'only `dirsync apply` asks: leave it out'],
  ['a archive p perms o owner g group D devices H hard-links A acls X xattrs S sparse l links', KEPT],
  ['r R recursive', 'folders are copied with all that is in them: leave it out'],
  ['v verbose', 'the result tells each change: leave it out; --full lists all of many, --log FILE writes them down'],
  ['q quiet silent', 'send what is printed to /dev/null; errors still come on stderr'],
  ['P progress partial inplace', 'progress is shown on a terminal, and no file is ever half new: leave it out'],
  ['z compress e rsh', 'both folders are on this machine: leave it out'],
  ['c ignore-times', 'that is --checksum here'],
  ['bwlimit', 'that is --rate here, such as --rate 50MB/s'],
  ['files-from', 'that is --only-from here'],
  ['modify-window', 'that is --mtime-window here'],
  ['stop-after time-limit', 'that is --max-duration here, such as --max-duration 30m'],
  ['log-file', 'that is --log here'],
  ['exclude-tag exclude-tag-all', 'that is --exclude-if-present here'],
  ['ionice nice', 'that is --io-priority here: idle or low'],
  ['existing ignore-existing', '--kinds chooses among the kinds of change'],
  ['L copy-links copy-unsafe-links', 'that is --links-as content here'],
  [
    'del delete-after delete-during delete-delay remove',
    'what the source has not got is deleted, and last: leave it out (--no-delete keeps it)',
  ],
  ['f force', '--allow GUARD lifts one guard; the message of the guard names it'],
  ['V version', '`dirsync --version` tells the version'],
]);

function habits(entries: readonly (readonly [words: string, answer: string])[]): Readonly<Record<string, string>> {
  const pairs = entries.flatMap(([words, answer]) => words.split(' ').map((word) => [word, answer] as const));
  return Object.assign(Object.create(null), Object.fromEntries(pairs));
}
