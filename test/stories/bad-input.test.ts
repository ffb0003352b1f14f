import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, planned, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';

/** In the folder where each case runs: source (with a file), target (with another), a file, and a config. */
const CONFIG = `jobs:
  photos: {source: source, target: target}
  music: {source: source, target: target}
`;

interface Case {
  readonly title: string;
  readonly args: readonly string[];
  /** What is on stderr: the summary, which is the same for every case of its kind, and the particulars. */
  readonly says: readonly string[];
  readonly code?: string;
  readonly exit?: number;
  readonly config?: string;
  readonly uid?: number | undefined;
  readonly prepare?: (root: string) => void;
  /** The plan is shown before the question. */
  readonly shows?: boolean;
}

const USAGE = 'The command line is not valid: ';
const apply = (...args: string[]) => ['apply', '--yes', ...args];
const ST = ['source', 'target'];

const CASES: readonly Case[] = [
  {
    title: 'a missing source (plan)',
    args: ['plan', 'missing', 'target'],
    code: 'SOURCE_MISSING',
    says: ['The source does not exist: missing'],
  },
  {
    title: 'a missing source (apply)',
    args: apply('missing', 'target'),
    exit: 5,
    code: 'SOURCE_MISSING',
    says: ['The source does not exist: missing'],
  },
  {
    title: 'a missing source (run)',
    args: ['run', 'missing', 'target'],
    exit: 5,
    code: 'SOURCE_MISSING',
    says: ['The source does not exist: missing'],
  },
  {
    title: 'a source that is a file',
    args: apply('file', 'target'),
    code: 'SOURCE_NOT_DIRECTORY',
    says: ['The source is not a folder: file'],
  },
  {
    title: 'a source that cannot be read',
    args: apply(...ST),
    uid: NOBODY,
    prepare: (root) => fs.chmodSync(path.join(root, 'source'), 0),
    exit: 5,
    code: 'SOURCE_UNREADABLE',
    says: ['The source cannot be read: source (EACCES)'],
  },
  {
    title: 'a target that is a file',
    args: apply('source', 'file'),
    code: 'TARGET_NOT_DIRECTORY',
    says: ['The target is not a folder: file'],
  },
  {
    title: 'a target below a file',
    args: apply('source', 'file/target'),
    code: 'TARGET_NOT_DIRECTORY',
    says: ['The target is not a folder: '],
  },
  {
    title: 'a target that is a symlink to nowhere',
    args: apply('source', 'dangling'),
    prepare: (root) => fs.symlinkSync('nowhere', path.join(root, 'dangling')),
    code: 'TARGET_NOT_DIRECTORY',
    says: ['The target is not a folder: dangling is a broken symlink'],
  },
  {
    title: 'a target whose parent is missing',
    args: apply('source', 'a/b/target'),
    code: 'TARGET_PARENT_MISSING',
    says: ['The folder that should hold the target does not exist: ROOT/a/b', '--mkpath'],
  },
  {
    title: 'a job that no config has',
    args: ['plan', 'photo'],
    code: 'JOB_UNKNOWN',
    says: ['There is no such job: "photo" is not in ROOT/dirsync.config.yaml', 'did you mean "photos"? it has photos, music'],
  },
  {
    title: 'a job without a config',
    args: ['run', 'photos'],
    config: '',
    code: 'JOB_UNKNOWN',
    says: ['There is no such job: "photos"', 'it has no jobs'],
  },
  ...(
    [
      [
        'a job and another word (plan)',
        ['plan', 'photos', 'tragte'],
        'USAGEphotos is a job, but the folder photos does not exist',
      ],
      ['two jobs (apply)', apply('photos', 'music'), 'USAGEphotos and music are jobs, but the folder photos does not exist'],
      ['two jobs (explain)', ['explain', 'a', 'photos', 'music'], 'USAGEphotos and music are jobs'],
    ] as const
  ).map(([title, args, text]) => ({title, args, code: 'USAGE', says: [text.replace('USAGE', USAGE), 'name one JOB, or SOURCE']})),
  {
    title: 'a word that is a folder and no job',
    args: ['plan', 'source'],
    code: 'JOB_UNKNOWN',
    says: ['There is no such job: "source" is not in', 'to copy the folder with that name, add a target'],
  },
  {
    title: 'a word that is a file and no job',
    args: ['run', 'file'],
    code: 'JOB_UNKNOWN',
    says: ['There is no such job: "file" is not in', 'a saved plan works with `dirsync apply` and `dirsync show`'],
  },
  {
    title: 'a word that is neither job nor plan file',
    args: ['apply', 'photo'],
    code: 'JOB_UNKNOWN',
    says: ['There is no such job: "photo" is not in', 'did you mean "photos"?', 'it is not a plan file either'],
  },
  {
    title: 'a plan file that is missing, in this folder (apply)',
    args: ['apply', 'nn.plan'],
    code: 'PLAN_UNREADABLE',
    says: ['The plan file cannot be read: nn.plan does not exist, and is not a job either'],
  },
  {
    title: 'a plan file as a folder',
    args: ['plan', './file'],
    code: 'USAGE',
    says: [`${USAGE}./file is a file`, 'a saved plan works with'],
  },
  ...['/nowhere/none', './none'].map((word) => ({
    title: `one folder that is not there: ${word}`,
    args: ['plan', word],
    code: 'USAGE',
    says: [`${USAGE}only one folder is given: ${word}`],
  })),
  {
    title: 'a history of a folder that is not there',
    args: ['history', '/nowhere/none'],
    code: 'TARGET_MISSING',
    says: ['The target does not exist: /nowhere/none'],
  },
  ...['latest', '20261129T043000123Z-0a1b2c'].map((run) => ({
    title: `a run without its target: ${run}`,
    args: ['show', run],
    code: 'USAGE',
    says: [`${USAGE}${run} names a run, but no target is given`, `dirsync show ${run} --target DIR`],
  })),
  ...(
    [
      ['--only', 'x'],
      ['--except', 'x'],
      ['--kinds', 'create'],
      ['--out', 'x.plan'],
    ] as const
  ).map(([flag, value]) => ({
    title: `${flag} for a run`,
    args: ['show', 'latest', '-o', 'target', flag, value],
    code: 'USAGE',
    says: [`${USAGE}${flag} applies to plans, but this shows a run`],
  })),
  {
    title: 'an unknown config key',
    args: ['plan', 'photos'],
    config: CONFIG.replace('target}', 'target, excldue: x}'),
    code: 'CONFIG_INVALID',
    says: [
      'The config file has a mistake: ROOT/dirsync.config.yaml:2: jobs.photos.excldue: unknown key, did you mean "exclude"?',
    ],
  },
  {
    title: 'a wrong type in the config',
    args: ['plan', 'photos'],
    config: CONFIG.replace('target}', 'target, delete: "no"}'),
    code: 'CONFIG_INVALID',
    says: [
      'The config file has a mistake: ROOT/dirsync.config.yaml:2: jobs.photos.delete: expected true or false, found string "no"',
    ],
  },
  {
    title: 'a config that is no YAML',
    args: ['plan', 'photos'],
    config: 'jobs: [',
    code: 'CONFIG_INVALID',
    says: ['The config file has a mistake: ROOT/dirsync.config.yaml:1: the closing ] of a list or } of an object is missing'],
  },
  {
    title: 'a config file that is missing',
    args: ['plan', ...ST, '--config', 'none.yaml'],
    code: 'CONFIG_UNREADABLE',
    says: ['The config file cannot be read: ROOT/none.yaml (ENOENT)'],
  },
  ...['-t=5x', '--every=5x', '-t=0s', '-t=-1m', '--every=-1m', '-t='].map((flag) => ({
    title: `an interval: ${flag}`,
    args: ['run', ...ST, flag],
    code: 'INTERVAL_INVALID',
    says: [`The interval is not valid: "${flag.replace(/^.*?=/, '')}" is not an interval`, 'such as 5s'],
  })),
  {
    title: 'an interval: -t -1m',
    args: ['run', ...ST, '-t', '-1m'],
    code: 'INTERVAL_INVALID',
    says: ['The interval is not valid: "-1m" is not an interval', 'such as 5s'],
  },
  ...(
    [
      ['--timezone', 'Foo/Bar', 'SCHEDULE_INVALID', '"Foo/Bar" is not a time zone'],
      ['--cron', '61 * * * *', 'SCHEDULE_INVALID', '"61 * * * *" is not a cron pattern'],
      ['--cron', '0 0 30 2 *', 'SCHEDULE_INVALID', '"0 0 30 2 *" never occurs'],
      ['--at', '25:00', 'USAGE', '"25:00" is not a time of the day'],
      ['--active-hours', '22:00', 'USAGE', '"22:00" is not a range of hours'],
      ['--delay', '5', 'USAGE', '"5" is not a duration'],
      ['--jitter', '5x', 'USAGE', '"5x" is not a duration'],
      ['--backoff', 'x', 'USAGE', '"x" is not a duration'],
      ['--debounce', '1', 'USAGE', '"1" is not a duration'],
    ] as const
  ).flatMap(([flag, value, code, text]) => [
    {title: `${flag} ${value}, with --once`, args: ['run', ...ST, '--once', '--every', '5m', flag, value], code, says: [text]},
    {title: `${flag} ${value}, without a schedule`, args: ['run', ...ST, flag, value], code, says: [text]},
    {title: `${flag} ${value} (config)`, args: ['config', 'photos', flag, value], code, says: [text]},
  ]),
  {title: 'json and events', args: ['plan', ...ST, '--json', '--events'], code: 'USAGE', says: [USAGE, '--events', '--json']},
  {
    title: 'roots given twice',
    args: ['plan', ...ST, '-i', 'source'],
    code: 'USAGE',
    says: [`${USAGE}the folders are given twice`],
  },
  {title: 'three words', args: ['plan', ...ST, 'third'], code: 'USAGE', says: [USAGE, 'third']},
  {title: 'no words', args: ['plan'], code: 'USAGE', says: [`${USAGE}no source is given`]},
  {title: 'a source alone', args: ['plan', '-i', 'source'], code: 'USAGE', says: [`${USAGE}no target is given`]},
  {title: 'an empty source', args: ['plan', '', 'target'], code: 'USAGE', says: [`${USAGE}an empty path is given`]},
  ...['plan', 'apply', 'run'].map((command) => ({
    title: `one folder only (${command})`,
    args: [command, './source'],
    code: 'USAGE',
    says: [`${USAGE}only one folder is given: ./source`],
  })),
  ...['plan', 'apply', 'run', 'show', 'explain', 'config'].map((command) => ({
    title: `an unknown flag (${command})`,
    args: [command, ...ST, '--excldue'],
    code: 'USAGE',
    says: [USAGE, '--excldue'],
  })),
  {
    title: 'a path outside of both folders',
    args: ['explain', '/elsewhere/a', ...ST],
    code: 'USAGE',
    says: [`${USAGE}/elsewhere/a is outside of both `, 'give a path in one of them'],
  },
  ...Object.entries({
    plan: ['plan', 'nas:backup', 'target'],
    apply: apply('source', 'me@nas:/backup'),
    run: ['run', 'source', 'sftp://nas/backup'],
    'run on a schedule': ['run', 'source', 'nas:', '--every', '5m'],
    'by flags': ['plan', '-i', 'source', '-o', 'nas:backup'],
    explain: ['explain', 'a', 'source', 'nas:backup'],
    'history, by a flag': ['history', '-o', 'nas:backup'],
    show: ['show', 'latest', '--target', 'nas:backup'],
    config: ['config', 'photos', '-o', 'nas:backup'],
  }).map(([title, args]) => ({
    title: `a folder of another machine (${title})`,
    args,
    // A folder of that name does not make it less likely that another machine is meant.
    prepare: (root: string) => fs.mkdirSync(path.join(root, 'nas:backup')),
    code: 'ROOT_REMOTE',
    says: ['A folder on another machine cannot be reached: ', 'write ./'],
  })),
  {title: 'an empty path', args: ['explain', '', ...ST], code: 'USAGE', says: [`${USAGE}the path is empty`]},
  {title: 'a path without folders', args: ['explain', 'a'], code: 'USAGE', says: [`${USAGE}no source is given`]},
  {
    title: 'a saved plan and filters',
    args: ['explain', 'a', '--plan', 'x', '--exclude', 'y'],
    code: 'USAGE',
    says: [USAGE, '--plan'],
  },
  {title: 'a saved plan and folders', args: ['explain', 'a', ...ST, '--plan', 'x'], code: 'USAGE', says: [USAGE, '--plan']},
  {title: 'a flag without its value', args: ['plan', ...ST, '--exclude'], code: 'USAGE', says: [USAGE, '--exclude']},
  {
    title: 'an unknown guard',
    args: apply(...ST, '--allow', 'everything'),
    code: 'USAGE',
    says: [USAGE, 'everything', 'source-empty'],
  },
  {
    title: 'a limit that is none',
    args: apply(...ST, '--max-delete', 'x'),
    code: 'USAGE',
    says: [`${USAGE}"x" is not a limit on deletions`, '50%'],
  },
  {
    title: 'a window that is none',
    args: apply(...ST, '--mtime-window', '2'),
    code: 'USAGE',
    says: [`${USAGE}"2" is not a duration`],
  },
  {
    title: 'a time to wait that is none',
    args: apply(...ST, '--lock-timeout', '30'),
    code: 'USAGE',
    says: [`${USAGE}"30" is not a duration`],
  },
  {
    title: '--checksum and --size-only',
    args: apply(...ST, '--checksum', '--size-only'),
    code: 'USAGE',
    says: [USAGE, 'cannot be used together'],
  },
  {
    title: 'a filter file that is missing',
    args: apply(...ST, '--exclude-from', 'none'),
    code: 'FILTER_UNREADABLE',
    says: ['The filter file cannot be read: none (ENOENT)', '--exclude-from'],
  },
  {
    title: 'a filter file without an end',
    args: apply(...ST, '--exclude-from', '/dev/zero'),
    code: 'FILTER_UNREADABLE',
    says: ['The filter file cannot be read: /dev/zero: it is not a regular file', '--exclude-from'],
  },
  {
    title: 'a filter file that is a pipe to which nobody writes',
    args: apply(...ST, '--exclude-from', 'pipe'),
    prepare: (root) => execFileSync('mkfifo', [path.join(root, 'pipe')]),
    code: 'FILTER_UNREADABLE',
    says: ['The filter file cannot be read: pipe: it is not a regular file'],
  },
  ...(['le', 'be'] as const).map((order) => ({
    title: `a filter file in UTF-16 (${order})`,
    args: apply(...ST, '--exclude-from', 'wide'),
    prepare: (root: string) => {
      const bytes = Buffer.from('\ufeffold\r\n', 'utf16le');
      fs.writeFileSync(path.join(root, 'wide'), order === 'le' ? bytes : bytes.swap16());
    },
    code: 'FILTER_UNREADABLE',
    says: ['The filter file cannot be read: wide: it is UTF-16, not UTF-8', '--exclude-from'],
  })),
  {
    title: 'a filter file with a NUL',
    args: apply(...ST, '--exclude-from', 'nul'),
    prepare: (root) => fs.writeFileSync(path.join(root, 'nul'), 'old\0\n'),
    code: 'FILTER_UNREADABLE',
    says: ['The filter file cannot be read: nul: it contains a NUL, which no UTF-8 text does'],
  },
  {
    title: 'a filter file of 100 MB',
    args: apply(...ST, '--exclude-from', 'large'),
    prepare: (root) => truncated(root, 'large'),
    code: 'FILTER_UNREADABLE',
    says: ['The filter file cannot be read: large: it is larger than 1 MiB'],
  },
  {
    title: 'a filter file of too many patterns',
    args: apply(...ST, '--exclude-from', 'many'),
    prepare: (root) => fs.writeFileSync(path.join(root, 'many'), 'a*\n'.repeat(300_000)),
    code: 'FILTERS_REFUSED',
    says: ['The filters would take too long: there are 300000 patterns, more than the limit of 10000', 'write fewer'],
  },
  {
    title: 'a filter that is too long',
    args: apply(...ST, '--exclude', '?'.repeat(100_000)),
    code: 'FILTERS_REFUSED',
    says: ['The filters would take too long: a pattern is longer than 4096 characters: ????'],
  },
  {
    title: 'a narrowing that is too long',
    args: apply(...ST, '--only', '?'.repeat(100_000)),
    code: 'FILTERS_REFUSED',
    says: ['The filters would take too long: a pattern is longer than 4096 characters: ????'],
  },
  {
    title: 'a config file of 100 MB',
    args: ['plan', 'photos', '--config', 'large.yaml'],
    prepare: (root) => truncated(root, 'large.yaml'),
    code: 'CONFIG_UNREADABLE',
    says: ['The config file cannot be read: ROOT/large.yaml: it is larger than 1 MiB'],
  },
  {
    title: 'a plan file in a missing folder',
    args: ['plan', ...ST, '--out', 'none/p'],
    code: 'PLAN_UNWRITABLE',
    says: ['The plan file cannot be written: none/p'],
    shows: true,
  },
  {
    title: 'a plan file that is a folder',
    args: ['plan', ...ST, '--out', 'source'],
    code: 'PLAN_UNWRITABLE',
    says: ['The plan file cannot be written: source'],
    shows: true,
  },
  {
    title: 'a plan file that is missing (apply)',
    args: ['apply', './none.plan'],
    code: 'PLAN_UNREADABLE',
    says: ['The plan file cannot be read: ./none.plan', 'ENOENT'],
  },
  {
    title: 'a plan file that is missing (show)',
    args: ['show', 'none.plan'],
    code: 'PLAN_UNREADABLE',
    says: ['The plan file cannot be read: none.plan', 'ENOENT'],
  },
  {
    title: 'a plan file that is a folder',
    args: ['show', 'source'],
    code: 'PLAN_UNREADABLE',
    says: ['The plan file cannot be read: source', 'EISDIR'],
  },
  {
    title: 'nobody to ask, and no --yes',
    args: ['apply', ...ST],
    code: 'CONFIRMATION_NEEDED',
    says: ['The plan needs to be confirmed first', '--yes'],
    shows: true,
  },
  ...(['symlink', 'file'] as const).map((kind) => ({
    title: `a .dirsync in the target that is a ${kind}`,
    args: apply(...ST, '--allow', 'too-many-deletes'),
    code: 'TARGET_UNWRITABLE',
    says: ['The target cannot be written: ', 'its .dirsync, or something in it, is not a folder'],
    prepare: (root: string) => {
      const at = path.join(root, 'target/.dirsync');
      if (kind === 'file') fs.writeFileSync(at, '');
      else fs.symlinkSync('../source', at);
    },
    shows: true,
  })),
];

