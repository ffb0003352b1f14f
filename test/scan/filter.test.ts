import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect} from 'chai';
import fc from 'fast-check';
import {DirsyncError} from '../../src/core/errors.js';
import {IGNORE_FILE} from '../../src/core/filter.js';
import {decodeName, encodeName} from '../../src/core/name.js';
import {joinPath, parentPath, type RelPath, ROOT} from '../../src/core/path.js';
import {FilterScope} from '../../src/scan/filter.js';
import {skip} from '../support/skip.js';

const path = (text: string) => text as RelPath;

/** Text of the ignore file in each folder that has one. */
type Rules = Readonly<Record<string, string>>;

/** The scope of the folder that holds `of`, made the way a walk makes it. */
function scopeOf(of: RelPath, commandLine: readonly string[], rules: Rules): FilterScope {
  const folders: RelPath[] = [];
  for (let at = of; at !== ROOT; at = parentPath(at)) folders.unshift(parentPath(at));
  return folders.reduce((scope, folder) => scope.within(folder, rules[folder]), FilterScope.root(commandLine));
}

interface Case {
  readonly name: string;
  readonly commandLine?: readonly string[];
  readonly rules?: Rules;
  /** A trailing slash says that the path is a folder. */
  readonly excluded?: readonly string[];
  readonly included?: readonly string[];
}

const cases: readonly Case[] = [
  {name: 'a name matches at any depth', commandLine: ['*.o'], excluded: ['a.o', 'x/y/b.o', 'x.o/'], included: ['a.c', 'o']},
  {name: 'a leading slash ties to the root', commandLine: ['/out'], excluded: ['out', 'out/'], included: ['x/out']},
  {name: 'a slash in the middle ties to the root', commandLine: ['a/b'], excluded: ['a/b'], included: ['x/a/b']},
  {name: 'a trailing slash matches folders alone', commandLine: ['out/'], excluded: ['x/out/'], included: ['x/out']},
  {name: 'two stars span folders', commandLine: ['a/**/z'], excluded: ['a/z', 'a/b/c/z'], included: ['z', 'a/zz']},
  {name: 'case counts', commandLine: ['Makefile'], excluded: ['Makefile'], included: ['makefile']},
  {name: 'the last match wins', commandLine: ['*.log', '!keep.log'], excluded: ['a.log'], included: ['keep.log']},
  {name: 'an exclusion after an inclusion wins', commandLine: ['!keep.log', '*.log'], excluded: ['keep.log']},
  {name: 'comments and blank lines mean nothing', rules: {'': '# a\n\n  \nb\n'}, excluded: ['b'], included: ['# a', 'a', '  ']},
  {name: 'line ends of Windows and a byte order mark', rules: {'': '\ufeffa\r\nb\r\n'}, excluded: ['a', 'b']},
  {name: 'escaped # and !', rules: {'': '\\#a\n\\!b\n', d: '\\#c\n\\!e'}, excluded: ['#a', '!b', 'd/#c', 'd/!e']},
  {name: 'spaces at the end count when escaped', rules: {d: 'a\\ \nb  '}, excluded: ['d/a ', 'd/b'], included: ['d/a', 'd/b  ']},
  {
    name: 'spaces after a trailing slash tie to no folder',
    rules: {d: 'a/ \n', e: 'a/\n!a/  '},
    excluded: ['d/a/', 'd/x/a/'],
    included: ['d/x/a', 'a/', 'e/a/', 'e/x/a/'],
  },
  {
    name: 'a slash before spaces that count ties to the folder of the file',
    rules: {d: 'a/\\ \n'},
    excluded: ['d/a/ '],
    included: ['d/x/a/ ', 'd/a/'],
  },
  {name: 'a file rules its folder and below', rules: {d: '*.o'}, excluded: ['d/a.o', 'd/e/a.o'], included: ['a.o', 'x/d.o']},
  {
    name: 'a slash ties to the folder of the file',
    rules: {d: '/a\nb/c\ne/'},
    excluded: ['d/a', 'd/b/c', 'd/x/e/'],
    included: ['d/x/a'],
  },
  {name: 'lines that match nothing', rules: {d: '!\n/\n//\n! \n/ \na\\'}, included: ['d/a', 'd/b/', 'd/b/c/']},
  {
    name: 'a deeper file wins',
    rules: {'': '*.o', d: '!*.o', 'd/e': 'x.o'},
    excluded: ['a.o', 'd/e/x.o'],
    included: ['d/x.o', 'd/e/y.o'],
  },
  {
    name: 'the command line wins over every file',
    commandLine: ['!a', 'b'],
    rules: {d: 'a\n!b'},
    excluded: ['d/b'],
    included: ['d/a'],
  },
  {
    name: 'a folder taken back by the command line',
    commandLine: ['!b/'],
    rules: {'': 'b/'},
    included: ['a/b/', 'a/b/c', 'a/b/b/'],
  },
  {name: 'a folder taken back by a deeper file', rules: {'': 'b/\nb/x', a: '!b/'}, excluded: ['b/'], included: ['a/b/', 'a/b/c']},
  {
    name: 'folders with characters of patterns',
    rules: {'[a]*?\\b': 'x'},
    excluded: ['[a]*?\\b/x'],
    included: ['a1/x', '[a]*?\\b/y'],
  },
  {
    name: 'folders with line ends, spaces and signs',
    rules: {'!\n# ': 'x\n/y/'},
    excluded: ['!\n# /x', '!\n# /y/'],
    included: ['!\n# /y'],
  },
  {
    name: 'bytes that are no UTF-8',
    rules: {'\udcff': '\udcfe*'},
    excluded: ['\udcff/\udcfe1'],
    included: ['\udcff/1\udcfe', '\udcfe'],
  },
  {
    name: '? and [] stand for a character, not a byte',
    commandLine: ['?.x', '[äö].y'],
    excluded: ['ä.x', 'ö.y'],
    included: ['ab.x'],
  },
  {
    name: 'names that look like relative paths',
    commandLine: ['...', '..a'],
    excluded: ['...', '..a', 'x/..a'],
    included: ['..b'],
  },
  {name: 'names of object members', commandLine: ['__proto__'], excluded: ['__proto__'], included: ['constructor', 'toString/']},
];

