/**
 * `npm run bench -- [--rounds N] [--files N] [--runs N] [--json] [ROW…]`: compares dirsync with rsync, cp and plain node, as ratios
 * on this machine; and measures its screens and reports, in seconds and MB (1,000,000 bytes). It writes only to DIRSYNC_BENCH_DIR
 * (by default a folder of its own in the temporary folder).
 */
import {execFileSync} from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {findChromium, openReport} from './html.js';
import {compare, median, medianRatio, ninetieth, runOnce, type Setting, type Tool, type Turn} from './measure.js';
import {memoryOver} from './memory.js';
import {PRESSES, type ReviewTurn, reviewOnce, slowestKey} from './review.js';
import {inTerminal} from './terminal.js';
import {
  claim,
  copyOf,
  countEntries,
  diskUsage,
  fileSystem,
  generatedTree,
  linuxTree,
  memoryFolder,
  treeOfSize,
  Unavailable,
  WORK_FOLDER,
} from './trees.js';

/** Tools that do the same work; the first is dirsync. */
interface Row {
  readonly work: string;
  readonly tools: readonly (Tool & {/** At most this ratio of dirsync's time to the tool's. */ readonly goal?: number})[];
  /** The memory limit for dirsync. */
  readonly peakGoal?: number;
  readonly rounds: number;
  readonly touch: number;
  /** What each tool does once before the timing starts, if it differs from the measured work. */
  warmUp?(tool: Tool): Tool;
  cleanUp?(): void;
}

interface Result {
  readonly work: string;
  readonly tool: string;
  readonly seconds?: number;
  readonly cpuSeconds?: number;
  /** The peak memory of one process; for a report, its size. */
  readonly bytes?: number;
  /** The time of dirsync (or of `tool`) divided by that of this tool: the median of the rounds' ratios. */
  readonly ratio?: number;
  readonly goal?: string;
  readonly met?: boolean;
}

const MB = 1e6;
const {values: flags, positionals} = parseArgs({
  allowPositionals: true,
  options: {
    rounds: {type: 'string', default: '5'},
    files: {type: 'string', default: '1000000'},
    runs: {type: 'string', default: '2000'},
    json: {type: 'boolean', default: false},
  },
});
const rounds = wholeNumber('--rounds', flags.rounds);
const files = wholeNumber('--files', flags.files);

