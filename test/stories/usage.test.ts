import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';

const ST = ['source', 'target'];
const THREE =
  'for two folders: dirsync plan source target shows the changes, dirsync apply source target makes them after a review, ' +
  'dirsync run source target makes them at once';
const COPY = '`dirsync apply SOURCE TARGET` copies after a review, `dirsync run SOURCE TARGET` copies at once';
const DRY = '`dirsync plan` shows what would be done, and changes nothing';

/** What is typed, what is said of it, and the way out. */
const CASES: readonly (readonly [args: readonly string[], detail: string, hint: string])[] = [
  // Commands.
  [['plna', ...ST], '"plna" is not a command', 'did you mean dirsync plan?'],
  [['histroy'], '"histroy" is not a command', 'did you mean dirsync history?'],
  [ST, '"source" is not a command', THREE],
  [['./source', './target'], '"./source" is not a command', THREE.replaceAll('source target', './source ./target')],
  [['my files', 'target'], '"my files" is not a command', THREE.replaceAll('source', "'my files'")],
  [['sync', ...ST], '"sync" is not a command', COPY],
  [['cp', ...ST], '"cp" is not a command', COPY],
  [['ls'], '"ls" is not a command', '`dirsync plan SOURCE TARGET` shows what differs, and changes nothing'],
  [['version'], '"version" is not a command', '`dirsync --version` prints it'],
  [['zzzzzz'], '"zzzzzz" is not a command', 'give one of apply, config, diff, explain,'],
  [['x\x1b[2J'], '"x\\x1b[2J" is not a command', 'give one of apply'],
  [['help', 'sync'], '"sync" is not a command', COPY],
  [['plna', '--help'], '"plna" is not a command', 'did you mean dirsync plan?'],
  [['schedule', 'prnit'], 'dirsync schedule has no command prnit', 'did you mean dirsync schedule print?'],
  [['-n', ...ST], 'found -n where a command is expected', DRY],
  [['--exclude', 'x', 'plan'], 'found --exclude where a command is expected', 'write the command first'],
  // Flags.
  [['plan', ...ST, '--excldue', 'x'], 'dirsync plan has no flag --excldue', 'did you mean --exclude?'],
  [['run', ...ST, '--no-delet'], 'dirsync run has no flag --no-delet', 'did you mean --no-delete?'],
  [['apply', ...ST, '--dry-run'], 'dirsync apply has no flag --dry-run', DRY],
  [['run', ...ST, '-n'], 'dirsync run has no flag -n', DRY],
  [['plan', ...ST, '--dry-run'], 'dirsync plan has no flag --dry-run', 'a plan changes nothing: leave it out'],
  [['run', ...ST, '--yes'], 'dirsync run has no flag --yes', 'only `dirsync apply` asks: leave it out'],
  [['run', ...ST, '-y'], 'dirsync run has no flag -y', 'only `dirsync apply` asks: leave it out'],
  [['run', ...ST, '-a'], 'dirsync run has no flag -a', 'everything that can be kept is kept: leave it out'],
  [
    ['run', ...ST, '-av'],
    'dirsync run has no flag -av',
    'everything that can be kept is kept: leave it out (--no-preserve keeps less); the result',
  ],
  [['run', ...ST, '-xz'], 'dirsync run has no flag -z', 'both folders are on this machine: leave it out'],
  [
    ['run', ...ST, '--delete-after'],
    'dirsync run has no flag --delete-after',
    'paths that the source does not have are deleted, at the end',
  ],
  [['plan', ...ST, '--no-checksum'], 'dirsync plan has no flag --no-checksum', 'it is off without --checksum: leave it out'],
  [
    ['plan', ...ST, '--fsync', 'none'],
    'dirsync plan has no flag --fsync',
    'it is a flag of dirsync apply, dirsync config and dirsync run',
  ],
  [['plan', ...ST, '-t', '5m'], 'dirsync plan has no flag -t', 'it is a flag of dirsync config, dirsync init and dirsync run'],
  [['plan', ...ST, '--zzzzzz'], 'dirsync plan has no flag --zzzzzz', 'see `dirsync plan --help`'],
  [['schedule', 'print', 'x', '--zzzzzz'], 'dirsync schedule print has no flag --zzzzzz', 'see `dirsync schedule print --help`'],
  [['help', '--zzzzzz'], 'dirsync help has no flag --zzzzzz', 'see `dirsync help --help`'],
  // Values.
  [['plan', ...ST, '--delete=yes'], '--delete takes no value, but "yes" is given', 'write --delete'],
  [['run', ...ST, '--delete=no'], '--delete takes no value, but "no" is given', 'write --no-delete'],
  [['run', 'source', '--checksum=no'], '--checksum takes no value, but "no" is given', 'leave it out'],
  [['run', ...ST, '--no-delete=yes'], '--no-delete takes no value, but "yes" is given', 'write --no-delete'],
  [['plan', ...ST, '--exclude'], '--exclude needs a value', 'write it after the flag, as in --exclude=PATTERN'],
  [['plan', ...ST, '--out', '--json'], '--out needs a value', 'write it after the flag, as in --out=FILE'],
  [['apply', ...ST, '--fsync'], '--fsync needs a value: none, end or each', 'write it after the flag, as in --fsync=none'],
  [['apply', ...ST, '--fsync', 'ech'], '--fsync takes none, end or each, not "ech"', 'did you mean --fsync each?'],
  [
    ['plan', ...ST, '--format=xml'],
    '--format takes text, json, markdown, html, github or junit, not "xml"',
    'give one of them, such as',
  ],
  [['run', ...ST, '--jobs', 'x'], '--jobs takes a whole number, not "x"', 'give one, such as --jobs 1'],
  [['history', 'target', '--limit', '0'], '--limit takes a whole number from 1, not "0"', 'give one, such as --limit 1'],
  [['plan', ...ST, '--config', 'a', '--config', 'b'], '--config is given twice', 'give it once'],
  [['apply', 'x.plan', '--plan-sha256', 'x'], '--plan-sha256 takes 64 hexadecimal digits, not "x"', 'see `dirsync apply --help`'],
  // Together.
  [['plan', ...ST, '--json', '--events'], '--json and --events cannot be used together', 'give one of them'],
  [['explain', 'a', '--plan', 'x', '-i', 'source'], '--plan and --source cannot be used together', 'give one of them'],
  [['schedule', 'print', '--cron', '--systemd', 'x'], '--systemd and --cron cannot be used together', 'give one of them'],
  [
    ['schedule', 'print', 'x'],
    'one of --cron, --launchd or --systemd is needed',
    'write dirsync schedule print --systemd|--cron|',
  ],
  [['schedule', 'print', '--systemd', 'x', '--force'], '--force is given without --out', 'add --out, or leave out --force'],
  // Words.
  [
    ['plan', ...ST, 'u', 'v'],
    'too many arguments: u, v',
    'write dirsync plan SOURCE TARGET, or dirsync plan JOB, or dirsync plan TARGET --source-manifest FILE; put a path with',
  ],
  [['init', 'x'], 'too many arguments: x', 'see `dirsync init --help`'],
  [['diff', 'a'], 'AFTER is missing', 'write dirsync diff BEFORE AFTER'],
  [['snapshot', 'a'], '--out is missing', 'write dirsync snapshot DIR --out FILE'],
  [['show'], 'FILE is missing', 'write dirsync show FILE, or dirsync show RUN --target DIR'],
  [['explain'], 'PATH is missing', 'write dirsync explain PATH SOURCE TARGET, or'],
  [['schedule', 'print', '--cron'], 'JOB is missing', 'write dirsync schedule print'],
];