describe('scan/filter', () => {
  for (const {name, commandLine = [], rules = {}, excluded = [], included = []} of cases) {
    it(name, () => {
      const verdict = (text: string) => {
        const bare = path(text.replace(/\/$/, ''));
        return scopeOf(bare, commandLine, rules).excludes(bare, text.endsWith('/'));
      };
      expect(Object.fromEntries([...excluded, ...included].map((text) => [text, verdict(text)]))).to.deep.equal(
        Object.fromEntries([...excluded.map((text) => [text, true]), ...included.map((text) => [text, false])]),
      );
    });
  }

  it('never leaves out the root', () => expect(FilterScope.root(['*', '/', '**']).excludes(ROOT, true)).to.equal(false));

  it('is active only when something could match', () => {
    const none = FilterScope.root(['', '# nothing']);
    expect(none.active).to.equal(false);
    expect(none.within(path('a'), undefined)).to.equal(none);
    expect(none.within(path('a'), '# nothing\n\n')).to.equal(none);
    expect(none.within(path('a'), 'b').active).to.equal(true);
    expect(FilterScope.root(['b']).active).to.equal(true);
  });

  it('leaves the scope above as it was', () => {
    const above = FilterScope.root([]);
    above.within(path('a'), '*');
    expect(above.excludes(path('a/b'), false)).to.equal(false);
  });

  it('names the line that decides', () => {
    const scope = FilterScope.root(['*.tmp']).within(ROOT, '*.o\n').within(path('d'), '# keep\n!/a.o ');
    const at = (text: string) => scope.decide(path(text), false);
    expect(at('d/a.tmp')).to.deep.equal({excluded: true, rule: {from: '', line: 1, pattern: '*.tmp'}});
    expect(at('d/b.o')).to.deep.equal({excluded: true, rule: {from: IGNORE_FILE, line: 1, pattern: '*.o'}});
    expect(at('d/a.o')).to.deep.equal({excluded: false, rule: {from: `d/${IGNORE_FILE}`, line: 2, pattern: '!/a.o '}});
    expect(at('d/c')).to.deep.equal({excluded: false});
  });

  it('answers the same after its cache was dropped', () => {
    const scope = FilterScope.root(['*7', '!17']);
    for (let i = 0; i < 20_000; i++) expect(scope.excludes(path(`d/${i}`), false)).to.equal(i % 10 === 7 && i !== 17);
  });

  it('keeps memory bounded', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const scope = FilterScope.root(['*.o']);
    const ask = (from: number) => {
      for (let i = from; i < from + 200_000; i++) scope.excludes(path(`some/folder/${i}`), false);
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = ask(0);
    expect(ask(200_000) - before).to.be.below(2 ** 21);
  });

  describe('refuses filters that would take too long', () => {
    const refused: [title: string, lines: string[], says: string][] = [
      ['too many', Array(10_001).fill('a'), 'there are 10001 patterns, more than the limit of 10000'],
      ['one that is too long', ['\x1b'.repeat(4097)], 'a pattern is longer than 4096 characters: \\x1b'],
    ];
    for (const [title, lines, says] of refused) {
      it(`${title}, of the command line`, () => {
        expect(() => FilterScope.root(lines))
          .to.throw(DirsyncError, says)
          .with.property('code', 'FILTERS_REFUSED');
      });
    }

    it('accepts as many as the limit', () => {
      const lines = Array.from({length: 10_000}, (_, i) => `a${i}`);
      expect(FilterScope.root(lines).excludes(path('a/a9'), false)).to.equal(true);
      const nine = FilterScope.root(lines.slice(1));
      expect(nine.within(path('a'), 'x').deepest).to.equal(Number.POSITIVE_INFINITY);
      expect(nine.within(path('a'), 'x').within(path('a/b'), 'y').deepest).to.equal(-1);
    });

    const DEEPEST: [pattern: string, deepest: number][] = [
      ['**/a/b/**', Number.POSITIVE_INFINITY],
      ['a**/b**/c**', Number.POSITIVE_INFINITY],
      ['**/a/**/b', 1413],
      ['!**/a/**/b/**/c/**', 181],
      ['/a/**/b/**/c/**/d', 181],
      ['**/a/**/b/**/c/**/d', 70],
    ];
    for (const [pattern, deepest] of DEEPEST) {
      it(`${pattern} in a folder of ${deepest} names`, () => expect(FilterScope.root([pattern]).deepest).to.equal(deepest));
    }
  });

  it('throws for no name and no pattern', () => {
    const text = fc.uint8Array({minLength: 1, maxLength: 12}).map((bytes) => decodeName(bytes.filter((byte) => byte !== 0)));
    const special = fc.string({unit: fc.constantFrom(...'ab/*?[]!^-\\#. \n\r:$(){}|+\ue000\ue001\u2028é\udcff'), maxLength: 12});
    const name = fc.oneof(text, special).map((candidate) => candidate.replaceAll('/', ''));
    const legal = name.filter((candidate) => !['', '.', '..'].includes(candidate));
    fc.assert(
      fc.property(legal, legal, fc.array(fc.oneof(text, special)), (folder, file, patterns) => {
        const inside = joinPath(path(folder), file);
        const scope = FilterScope.root(patterns).within(ROOT, patterns.join('\n')).within(path(folder), patterns.join('\n'));
        expect(scope.excludes(inside, true)).to.equal(scope.decide(inside, true).excluded);
        scope.excludes(path(folder), true);
        scope.excludes(path(file), false);
      }),
      {numRuns: 500},
    );
  });
});