const home = path.join(WORK_FOLDER, 'home');
const empty = path.join(home, 'empty');
// Targets are created again at the same path, so dirsync must not remember them.
const env: NodeJS.ProcessEnv = {PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8', XDG_STATE_HOME: '/dev/null'};
const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const dirsync = (...args: string[]): Tool => ({name: `dirsync ${args[0]}`, command: [process.execPath, bin, ...args]});
const bareNode: Tool = {name: 'node -e 0', command: [process.execPath, '-e', '0']};

const ROWS: Readonly<Record<string, () => Promise<Row>>> = {
  'unchanged-linux': async () => unchanged('Linux source', await linuxTree(), {plain: 0.8, full: 0.5}),
  'unchanged-generated': async () => ({
    ...(await unchanged('small files', await generatedTree(files), {plain: 0.6, full: 0.3})),
    peakGoal: 250 * MB,
  }),
  attributes: async () => {
    const source = await generatedTree(files);
    const target = await copyOf(source, 'dirsync');
    const plan = (...flags: string[]) => dirsync('plan', source, target, '--detailed-exitcode', ...flags);
    return {
      work: `nothing to do, ${countEntries(source)} small files, ${fileSystem(source)}`,
      tools: [
        {...plan(), name: 'with attributes, ACLs, hard links'},
        {...plan('--no-preserve', 'xattrs,acls,hardlinks'), name: 'without', goal: 1.15},
      ],
      rounds,
      touch: 1000 * MB,
    };
  },
  'copy-memory': async () => {
    const tree = await linuxTree();
    const base = memoryFolder(2.5 * diskUsage(tree));
    const source = path.join(base, 'source');
    execFileSync('cp', ['-a', tree, source]);
    return {...firstCopy(source, base), cleanUp: () => rmSync(base, {recursive: true})};
  },
  'copy-disk': async () => firstCopy(await linuxTree(), WORK_FOLDER),
  memory: async () => {
    const pair = await remembered();
    const plan = (...flags: string[]) => dirsync('plan', pair.source, pair.target, '--detailed-exitcode', ...flags);
    return {
      work: `nothing to do, ${pair.entries} small files, ${fileSystem(pair.source)}`,
      tools: [
        {...plan(), name: 'with memory'},
        {...plan('--no-memory'), name: 'without', goal: 0.9},
      ],
      rounds,
      touch: 1000 * MB,
    };
  },
  'ten-changes': async () => {
    const {source, target, entries} = await remembered();
    const apply = dirsync('apply', source, target, '--yes');
    const changed = filesOf(source, 10);
    const change = () => {
      for (const [i, file] of changed.entries()) utimesSync(path.join(source, file), 0, Date.now() / 1000 + i);
    };
    return {
      work: `10 changes in ${entries} small files, ${fileSystem(source)}`,
      tools: [
        {...apply, name: '10 changes', prepare: change},
        // What the run before has changed is noted outside of the timing.
        {...apply, name: 'nothing to do', prepare: () => runOnce(apply, settingOf('', {rounds: 1, touch: 0})), goal: 1.1},
      ],
      rounds,
      touch: 1000 * MB,
    };
  },
  'moved-folder': async () => movedFolder(await treeOfSize(40_000, 25_000)),
  'startup-version': async () => startup('--version', {...dirsync('--version'), name: 'dirsync'}, 1.6),
  'startup-plan': async () => {
    const tree = await generatedTree(10);
    return startup('plan of 10 files', dirsync('plan', tree, await copyOf(tree, 'dirsync')), 2.5);
  },
};

/** Rows without a comparison: a screen, a report. */
const FIGURES: Readonly<Record<string, () => Promise<Result[]>>> = {
  'review-million': async () => reviewed(await generatedTree(files)),
  'html-report': async () => {
    const chromium = findChromium();
    const [small, large] = [htmlReport(await generatedTree(10)), htmlReport(await generatedTree(98_000))];
    const seconds = median(await openReport(large.file, {chromium, times: 5}));
    return [
      {work: small.work, tool: 'size', bytes: small.bytes, goal: '< 0.1 MB', met: small.bytes < 0.1 * MB},
      {work: large.work, tool: 'size', bytes: large.bytes, goal: '< 20 MB', met: large.bytes < 20 * MB},
      {work: large.work, tool: 'chromium, until the tree is drawn', seconds, goal: '≤ 2 s', met: seconds <= 2},
    ];
  },
  sparse: async () => largeFile('10 GB with 1 MB of data', sparseFile()),
  reflink: async () => {
    const tree = sharedFile();
    try {
      return largeFile('4 GB on btrfs, content shared', tree);
    } finally {
      tree.unmount();
    }
  },
  'memory-size': async () => {
    const {target, entries} = await remembered();
    const bytes = statSync(path.join(target, '.dirsync/last.manifest')).size / entries;
    return [{work: `memory of ${entries} small files`, tool: 'bytes an entry', bytes, goal: '≤ 25 bytes', met: bytes <= 25}];
  },
  'plan-moved': async () => {
    const {source, target, entries} = await remembered();
    const [top, names] = [path.join(source, 'top'), readdirSync(source)];
    mkdirSync(top);
    try {
      for (const name of names) renameSync(path.join(source, name), path.join(top, name));
      const plan: Tool = dirsync('plan', source, target, '--json');
      const work = `plan of ${names.length} renamed folders with ${entries} small files`;
      const turns = Array.from({length: rounds}, () => runOnce(plan, settingOf(work, {rounds, touch: 500 * MB})));
      const figures = middle(turns);
      return [{work, tool: plan.name, ...figures, goal: '≤ 250 MB', met: figures.bytes <= 250 * MB}];
    } finally {
      for (const name of names) renameSync(path.join(top, name), path.join(source, name));
      rmdirSync(top);
    }
  },
  'run-memory': async () => {
    const runs = wholeNumber('--runs', flags.runs);
    const folder = path.join(WORK_FOLDER, 'runs');
    const {early, late, earlyFiles, lateFiles} = await memoryOver({folder, program: bin, env, runs});
    const work = `${runs} runs of one process, one change each`;
    return [
      {work, tool: 'memory, second tenth of them', bytes: early},
      {work, tool: 'memory, last tenth', bytes: late, ratio: late / early, goal: '≤ 1.10', met: late <= 1.1 * early},
      {work, tool: 'open files, last ÷ second tenth', ratio: lateFiles / earlyFiles, goal: '≤ 1', met: lateFiles <= earlyFiles},
    ];
  },
  'apply-drawn': async () => {
    const source = await generatedTree(240_000);
    const base = memoryFolder(2.5 * diskUsage(source));
    try {
      return drawnApply(source, base);
    } finally {
      rmSync(base, {recursive: true});
    }
  },
};

/** The time for a large file with little to copy. */
function largeFile(work: string, tree: LargeFileTree): Result[] {
  const {source, target, isRight} = tree;
  const apply: Tool = {
    ...dirsync('apply', source, target, '--yes'),
    prepare: () => rmSync(target, {recursive: true, force: true}),
    check: () => {
      if (!isRight(path.join(target, 'file'))) throw new Error(`${work}: the copy takes up as much as its size`);
    },
  };
  const setting = settingOf(work, {rounds, touch: 500 * MB});
  const turns = Array.from({length: rounds}, () => runOnce(apply, setting));
  const seconds = median(turns.map((turn) => turn.seconds));
  return [{work, tool: 'dirsync apply', ...middle(turns), goal: '≤ 1 s', met: seconds <= 1}];
}

interface LargeFileTree {
  readonly source: string;
  readonly target: string;
  readonly isRight: (file: string) => boolean;
}

/** 10 GB with 1 MB of data, a piece every 100 MB. */
function sparseFile(): LargeFileTree {
  const base = path.join(WORK_FOLDER, 'sparse');
  rmSync(base, {recursive: true, force: true});
  const source = path.join(base, 'source');
  mkdirSync(source, {recursive: true});
  const file = openSync(path.join(source, 'file'), 'w');
  for (let at = 0; at < 10_000 * MB; at += 100 * MB) writeSync(file, Buffer.alloc(10_000, 1), 0, 10_000, at);
  ftruncateSync(file, 10_000 * MB);
  closeSync(file);
  return {source, target: path.join(base, 'target'), isRight: (copy) => statSync(copy).blocks * 512 < 10 * MB};
}

/** 4 GB on a file system that can share content. */
function sharedFile(): LargeFileTree & {readonly unmount: () => void} {
  if (process.geteuid?.() !== 0) throw new Unavailable('needs root, to mount btrfs');
  const base = path.join(WORK_FOLDER, 'btrfs');
  const image = `${base}.img`;
  mkdirSync(base, {recursive: true});
  execFileSync('truncate', ['-s', '8G', image]);
  execFileSync('mkfs.btrfs', ['-q', '-f', image], {stdio: 'ignore'});
  execFileSync('mount', ['-o', 'loop', image, base]);
  const source = path.join(base, 'source');
  mkdirSync(source);
  execFileSync('dd', ['if=/dev/urandom', `of=${path.join(source, 'file')}`, 'bs=4M', 'count=1000', 'status=none']);
  const isRight = (copy: string) => execFileSync('filefrag', ['-v', copy], {encoding: 'utf8'}).includes('shared');
  const unmount = () => {
    execFileSync('umount', [base]);
    rmSync(image);
  };
  return {source, target: path.join(base, 'target'), isRight, unmount};
}

const TERMINALS = [
  {columns: 80, rows: 24},
  {columns: 200, rows: 60},
];

/** A plan with only new files, reviewed in terminals of two sizes, with the program started by its name. */
async function reviewed(source: string): Promise<Result[]> {
  if (files < 200_000) throw new Unavailable('needs a plan that takes a while: --files 200000 or more');
  const work = `review of ${countEntries(source)} changes`;
  mkdirSync(empty, {recursive: true});
  const turns = TERMINALS.map((): ReviewTurn[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, size] of TERMINALS.entries()) {
      const setting = {...size, cwd: home, env: {...env, TERM: 'xterm-256color'}};
      const turn = await reviewOnce([bin, 'plan', source, empty], setting);
      turns[i]?.push(turn);
      const first = `first frame ${(turn.firstFrameMs / 1000).toFixed(3)} s`;
      process.stderr.write(`${work}, ${size.columns} × ${size.rows}: ${round + 1}/${rounds} ${first}, slowest key: ${slowestKey(turn)}
`);
    }
  }
  return TERMINALS.flatMap(({columns, rows}, i) => {
    const own = turns[i] as ReviewTurn[];
    const keys = own.flatMap(({keyMs}) => keyMs);
    const within = (tool: string, milliseconds: number, goal: number): Result => ({
      work: `${work}, ${columns} × ${rows}`,
      tool,
      seconds: milliseconds / 1000,
      goal: `≤ ${goal / 1000} s`,
      met: milliseconds <= goal,
    });
    const bytes = Math.max(...own.map(({peakBytes}) => peakBytes));
    return [
      within('from the plan to the first frame', median(own.map(({firstFrameMs}) => firstFrameMs)), 300),
      within('from a key to its frame', median(keys), 50),
      within('  nine of ten keys', ninetieth(keys), 50),
      {
        work: `${work}, ${columns} × ${rows}`,
        tool: `memory after ${PRESSES} keys`,
        bytes,
        goal: '≤ 400 MB',
        met: bytes <= 400 * MB,
      },
    ];
  });
}

