/** Asks for the settings of a first config, and writes it. */
import {existsSync, realpathSync, statSync} from 'node:fs';
import {basename, dirname, extname, join} from 'node:path';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import {checkAnswer, configText, meantPath, meantText} from '../../config/first-config.js';
import {PROJECT_FILES} from '../../config/load.js';
import {readFile} from '../../config/read.js';
import {type Answers, answersOf, type Check, partsOf, QUESTIONS, type Question, type Texts} from '../../core/answers.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeLine, escapeName} from '../../core/escape.js';
import {osPath} from '../../core/name.js';
import type {Overlap} from '../../core/plan.js';
import {checkLocal} from '../../core/remote.js';
import {typedWord} from '../../core/shell.js';
import {absolutePath, currentFolder, currentFolderIfAny, environment} from '../../platform/environment.js';
import {errnoOf} from '../../platform/platform.js';
import {findSource, findTarget, rootOverlap} from '../../platform/roots.js';
import {type InitState, initialState} from '../../ui/init-state.js';
import {type Context, Interrupted} from '../context.js';
import {canDraw, hasColor} from '../output/terminal.js';
import {writeText} from './new-file.js';

/** Answers for `dirsync init` that were given as flags. */
export interface InitOptions {
  /** The file to write, relative to the current folder. */
  readonly file: string | undefined;
  /** Replace an existing config. */
  readonly force: boolean;
  /** Answers given as flags. */
  readonly given: Partial<Answers>;
}

/** Writes a config. Returns the text to print afterwards. @throws DirsyncError USAGE, CONFIG_UNWRITABLE; Interrupted. */
export async function initConfig({file: named, force, given}: InitOptions, context: Context): Promise<string> {
  const file = absolutePath(named ?? 'dirsync.config.yaml');
  await checkPlace(file, force);
  const check = checker(dirname(file));
  for (const question of QUESTIONS) checkGiven(question, given, check);
  const missing = (['job', 'source', 'target'] as const).filter((question) => given[question] === undefined);
  if (missing.length > 0 && !canDraw(process, process.env)) {
    const flags = missing.map((question) => `--${question}`).join(', ');
    throw new DirsyncError('USAGE', `there is no terminal to ask on, so ${flags} must be given`, 'see `dirsync init --help`');
  }
  const typed = missing.length > 0 ? await ask(file, given, check, context) : NOTHING;
  const answers = {...typed, ...given};
  // Only now can a given target be compared with a source that was typed.
  checkGiven('target', answers, check);
  const text = configText(
    {
      ...answers,
      source: fromFile(answers.source, file),
      target: fromFile(answers.target, file),
      log: fromFile(answers.log, file),
    },
    schema(),
  );
  write(file, text, force);
  return told(file, text, answers.job);
}

const NOTHING = answersOf(initialState({}).texts);

/** @throws DirsyncError USAGE or CONFIG_UNWRITABLE if a config exists here, or another config would hide the new one. */
async function checkPlace(file: string, force: boolean): Promise<void> {
  if (!['.yaml', '.yml'].includes(extname(file))) {
    throw new DirsyncError('USAGE', `"${escapeName(file)}" does not end in .yaml`, 'a config with comments is a YAML file');
  }
  if (existsSync(osPath(file)) && !force) throw unwritable(file, 'already exists', 'edit it, or replace it with --force');
  const others = PROJECT_FILES.includes(basename(file)) ? PROJECT_FILES.filter((name) => name !== basename(file)) : [];
  for (const name of others) {
    const other = join(dirname(file), name);
    if (existsSync(osPath(other)) && (await isConfig(other))) {
      throw unwritable(
        other,
        'already exists, and a folder has only one config',
        'edit it, or name a different file with --config',
      );
    }
  }
}

/** Whether the file is a config. A package.json is one if it has the key `dirsync`. A file that cannot be read counts as one. */
async function isConfig(file: string): Promise<boolean> {
  if (basename(file) !== 'package.json') return true;
  return readFile(file).then(
    ({value}) => value !== undefined,
    () => true,
  );
}

function unwritable(file: string, why: string, hint: string, cause?: unknown): DirsyncError {
  return new DirsyncError('CONFIG_UNWRITABLE', `${escapeName(file)} ${why}`, hint, {cause});
}