/** A file without content that takes no room on disk. */
function truncated(root: string, name: string): void {
  fs.writeFileSync(path.join(root, name), '');
  fs.truncateSync(path.join(root, name), 100_000_000);
}

describe('story: bad input', () => {
  const temp = tempDirs();

  for (const {title, args, says, code, exit = 1, config = CONFIG, uid, prepare, shows} of CASES) {
    it(`refuses ${title}`, () => {
      const {root} = pairIn(temp(), {new: 'n'}, {old: 'o'});
      fs.writeFileSync(path.join(root, 'file'), 'text');
      fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), config);
      prepare?.(root);
      if (uid !== undefined) handOver(root);
      const {stdout, stderr, ...ended} = withoutChange(root, () => dirsync(args, {cwd: root, uid}));
      expect(ended, stderr).to.deep.equal({code: exit, signal: null});
      for (const text of says) expect(stderr.replaceAll(root, 'ROOT')).to.include(text);
      // A mistake in a config says what is expected, one line each.
      if (code !== 'CONFIG_INVALID') expect(stderr, 'a way out').to.match(/^Error: .+\n( {2}\S.*\n)+$/);
      if (!shows) expect(stdout).to.equal('');

      if (args.includes('--json')) return;
      const asJson = withoutChange(root, () => dirsync([...args, '--json'], {cwd: root, uid}));
      expect({code: asJson.code, stderr: asJson.stderr}).to.deep.equal({code: exit, stderr: ''});
      const document = JSON.parse(asJson.stdout);
      expect(document).to.deep.include({format: 1, type: 'error', code, exitCode: exit});
      expect(stderr).to.include(document.message);
    });
  }

  it('takes ./nas:x for the folder that it is', () => {
    const {root} = pairIn(temp(), {new: 'n'});
    expect(dirsync(['apply', 'source', './nas:x', '--yes'], {cwd: root}).code).to.equal(0);
    expect(fs.readFileSync(path.join(root, 'nas:x/new'), 'utf8')).to.equal('n');
    fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'jobs: {back: {source: "./nas:x", target: source}}');
    expect(planned(['back'], {cwd: root})).to.deep.equal([]);
  });

  it('makes the folders above a target with --mkpath, and only when it applies', () => {
    const {root, source} = pairIn(temp(), {new: 'n'});
    const target = path.join(root, 'a/b/target');
    expect(withoutChange(root, () => planned([source, target, '--mkpath']))).to.deep.equal(['mkdir .', 'create new']);
    expect(dirsync(['apply', source, target, '--mkpath', '--yes']).code).to.equal(0);
    expect(fs.readFileSync(path.join(target, 'new'), 'utf8')).to.equal('n');
  });
});