/** Writes the report of a plan with only new files. */
function htmlReport(source: string): {work: string; file: string; bytes: number} {
  mkdirSync(empty, {recursive: true});
  const file = path.join(home, `${path.basename(source)}.html`);
  const out = openSync(file, 'w');
  execFileSync(process.execPath, [bin, 'plan', source, empty, '--format', 'html'], {
    cwd: home,
    env,
    stdio: ['ignore', out, 'inherit'],
  });
  closeSync(out);
  return {work: `HTML report of ${countEntries(source)} changes`, file, bytes: statSync(file).size};
}

/** The same apply in the same type of terminal, with its screen and as plain text. */
function drawnApply(source: string, base: string): Result[] {
  const target = path.join(base, 'target');
  const entries = countEntries(source);
  const log = path.join(home, 'terminal');
  const apply = (term: string, isDrawn: boolean): Tool => ({
    name: `TERM=${term}`,
    command: ['env', `TERM=${term}`, ...inTerminal([bin, 'apply', source, target, '--yes'], {columns: 80, rows: 24}, log)],
    prepare: () => {
      rmSync(target, {recursive: true, force: true});
      mkdirSync(target);
    },
    check: () => {
      expectEntries(target, entries);
      if (readFileSync(log, 'utf8').includes(HIDE_CURSOR) !== isDrawn) {
        throw new Unavailable(`needs an apply that lasts until its screen ${isDrawn ? 'is drawn' : 'would be drawn'}`);
      }
    },
  });
  const tools = [apply('xterm-256color', true), apply('dumb', false)];
  const work = `apply of ${entries} small files with its screen, ${fileSystem(base)}`;
  const setting = settingOf(work, {rounds, touch: 2 * diskUsage(source)});
  for (const tool of tools) runOnce(tool, setting);
  const [drawn = [], plain = []] = compare(tools, setting);
  const seconds = medianRatio(drawn, plain);
  const cpu = medianRatio(drawn, plain, 'cpuSeconds');
  return [
    {work, tool: 'drawn', ...middle(drawn)},
    {work, tool: 'plain: time', ...middle(plain), ratio: seconds, goal: '≤ 1.05', met: seconds <= 1.05},
    {work, tool: 'plain: processor time', ...middle(plain), ratio: cpu, goal: '≤ 1.05', met: cpu <= 1.05},
  ];
}