/**
 * What is compared with git has these limits, each a known difference (docs/decisions/2026-11-23-filters.md): no `?` or `[` where
 * names are not ASCII; no run of stars beside a letter or an escaped slash.
 */
const ascii = fc.constantFrom('a', 'b', 'ab', 'a.o', 'b.o', '#a', '!b', 'a b', 'a ', '[a]', 'a*', '\\a', 'A', '-', 'a\nb', '^');
const foreign = fc.constantFrom('a', 'é', 'é.o', '😀', '\udcff', 'a\udcfe', '\ufeffa', '\u2028');
const asciiPiece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('a', 'b', 'ab', '.o', '*', '?', 'A', ' ', '\\ ', '\\a', '\\*', '\\[', '\\\\', '#', '\\#', '!'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('[ab]', '[!a]', '[^b]', '[a-c]', '[]a]', '[[:alpha:]]', '[z-a]', '[a', ']', '[\\]]', '[]', '\\'),
  },
);
const foreignPiece = fc.constantFrom('a', 'é', '*', '.o', '😀', '\udcff', '\udcfe', '\ufeff', '\u2028');

function patternOf(piece: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const segment = fc.oneof(
    {weight: 1, arbitrary: fc.constant('**')},
    {weight: 4, arbitrary: fc.array(piece, {minLength: 1, maxLength: 3}).map((pieces) => pieces.join(''))},
  );
  return fc
    .tuple(
      fc.constantFrom('', '', '!'),
      fc.constantFrom('', '', '/'),
      fc.array(segment, {maxLength: 3}),
      fc.constantFrom('', '', '/', ' ', '/ '),
    )
    .map(([not, start, segments, end]) => `${not}${start}${segments.join('/')}${end}`)
    .filter((pattern) => !/[^/]\*\*|\*\*[^/]|\\\/\*\*/.test(pattern));
}

