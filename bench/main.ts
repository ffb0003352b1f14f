/**
 * `npm run bench -- [--rounds N] [--files N] [--json] [ROW…]`: dirsync beside rsync, cp and a bare node, as ratios on this
 * machine at this hour. It works in DIRSYNC_BENCH_DIR (a folder of its own in the temporary folder by default) and nowhere else.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, rmSync, statSync, utimesSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {compare, median, medianRatio, runOnce, type Setting, type Tool} from './measure.js';
import {
  claim,
  copyOf,
  countEntries,
  diskUsage,
  fileSystem,
  generatedTree,
  linuxTree,
  memoryFolder,
  Unavailable,
  WORK_FOLDER,
} from './trees.js';

/** Tools that do the same work; the first is dirsync. */
interface Row {
  readonly work: string;
  readonly tools: readonly (Tool & {/** At most this ratio of dirsync's time to the tool's. */ readonly goal?: number})[];
  /** At most this much memory for dirsync. */
  readonly peakGoal?: number;
  readonly rounds: number;
  readonly touch: number;
  /** What each tool does once before the timing starts, if not the same. */
  warmUp?(tool: Tool): Tool;
  cleanUp?(): void;
}

interface Result {
  readonly work: string;
  readonly tool: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  /** dirsync's time divided by this tool's: the median of the rounds' ratios. */
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
    json: {type: 'boolean', default: false},
  },
});
const rounds = wholeNumber('--rounds', flags.rounds);
const files = wholeNumber('--files', flags.files);

const home = path.join(WORK_FOLDER, 'home');
const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const dirsync = (...args: string[]): Tool => ({name: `dirsync ${args[0]}`, command: [process.execPath, bin, ...args]});
const bareNode: Tool = {name: 'node -e 0', command: [process.execPath, '-e', '0']};

const ROWS: Readonly<Record<string, () => Promise<Row>>> = {
  'unchanged-linux': async () => unchanged('Linux source', await linuxTree(), {plain: 0.8, full: 0.5}),
  'unchanged-generated': async () => ({
    ...(await unchanged('small files', await generatedTree(files), {plain: 0.6, full: 0.3})),
    peakGoal: 250 * MB,
  }),
  'copy-memory': async () => {
    const tree = await linuxTree();
    const base = memoryFolder(2.5 * diskUsage(tree));
    const source = path.join(base, 'source');
    execFileSync('cp', ['-a', tree, source]);
    return {...firstCopy(source, base), cleanUp: () => rmSync(base, {recursive: true})};
  },
  'copy-disk': async () => firstCopy(await linuxTree(), WORK_FOLDER),
  'startup-version': async () => startup('--version', {...dirsync('--version'), name: 'dirsync'}, 1.6),
  'startup-plan': async () => {
    const tree = await generatedTree(10);
    return startup('plan of 10 files', dirsync('plan', tree, await copyOf(tree, 'dirsync')), 2.5);
  },
};

/** Nothing to do. Before it counts, each tool has to find and mend one file whose time was changed. */
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

function measure(row: Row): Result[] {
  const setting: Setting = {
    rounds: row.rounds,
    cwd: home,
    env: {PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8'},
    touch: row.touch,
    onTurn: (round, tool, turn) =>
      process.stderr.write(`${row.work}: ${round + 1}/${row.rounds} ${tool.name} ${turn.seconds.toFixed(3)} s\n`),
  };
  for (const tool of row.tools) runOnce(row.warmUp?.(tool) ?? tool, setting);
  const [ours = [], ...theirs] = compare(row.tools, setting);
  return row.tools.map((tool, i) => {
    const turns = i === 0 ? ours : (theirs[i - 1] ?? []);
    const peakBytes = Math.max(...turns.map((turn) => turn.peakBytes));
    const result = {
      work: row.work,
      tool: tool.name,
      seconds: median(turns.map((turn) => turn.seconds)),
      cpuSeconds: median(turns.map((turn) => turn.cpuSeconds)),
      peakBytes,
    };
    if (i === 0) {
      if (row.peakGoal === undefined) return result;
      return {...result, goal: `≤ ${row.peakGoal / MB} MB`, met: peakBytes <= row.peakGoal};
    }
    const ratio = medianRatio(ours, turns);
    return {...result, ratio, ...(tool.goal !== undefined && {goal: `≤ ${tool.goal}`, met: ratio <= tool.goal})};
  });
}

function expectEntries(target: string, entries: number): void {
  const found = countEntries(target);
  if (found !== entries) throw new Error(`${target} holds ${found} entries instead of ${entries}`);
}

/** The first file that can be reached, relative to the root. */
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
  const lines = results.map(({work, tool, seconds, cpuSeconds, ratio, goal, met, peakBytes}) => [
    work,
    tool,
    seconds.toFixed(3),
    cpuSeconds.toFixed(2),
    ratio?.toFixed(2) ?? '',
    goal ?? '',
    met === undefined ? '' : met ? 'met' : 'missed',
    (peakBytes / MB).toFixed(0),
  ]);
  const all = [['work', 'tool', 'median s', 'cpu s', 'dirsync ÷ tool', 'goal', '', 'peak MB'], ...lines];
  const widths = (all[0] as string[]).map((_, column) => Math.max(...all.map((line) => (line[column] as string).length)));
  return all
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number)))
        .join('  '),
    )
    .join('\n');
}

const unknown = positionals.filter((name) => !(name in ROWS));
if (unknown.length > 0) throw new Error(`no such row: ${unknown.join(', ')}; there are ${Object.keys(ROWS).join(', ')}`);
claim(WORK_FOLDER);
rmSync(home, {recursive: true, force: true});
mkdirSync(home);

const results: Result[] = [];
for (const [name, prepare] of Object.entries(ROWS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  let row: Row | undefined;
  try {
    row = await prepare();
    results.push(...measure(row));
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