/** Only a screen hides the cursor. */
const HIDE_CURSOR = '\x1b[?25l';

/** Nothing to do. Before the timing, each tool has to find and fix one file whose time was changed. */
async function unchanged(what: string, source: string, goals: {plain: number; full: number}): Promise<Row> {
  const entries = countEntries(source);
  const [ours, theirs] = [await copyOf(source, 'dirsync'), await copyOf(source, 'rsync')];
  const complete = (tool: Tool, target: string): Tool => ({...tool, check: () => expectEntries(target, entries)});
  const rsync = (...options: string[]): Tool =>
    complete({name: `rsync ${options.join(' ')}`, command: ['rsync', ...options, `${source}/`, `${theirs}/`]}, theirs);
  const sample = firstFile(source);
  return {
    work: `nothing to do, ${what}, ${entries} entries, ${fileSystem(source)}`,
    tools: [
      complete(dirsync('apply', source, ours, '--yes'), ours),
      {...rsync('-a', '--delete'), goal: goals.plain},
      {...rsync('-aHAX', '--delete'), goal: goals.full},
    ],
    rounds,
    touch: 1000 * MB,
    warmUp: (tool) => {
      const file = path.join(tool.command.includes(ours) ? ours : theirs, sample);
      return {
        ...tool,
        prepare: () => utimesSync(file, 0, 0),
        check: () => {
          if (statSync(file).mtimeMs !== statSync(path.join(source, sample)).mtimeMs)
            throw new Error(`${tool.name} missed ${file}`);
        },
      };
    },
  };
}