describe('story: a command line that is mistyped', () => {
  const temp = tempDirs();

  for (const [args, detail, hint] of CASES) {
    it(`dirsync ${args.join(' ').replaceAll('\x1b', '^[')}`, () => {
      const {root} = pairIn(temp(), {new: 'n'}, {old: 'o'});
      const {code, stdout, stderr} = withoutChange(root, () => dirsync(args, {cwd: root}));
      const json = args.includes('--json') && !args.includes('--events') ? JSON.parse(stdout) : undefined;
      const told = json ? `Error: ${json.message}\n  ${json.hint}\n` : stderr;
      expect(code).to.equal(1);
      expect(told.startsWith(`Error: The command line is not valid: ${detail}\n  ${hint}`), told + stdout).to.equal(true);
      expect(told.trimEnd().split('\n')).to.have.length(2);
    });
  }

  it('the value of a flag may look like a flag', () => {
    const {root} = pairIn(temp(), {new: 'n'}, {});
    expect(dirsync(['run', ...ST, '--exclude', '--checksum=no'], {cwd: root})).to.include({code: 0, stderr: ''});
    expect(dirsync(['run', '--', ...ST], {cwd: root})).to.include({code: 0, stderr: ''});
    expect(fs.existsSync(path.join(root, 'target/new'))).to.equal(true);
  });

  it('help for a command, a topic and all', () => {
    for (const [args, says] of [
      [['help'], 'COMMANDS'],
      [['help', 'plan'], 'dirsync plan SOURCE TARGET'],
      [['help', 'schedule', 'print'], 'dirsync schedule print'],
      [['help', 'schedule'], 'schedule print'],
      [['schedule'], 'schedule print'],
      [['plan', '-h'], 'dirsync plan SOURCE TARGET'],
    ] as const) {
      const {code, stdout, stderr} = dirsync(args);
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(stdout).to.include(says);
    }
  });
});