const RUNS = Number(process.env.FILTER_RUNS ?? 60);

interface World {
  readonly files: readonly (readonly string[])[];
  /** Lines for the ignore file of a folder, which is chosen by number. */
  readonly rules: readonly (readonly [number, readonly string[]])[];
  readonly commandLine: readonly string[];
}

function worldOf(name: fc.Arbitrary<string>, piece: fc.Arbitrary<string>): fc.Arbitrary<World> {
  const lines = fc.array(patternOf(piece), {minLength: 1, maxLength: 4});
  // git takes the argument of --exclude as it is: no comments, no trimming; and Node passes on no bytes that are not UTF-8.
  const commandLine = patternOf(piece).filter((line) => line.isWellFormed() && !/^(!?$|#)| $/.test(line));
  return fc.record({
    files: fc.array(fc.array(name, {minLength: 1, maxLength: 4}), {minLength: 4, maxLength: 16}),
    rules: fc.array(fc.tuple(fc.nat(), lines), {maxLength: 4}),
    commandLine: fc.array(commandLine, {maxLength: 2}),
  });
}

describe('scan/filter against git', () => {
  const GIT_IGNORE = '.gitignore';
  let base: string;
  let tree: string;

  function git(args: readonly string[], input = new Uint8Array()): string[] {
    const env = {PATH: process.env.PATH, HOME: base, GIT_DIR: join(base, 'repo'), GIT_WORK_TREE: tree};
    const {status, stdout, stderr, error} = spawnSync('git', args, {cwd: tree, env, input});
    // 1: check-ignore found nothing that is left out.
    if (status !== 0 && status !== 1) throw error ?? new Error(stderr.toString());
    return decodeName(stdout).split('\0').slice(0, -1);
  }

  before(function () {
    base = mkdtempSync(join(tmpdir(), 'dirsync-filter-'));
    tree = join(base, 'tree');
    mkdirSync(tree);
    try {
      git(['init', '-q']);
    } catch (error) {
      skip(this, `git cannot be run: ${(error as Error).message}`);
    }
  });

  after(() => rmSync(base, {recursive: true, force: true}));

  const onDisk = (at: string) => Buffer.concat([Buffer.from(`${tree}/`), encodeName(at)]);

  function build({files, rules}: World): void {
    rmSync(tree, {recursive: true, force: true});
    mkdirSync(tree);
    const folders = [ROOT];
    for (const parts of files) {
      try {
        for (let depth = 1; depth < parts.length; depth++) {
          const folder = path(parts.slice(0, depth).join('/'));
          mkdirSync(onDisk(folder), {recursive: true});
          folders.push(folder);
        }
        writeFileSync(onDisk(parts.join('/')), '');
      } catch (error) {
        // A file stands where this path needs a folder, or the other way round.
        if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      }
    }
    for (const [number, lines] of rules) {
      writeFileSync(onDisk(joinPath(folders[number % folders.length] as RelPath, GIT_IGNORE)), encodeName(lines.join('\n')));
    }
  }

  /** All entries that a walk asks about, with the scope that answers. */
  function* walk(folder: RelPath, above: FilterScope): Generator<{at: RelPath; directory: boolean; scope: FilterScope}> {
    const entries = readdirSync(onDisk(folder), {withFileTypes: true, encoding: 'buffer'});
    const rules = entries.some((entry) => entry.name.toString() === GIT_IGNORE)
      ? decodeName(readFileSync(onDisk(joinPath(folder, GIT_IGNORE))))
      : undefined;
    const scope = above.within(folder, rules);
    for (const entry of entries) {
      const at = joinPath(folder, decodeName(entry.name));
      const directory = entry.isDirectory();
      yield {at, directory, scope};
      if (directory && !scope.excludes(at, true)) yield* walk(at, scope);
    }
  }

  for (const [what, world] of [
    ['ASCII', worldOf(ascii, asciiPiece)],
    ['other', worldOf(foreign, foreignPiece)],
  ] as const) {
    it(`leaves out the same paths as git (${what} names)`, function () {
      if (what === 'other' && process.platform !== 'linux') skip(this, 'this system takes no names that are not UTF-8');
      fc.assert(
        fc.property(world, (sample) => {
          build(sample);
          const kept = [...walk(ROOT, FilterScope.root(sample.commandLine))]
            .filter(({at, directory, scope}) => !directory && !scope.excludes(at, directory))
            .map(({at}) => at);
          const options = sample.commandLine.map((line) => `--exclude=${line}`);
          const byGit = git(['ls-files', '--others', '-z', `--exclude-per-directory=${GIT_IGNORE}`, ...options]);
          expect(kept.sort()).to.deep.equal(byGit.sort());
        }),
        {numRuns: RUNS},
      );
    }).timeout(60_000);
  }

  it('names the line that git names', () => {
    fc.assert(
      fc.property(worldOf(ascii, asciiPiece), (sample) => {
        build(sample);
        const asked = [...walk(ROOT, FilterScope.root([]))];
        if (asked.length === 0) return;
        const input = Uint8Array.from(encodeName(asked.map(({at}) => `${at}\0`).join('')));
        const answers = git(['check-ignore', '--no-index', '--stdin', '-z', '-v', '-n'], input);
        asked.forEach(({at, directory, scope}, i) => {
          const [file = '', line = '', pattern = ''] = answers.slice(4 * i);
          const {rule} = scope.decide(at, directory);
          const found = {
            file: rule?.from.replace(IGNORE_FILE, GIT_IGNORE) ?? '',
            line: String(rule?.line ?? ''),
            pattern: withoutTrailingSpaces(rule?.pattern ?? ''),
          };
          expect(found, at).to.deep.equal({file, line, pattern});
        });
      }),
      {numRuns: RUNS},
    );
  }).timeout(60_000);
});

/** As git shows a pattern: spaces at the end are gone, but for an escaped one. */
function withoutTrailingSpaces(pattern: string): string {
  return /^((?:\\.|[^\\])*?) *$/s.exec(pattern)?.[1] ?? pattern;
}