/** Small files and their copy, of which everything is remembered. */
async function remembered(): Promise<{readonly source: string; readonly target: string; readonly entries: number}> {
  const source = await copyOf(await generatedTree(files), 'source');
  const target = await copyOf(await generatedTree(files), 'memory');
  const [sample] = filesOf(source, 1);
  utimesSync(path.join(source, sample as string), 0, Date.now() / 1000);
  const run = dirsync('run', source, target);
  // The first run makes `.dirsync`, the second one notes what the first one has made.
  for (let i = 0; i < 2; i++) runOnce(run, settingOf('', {rounds: 1, touch: 0}));
  return {source, target, entries: countEntries(source)};
}

/** The only folder of the source is renamed before each turn; each tool has a source and a target of its own. */
async function movedFolder(tree: string): Promise<Row> {
  const entries = countEntries(tree) + 1;
  const base = path.join(WORK_FOLDER, 'moved');
  rmSync(base, {recursive: true, force: true});
  const pairOf = (tool: string) => {
    const [source, target] = [path.join(base, tool, 'source'), path.join(base, tool, 'target')];
    mkdirSync(source, {recursive: true});
    execFileSync('cp', ['-a', tree, path.join(source, 'new')]);
    return {source, target};
  };
  const rename = ({source}: {source: string}) => {
    const name = readdirSync(source)[0] as string;
    renameSync(path.join(source, name), path.join(source, name === 'new' ? 'old' : 'new'));
  };
  const check = ({source, target}: {source: string; target: string}) => {
    expectEntries(target, entries);
    const name = readdirSync(source)[0] as string;
    if (!existsSync(path.join(target, name))) throw new Error(`${target} has no ${name}`);
  };
  const [ours, theirs] = [pairOf('dirsync'), pairOf('rsync')];
  let inode = 0;
  const inodeOf = () => statSync(path.join(ours.target, firstFile(ours.target))).ino;
  const apply = dirsync('apply', ours.source, ours.target, '--yes', '--fsync', 'none');
  const rsync: Tool = {name: 'rsync -a --delete', command: ['rsync', '-a', '--delete', `${theirs.source}/`, `${theirs.target}/`]};
  return {
    work: `a renamed folder, ${entries} entries, ${Math.round(diskUsage(tree) / MB)} MB, ${fileSystem(base)}`,
    tools: [
      {
        ...apply,
        prepare: () => {
          inode = inodeOf();
          rename(ours);
        },
        check: () => {
          check(ours);
          if (inodeOf() !== inode) throw new Error('the target has a copy, not the same files');
        },
      },
      {...rsync, prepare: () => rename(theirs), check: () => check(theirs), goal: 0.1},
    ],
    rounds,
    touch: 2 * diskUsage(tree),
    // The first run copies, the second one has nothing to do and remembers what the first one made.
    warmUp: ({prepare, check, ...tool}) => {
      execFileSync(tool.command[0], tool.command.slice(1), {cwd: home, env, stdio: 'ignore'});
      return tool;
    },
    cleanUp: () => rmSync(base, {recursive: true}),
  };
}

function firstCopy(source: string, base: string): Row {
  const target = path.join(base, 'target');
  const entries = countEntries(source);
  const intoEmpty = (tool: Tool): Tool => ({
    ...tool,
    prepare: () => {
      for (const folder of [target, home]) {
        rmSync(folder, {recursive: true, force: true});
        mkdirSync(folder);
      }
    },
    check: () => expectEntries(target, entries),
  });
  return {
    work: `first copy, Linux source, ${entries} entries, ${fileSystem(base)}`,
    tools: [
      intoEmpty(dirsync('apply', source, target, '--yes', '--fsync', 'none')),
      {...intoEmpty({name: 'rsync -a', command: ['rsync', '-a', `${source}/`, `${target}/`]}), goal: 0.5},
      {...intoEmpty({name: 'cp -a', command: ['cp', '-a', `${source}/.`, target]}), goal: 1},
    ],
    rounds,
    touch: Math.min(2 * diskUsage(source), process.availableMemory() / 2),
    cleanUp: () => rmSync(target, {recursive: true, force: true}),
  };
}