/** Returns a check of answers, with the same rules as for the config. Folders must exist. */
function checker(folder: string): Check {
  const meant = (text: string) => meantPath(fromFile(text, join(folder, 'config')), {folder, env: environment()});
  const checkOne = (question: Question, text: string, {source}: Pick<Texts, 'source'>) => {
    checkAnswer(question, text);
    if (question === 'source' || question === 'target') checkLocal(meantText(text, environment()));
    if (question === 'source') findSource(meant(text));
    if (question === 'target') checkTarget(meant(source), meant(text));
    if (question === 'log' && text !== '' && statSync(osPath(meant(text)), {throwIfNoEntry: false})?.isDirectory()) {
      throw new DirsyncError('USAGE', `${escapeName(text)} is a folder`, 'give the path of a file');
    }
  };
  return (question, text, texts) => {
    const parts = question === 'exclude' || question === 'at' ? partsOf(text) : [text];
    try {
      if (question === 'at' && parts.length === 0) checkAnswer(question, '');
      for (const part of parts) checkOne(question, part, texts);
      return undefined;
    } catch (error) {
      if (!(error instanceof DirsyncError)) throw error;
      const words = error.code === 'USAGE' || error.code.endsWith('_INVALID') ? error.detail : error.message;
      return error.hint === undefined ? words : `${words}; ${error.hint}`;
    }
  };
}

const OVERLAPS: Readonly<Record<Overlap, string>> = {
  same: 'it is the source folder',
  'target-in-source': 'it is inside the source folder',
  'source-in-target': 'the source folder is inside it',
};

/** The target may not exist yet, because its disk may not be mounted. @throws DirsyncError USAGE. */
function checkTarget(source: string, target: string): void {
  const overlap = rootOverlap(findSource(source), findTarget(target, true));
  if (overlap === undefined) return;
  throw new DirsyncError('USAGE', OVERLAPS[overlap], 'give a different folder');
}

function checkGiven(question: Question, given: Partial<Answers>, check: Check): void {
  const {[question]: answer, source = ''} = given;
  if (answer === undefined || question === 'when' || (question === 'target' && source === '')) return;
  for (const text of [answer].flat()) {
    // Flags give patterns one by one, so a comma is part of the pattern.
    const mistake = question === 'exclude' ? undefined : check(question, text, {source});
    if (question === 'exclude') checkAnswer(question, text);
    if (mistake !== undefined) throw new DirsyncError('USAGE', `--${question}: ${mistake}`);
  }
}

async function ask(file: string, given: Partial<Answers>, check: Check, {signal}: Context): Promise<Answers> {
  const {openInitScreen} = await import('../../ui/open.js');
  const texts = Object.fromEntries(Object.entries(given).map(([question, answer]) => [question, [answer].flat().join(', ')]));
  const {stdin, stdout} = process;
  let finish: (state: InitState | undefined) => void = () => {};
  const ended = new Promise<InitState | undefined>((resolve) => {
    finish = resolve;
  });
  const leave = () => finish(undefined);
  signal.addEventListener('abort', leave);
  const screen = openInitScreen({
    stdin,
    stdout,
    color: hasColor(stdout, process.env),
    initial: initialState(texts),
    now: Date.now,
    file,
    check,
    // A raw terminal delivers Ctrl-C as a key, so it sends the signal.
    onEnd: (state) => (state.end === 'done' ? finish(state) : process.kill(process.pid, 'SIGINT')),
  });
  try {
    const state = await ended;
    if (state === undefined) throw new Interrupted();
    return answersOf(state.texts);
  } finally {
    signal.removeEventListener('abort', leave);
    await screen.close();
  }
}

/** Converts a typed path for the config: there, relative paths start at the file instead of the current folder. */
function fromFile(text: string, file: string): string {
  const isRelative = text !== '' && !/^(?:\/|~(?:\/|$)|\$\{)/.test(text);
  return isRelative && dirname(file) !== currentFolder() ? absolutePath(text) : text;
}

function isHere(file: string): boolean {
  return PROJECT_FILES.includes(basename(file)) && dirname(file) === currentFolderIfAny();
}

/** Returns the URL of the schema in this installation, if it exists. */
function schema(): string | undefined {
  const file = join(dirname(realpathSync(process.argv[1] ?? '')), '../dist/schema/config.json');
  return existsSync(file) ? pathToFileURL(file).href : undefined;
}

function write(file: string, text: string, force: boolean): void {
  try {
    writeText(file, text, {replace: force && existsSync(osPath(file))});
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'EEXIST') throw unwritable(file, 'already exists', 'edit it, or replace it with --force', error);
    throw unwritable(file, `(${code})`, 'check that the folder exists and that you can write to it', error);
  }
}

function told(file: string, text: string, job: string): string {
  const word = job.startsWith('-') ? `-- ${typedWord(job)}` : typedWord(job);
  const shown = text.split('\n').map(escapeLine).join('\n');
  const here = isHere(file) ? '' : ` --config ${typedWord(file)}`;
  return [
    shown,
    `Wrote ${escapeName(file)}. Next:`,
    `  dirsync plan${here} ${word}    shows what a run would do, and changes nothing`,
    `  dirsync run${here} ${word}`,
  ].join('\n');
}