function startup(work: string, tool: Tool, goal: number): Row {
  return {work, tools: [tool, {...bareNode, goal}], rounds: rounds * 4, touch: 0};
}

function settingOf(work: string, {rounds, touch}: {rounds: number; touch: number}): Setting {
  return {
    rounds,
    cwd: home,
    env,
    touch,
    onTurn: (round, tool, turn) =>
      process.stderr.write(`${work}: ${round + 1}/${rounds} ${tool.name} ${turn.seconds.toFixed(3)} s\n`),
  };
}

function middle(turns: readonly Turn[]) {
  return {
    seconds: median(turns.map((turn) => turn.seconds)),
    cpuSeconds: median(turns.map((turn) => turn.cpuSeconds)),
    bytes: Math.max(...turns.map((turn) => turn.peakBytes)),
  };
}

function measure(row: Row): Result[] {
  const setting = settingOf(row.work, row);
  for (const tool of row.tools) runOnce(row.warmUp?.(tool) ?? tool, setting);
  const [ours = [], ...theirs] = compare(row.tools, setting);
  return row.tools.map((tool, i) => {
    const turns = i === 0 ? ours : (theirs[i - 1] ?? []);
    const result = {work: row.work, tool: tool.name, ...middle(turns)};
    if (i === 0) {
      if (row.peakGoal === undefined) return result;
      return {...result, goal: `≤ ${row.peakGoal / MB} MB`, met: result.bytes <= row.peakGoal};
    }
    const ratio = medianRatio(ours, turns);
    return {...result, ratio, ...(tool.goal !== undefined && {goal: `≤ ${tool.goal}`, met: ratio <= tool.goal})};
  });
}

function expectEntries(target: string, entries: number): void {
  const found = countEntries(target);
  if (found !== entries) throw new Error(`${target} holds ${found} entries instead of ${entries}`);
}

/** Files in different folders, relative to the root. */
function filesOf(root: string, count: number): string[] {
  return readdirSync(root)
    .flatMap((top) => readdirSync(path.join(root, top)).map((folder) => path.join(top, folder)))
    .slice(0, count)
    .map((folder) => firstFile(root, folder));
}

/** The first file found, relative to the root. */
function firstFile(root: string, folder = ''): string {
  const entries = readdirSync(path.join(root, folder), {withFileTypes: true});
  const file = entries.find((entry) => entry.isFile());
  if (file) return path.join(folder, file.name);
  const next = entries.find((entry) => entry.isDirectory());
  if (!next) throw new Error(`${root} holds no file`);
  return firstFile(root, path.join(folder, next.name));
}

function wholeNumber(flag: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${flag} ${text}: give a whole number above 0`);
  return Number(text);
}

function table(results: readonly Result[]): string {
  const lines = results.map(({work, tool, seconds, cpuSeconds, ratio, goal, met, bytes}) => [
    work,
    tool,
    seconds?.toFixed(3) ?? '',
    cpuSeconds?.toFixed(2) ?? '',
    ratio?.toFixed(2) ?? '',
    goal ?? '',
    met === undefined ? '' : met ? 'met' : 'missed',
    bytes === undefined ? '' : (bytes / MB).toFixed(bytes < MB ? 3 : 0),
  ]);
  const all = [['work', 'tool', 'median s', 'cpu s', 'dirsync ÷ tool', 'goal', '', 'MB'], ...lines];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((line) => (line[column] as string).length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number)))
        .join('  '),
    )
    .join('\n');
}

const names = [...Object.keys(ROWS), ...Object.keys(FIGURES)];
const unknown = positionals.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(', ')}; there are ${names.join(', ')}`);
claim(WORK_FOLDER);
rmSync(home, {recursive: true, force: true});
mkdirSync(home);

const results: Result[] = [];
for (const name of names) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  let row: Row | undefined;
  try {
    row = await ROWS[name]?.();
    results.push(...(row === undefined ? ((await FIGURES[name]?.()) ?? []) : measure(row)));
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    process.stderr.write(`${name} left out: ${error.message}\n`);
  } finally {
    row?.cleanUp?.();
  }
}
const rsyncVersion = execFileSync('rsync', ['--version'], {encoding: 'utf8'}).split(/\s+/)[2];
const machine = `node ${process.versions.node}, rsync ${rsyncVersion}, ${os.cpus().length} processors`;
console.log(flags.json ? JSON.stringify({machine, results}, undefined, 2) : `${machine}\n\n${table(results)}`);
