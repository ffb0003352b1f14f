import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, planDocument, planned, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, readTree, symlink, type Tree} from '../support/tree.js';

interface Case {
  readonly title: string;
  readonly source: Tree;
  readonly target?: Tree;
  readonly flags?: readonly string[];
  readonly plan: readonly string[];
  /** `path (side) code` */
  readonly problems?: readonly string[];
}

const TAG = 'Signature: 8a477f597d28d172789f06886806bc55';
const CACHE: Tree = {'CACHEDIR.TAG': `${TAG}\n# by a program\n`, '.dirsyncignore': '*.o\n', sub: {x: ''}, y: ''};

const logs: Tree = {'a.log': '', 'b.log': '', 'c.txt': ''};

const CASES: readonly Case[] = [
  {title: '--exclude', source: logs, flags: ['--exclude', '*.log'], plan: ['create c.txt']},
  {
    title: '--include after --exclude takes back in',
    source: logs,
    flags: ['--exclude', '*.log', '--include', 'b.log'],
    plan: ['create b.log', 'create c.txt'],
  },
  {
    title: '--include before --exclude does nothing: the last match wins',
    source: logs,
    flags: ['--include', 'b.log', '--exclude', '*.log'],
    plan: ['create c.txt'],
  },
  {
    title: 'three flags in the order in which they are typed',
    source: logs,
    flags: ['--exclude-from', 'rules', '--exclude', 'c.*', '--include', 'a.log'],
    plan: ['create a.log'],
  },
  {
    title: '.dirsyncignore holds for its folder and below, and is copied itself',
    source: {
      'x.tmp': '',
      deep: {'.dirsyncignore': '*.tmp\n!keep.tmp\n/here\n', 'x.tmp': '', 'keep.tmp': '', here: '', sub: {'y.tmp': '', here: ''}},
    },
    plan: [
      'mkdir deep',
      'create deep/.dirsyncignore',
      'create deep/keep.tmp',
      'mkdir deep/sub',
      'create deep/sub/here',
      'create x.tmp',
    ],
  },
  {
    title: 'a deeper .dirsyncignore wins over one above, and flags over all',
    source: {'.dirsyncignore': '*.a\n', deep: {'.dirsyncignore': '!*.a\n!*.b\n', 'x.a': '', 'x.b': ''}, 'x.a': '', 'x.b': ''},
    flags: ['--exclude', '*.b'],
    plan: ['create .dirsyncignore', 'mkdir deep', 'create deep/.dirsyncignore', 'create deep/x.a'],
  },
  {
    title: 'what is left out is protected in the target',
    source: {},
    target: {'a.log': 'kept', deep: {'b.log': 'kept'}, 'gone.txt': ''},
    flags: ['--exclude', '*.log', '--allow', 'source-empty'],
    plan: ['delete gone.txt'],
  },
  {
    title: 'a dir-only pattern protects a folder in the target where the source has a file',
    source: {cache: 'now a file'},
    target: {cache: {kept: 'x'}},
    flags: ['--exclude', 'cache/'],
    plan: [],
    problems: ['cache (target) PROTECTED'],
  },
  {
    title: 'a dir-only pattern leaves out a folder in the source where the target has a file',
    source: {cache: {left: 'out'}},
    target: {cache: 'a file'},
    flags: ['--exclude', 'cache/'],
    plan: [],
  },
  {
    title: 'a new rule in the source protects at once',
    source: {'.dirsyncignore': 'private\n', private: 'new', public: 'p'},
    target: {private: 'old and kept', public: 'p'},
    plan: ['create .dirsyncignore'],
  },
  {
    title: 'a rule in the target alone protects nothing',
    source: {a: ''},
    target: {'.dirsyncignore': 'private\n', a: '', private: ''},
    flags: ['--allow', 'too-many-deletes'],
    plan: ['delete .dirsyncignore', 'delete private'],
  },
  {
    title: 'a folder that the source deleted stays for what is protected in it',
    source: {a: ''},
    target: {a: '', old: {'b.log': 'kept', c: 'goes', deep: {'d.log': 'kept'}, empty: {}}},
    flags: ['--exclude', '*.log'],
    plan: ['delete old/c', 'rmdir old/empty'],
  },
  {
    title: 'a folder that the source replaced by a file stays for what is protected in it',
    source: {a: '', old: 'now a file'},
    target: {a: '', old: {'b.log': 'kept', c: 'stays too'}},
    flags: ['--exclude', '*.log'],
    plan: [],
    problems: ['old (target) PROTECTED'],
  },
  {
    title: 'a folder that the source replaced by a symlink stays for what is protected in it',
    source: {old: symlink('a')},
    target: {old: {'b.log': 'kept'}},
    flags: ['--exclude', '*.log'],
    plan: [],
    problems: ['old (target) PROTECTED'],
  },
  {
    title: '--delete-excluded deletes what is left out, also where the source has it; that is still not copied',
    source: {...logs, cache: {x: 'new'}},
    target: {'a.log': 'old', 'd.log': '', 'c.txt': '', cache: {x: 'old', y: {z: ''}}, new: {'e.log': ''}},
    flags: ['--exclude', '*.log', '--exclude', 'cache', '--delete-excluded'],
    plan: [
      'delete a.log',
      'rmdir cache',
      'delete cache/x',
      'rmdir cache/y',
      'delete cache/y/z',
      'delete d.log',
      'rmdir new',
      'delete new/e.log',
    ],
  },
  {
    title: '--delete-excluded deletes what a .dirsyncignore leaves out, and not what it takes back in',
    source: {d: {'.dirsyncignore': '*.o\n!b.o\n', 'a.o': 'new', 'b.o': 'kept'}},
    target: {d: {'.dirsyncignore': '*.o\n!b.o\n', 'a.o': 'old', 'b.o': 'kept', 'c.o': ''}},
    flags: ['--delete-excluded'],
    plan: ['delete d/a.o', 'delete d/c.o'],
  },
  {
    title: '--delete-excluded lets a folder go for a file that replaces it, and for a symlink',
    source: {cache: 'now a file', old: symlink('cache')},
    target: {cache: {x: ''}, old: {'b.log': ''}},
    flags: ['--exclude', 'cache/', '--exclude', '*.log', '--delete-excluded'],
    plan: ['replace cache', 'delete cache/x', 'replace old', 'delete old/b.log'],
  },
  {
    title: '--delete-excluded deletes a file where the source has a folder that is left out',
    source: {cache: {left: 'out'}},
    target: {cache: 'a file'},
    flags: ['--exclude', 'cache/', '--delete-excluded', '--allow', 'source-empty'],
    plan: ['delete cache'],
  },
  {
    title: '--exclude-caches leaves out what is in a cache, but for the folder and its tag',
    source: {cache: CACHE, near: {'CACHEDIR.TAG.txt': TAG}, z: ''},
    flags: ['--exclude-caches'],
    plan: ['mkdir cache', 'create cache/CACHEDIR.TAG', 'mkdir near', 'create near/CACHEDIR.TAG.txt', 'create z'],
  },
  {
    title: '--exclude-caches takes for a tag what begins with the signature, and is a file',
    source: {
      short: {'CACHEDIR.TAG': TAG.slice(0, -1), x: ''},
      other: {'CACHEDIR.TAG': ` ${TAG}`, x: ''},
      folder: {'CACHEDIR.TAG': {}, x: ''},
      link: {'CACHEDIR.TAG': symlink('../tag'), x: ''},
      bare: {'CACHEDIR.TAG': TAG, x: ''},
      tag: TAG,
    },
    flags: ['--exclude-caches', '--exclude', 'CACHEDIR.TAG'],
    plan: [
      'mkdir bare',
      'mkdir folder',
      'create folder/x',
      'mkdir link',
      'create link/x',
      'mkdir other',
      'create other/x',
      'mkdir short',
      'create short/x',
      'create tag',
    ],
  },
  {
    title: 'a tag protects what the target has in its folder, whatever patterns take back in',
    source: {a: {'.nobackup': '', x: 'new'}, cache: CACHE, gone: {}},
    target: {
      a: {'.nobackup': '', x: 'kept', deep: {y: 'kept'}},
      cache: {'.dirsyncignore': 'kept', old: 'kept'},
      gone: {'.nobackup': ''},
    },
    flags: ['--exclude-caches', '--exclude-if-present', '.nobackup', '--include', '*'],
    plan: ['create cache/CACHEDIR.TAG', 'delete gone/.nobackup'],
  },
  {
    title: '--exclude-if-present: one of several names is enough, of a file or a folder; the first is kept',
    source: {a: {no: {in: ''}, x: ''}, b: {never: symlink('x'), x: ''}, c: {never: '', no: '', x: ''}, 'no.txt': ''},
    flags: ['--exclude-if-present', 'no', '--exclude-if-present', 'never'],
    plan: ['mkdir a', 'mkdir a/no', 'mkdir b', 'create b/never', 'mkdir c', 'create c/no', 'create no.txt'],
  },
  {
    title: '--exclude-if-present holds for the root as well',
    source: {'.nobackup': '', x: 'new'},
    target: {x: 'kept', y: 'kept'},
    flags: ['--exclude-if-present', '.nobackup'],
    plan: ['create .nobackup'],
  },
  {
    title: '--exclude-if-present names bytes that are no text',
    source: {a: {'no\udcff': '', x: ''}},
    flags: ['--exclude-if-present', 'no\udcff'],
    plan: ['mkdir a', 'create a/no\udcff'],
  },
  {
    title: '--delete-excluded deletes what a tag leaves out',
    source: {a: {'.nobackup': '', x: 'new'}},
    target: {a: {'.nobackup': '', x: 'old'}},
    flags: ['--exclude-if-present', '.nobackup', '--delete-excluded'],
    plan: ['delete a/x'],
  },
  {
    title: '--max-size and --min-size leave files alone on both sides, also with --delete-excluded',
    source: {
      a: 'x'.repeat(9),
      b: 'x'.repeat(10),
      c: 'x'.repeat(20),
      d: 'x'.repeat(21),
      new: {e: 'x'.repeat(30), f: 'x'.repeat(11)},
    },
    target: {a: 'kept', d: {in: 'kept'}, gone: 'x'.repeat(31)},
    flags: ['--min-size', '10', '--max-size', '20B', '--delete-excluded'],
    plan: ['create b', 'create c', 'delete gone', 'mkdir new', 'create new/f'],
  },
];

describe('story: filters', () => {
  const temp = tempDirs();

  for (const {title, source: from, target: to = {}, flags = [], plan, problems = []} of CASES) {
    it(title, () => {
      const {root, source, target} = pairIn(temp(), from, to);
      fs.writeFileSync(path.join(root, 'rules'), '*.log\n# a comment\n\n');
      const args = [source, target, ...flags];
      const document = planDocument(args, {cwd: root});
      expect(document.problems.map((problem) => `${problem.path} (${problem.side}) ${problem.code}`)).to.deep.equal(problems);
      expect(planned(args, {cwd: root})).to.deep.equal(plan);

      const before = readTree(target);
      const {code} = dirsync(['apply', ...args, '--yes'], {cwd: root});
      expect(code).to.equal(problems.length > 0 ? 3 : 0);
      const after = readTree(target);
      const goes = (at: string) => plan.includes(`delete ${at}`) || plan.includes(`rmdir ${at}`);
      for (const at of Object.keys(before)) expect(after[at] === undefined, at).to.equal(goes(at));
      for (const [at, was] of Object.entries(before)) if (was.includes('kept')) expect(after[at]).to.equal(was);
      expect(planned(args, {cwd: root}), 'and then there is nothing to do').to.deep.equal([]);
    });
  }

  describe('--delete-excluded in a saved plan', () => {
    const flags = ['--exclude', '*.log', '--delete-excluded'];
    const saved = () => {
      const rules = {'.dirsyncignore': 'out\n'};
      const pair = pairIn(
        temp(),
        {...rules, 'a.log': 'new', out: {b: 'new'}, c: ''},
        {...rules, 'a.log': '', out: {b: ''}, c: ''},
      );
      const plan = path.join(pair.root, 'plan');
      expect(dirsync(['plan', pair.source, pair.target, ...flags, '--out', plan]).code).to.equal(0);
      return {...pair, plan};
    };

    it('deletes it, although the source has it', () => {
      const {plan, target} = saved();
      expect(dirsync(['apply', plan])).to.deep.include({code: 0, stderr: ''});
      expect(Object.keys(readTree(target))).to.deep.equal(['.', '.dirsyncignore', 'c']);
      expect(dirsync(['apply', plan]).code, 'again').to.equal(0);
    });

    it('is stale where a .dirsyncignore does not leave it out any more', () => {
      const {plan, source, target} = saved();
      fs.writeFileSync(path.join(source, '.dirsyncignore'), '#ut\n');
      const refused = dirsync(['apply', plan]);
      expect(refused).to.deep.include({code: 4});
      expect(refused.stdout).to.include('  out/b (source): it is back in the source\n');
      expect(dirsync(['apply', plan, '--skip-drifted']).code).to.equal(3);
      expect(Object.keys(readTree(target))).to.deep.equal(['.', '.dirsyncignore', 'c', 'out', 'out/b']);
    });
  });

  describe('a tag that comes after the plan was made', () => {
    for (const [title, flags, tag, text] of [
      ['.nobackup', ['--exclude-if-present', '.nobackup'], '.nobackup', ''],
      ['CACHEDIR.TAG', ['--exclude-caches'], 'CACHEDIR.TAG', TAG],
      ['a line of a .dirsyncignore', [], '.dirsyncignore', 'gone\n'],
    ] as const) {
      it(`${title}: nothing is deleted that it protects`, () => {
        const {root, source, target} = pairIn(temp(), {a: {x: 'new'}, b: ''}, {a: {x: 'old', gone: {y: 'kept'}}, c: ''});
        const plan = path.join(root, 'plan');
        expect(dirsync(['plan', source, target, ...flags, '--out', plan]).code).to.equal(0);
        fs.writeFileSync(path.join(source, 'a', tag), text);
        const refused = dirsync(['apply', plan]);
        expect(refused).to.deep.include({code: 4});
        expect(refused.stdout).to.include('  a/gone/y (source): the filters protect it now\n');
        expect(dirsync(['apply', plan, '--skip-drifted']).code).to.equal(3);
        expect(readTree(target)).to.include.keys('a/gone/y', 'b').and.not.to.include.keys('c');
      });
    }

    it('with --delete-excluded all the same goes as was approved', () => {
      const {root, source, target} = pairIn(temp(), {a: {x: ''}}, {a: {x: '', gone: ''}});
      const plan = path.join(root, 'plan');
      const flags = ['--exclude-if-present', '.nobackup', '--delete-excluded'];
      expect(dirsync(['plan', source, target, ...flags, '--out', plan]).code).to.equal(0);
      fs.writeFileSync(path.join(source, 'a/.nobackup'), '');
      expect(dirsync(['apply', plan])).to.deep.include({code: 0});
      expect(readTree(target)).to.include.keys('a/x').and.not.to.include.keys('a/gone');
    });
  });

  it('a file that is left alone for its size keeps the target from losing it under its old name', () => {
    const large = file('x'.repeat(100), {mtime: 1_500_000_000_123_456_789n});
    const {source, target} = pairIn(temp(), {'new.iso': large}, {'old.iso': large});
    const args = [source, target, '--max-size', '99', '--allow', 'too-many-deletes'];
    expect(planned(args)).to.deep.equal(['blocked old.iso']);
    expect(planned([...args, '--delete-anyway'])).to.deep.equal(['delete old.iso']);
  });

  for (const [flag, value, says] of [
    ['--exclude-if-present', 'a/b', '"a/b" is not a file name'],
    ['--exclude-if-present', '', '"" is not a file name'],
    ['--exclude-if-present', '..', '".." is not a file name'],
    ['--max-size', '5 MB', '"5 MB" is not a size'],
    ['--min-size', '2k', 'the minimum size is larger than the maximum size'],
  ] as const) {
    it(`refuses ${flag} ${JSON.stringify(value)}`, () => {
      const {root, source, target} = pairIn(temp(), {a: ''}, {});
      const more = flag === '--min-size' ? ['--max-size', '1k'] : [];
      const {code, stderr} = withoutChange(root, () => dirsync(['apply', source, target, '--yes', `${flag}=${value}`, ...more]));
      expect({code}).to.deep.equal({code: 1});
      expect(stderr).to.include(says);
    });
  }

  it('a saved plan carries its filters', () => {
    const {root, source, target} = pairIn(temp(), {'a.log': 'a', b: dir({'c.log': 'c', d: 'd'})}, {'old.log': 'kept'});
    const plan = path.join(root, 'plan');
    expect(dirsync(['plan', source, target, '--exclude', '*.log', '--out', plan]).code).to.equal(0);
    expect(dirsync(['apply', plan]).code).to.equal(0);
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'b', 'b/d', 'old.log']);
  });

  for (const place of ['--exclude-from', '.dirsyncignore'] as const) {
    const inPlace = (root: string, content: string | Buffer) => {
      const file = place === '--exclude-from' ? path.join(root, 'windows') : path.join(root, 'source/sub/.dirsyncignore');
      fs.writeFileSync(file, content);
      return place === '--exclude-from' ? ['--exclude-from', 'windows'] : ['--exclude', '.dirsyncignore'];
    };

    it(`a byte order mark and carriage returns are no part of the patterns (${place})`, () => {
      const {root} = pairIn(temp(), {sub: {a: ''}}, {sub: {'b.db': 'kept', 'b.o': 'kept'}});
      const flags = inPlace(root, '\ufeff*.db\r\n*.o\r\n');
      expect(planned(['source', 'target', ...flags], {cwd: root}).filter((line) => !line.startsWith('attrs'))).to.deep.equal([
        'create sub/a',
      ]);
    });
  }

  for (const [title, content] of [
    ['UTF-16', Buffer.from('\ufeff*.db\r\n', 'utf16le')],
    ['UTF-16 without its mark', Buffer.from('*.db\r\n', 'utf16le')],
    ['a NUL', Buffer.from('*.db\n\0')],
  ] as const) {
    it(`a .dirsyncignore with ${title} protects all that is in its folder`, () => {
      const {root, source, target} = pairIn(temp(), {sub: {a: ''}, b: ''}, {sub: {'b.db': 'kept', deep: {c: 'kept'}}, d: ''});
      fs.writeFileSync(path.join(source, 'sub/.dirsyncignore'), content);
      const {problems} = planDocument(['source', 'target'], {cwd: root});
      expect(problems.map(({path: at, side, code}) => `${at} (${side}) ${code}`)).to.deep.equal([
        'sub/.dirsyncignore (source) FILTER_NOT_TEXT',
      ]);
      expect(dirsync(['apply', source, target, '--yes']).code).to.equal(3);
      expect(Object.keys(readTree(target))).to.deep.equal(['.', 'b', 'sub', 'sub/b.db', 'sub/deep', 'sub/deep/c']);
    });
  }

  describe('patterns that can match nothing', () => {
    const warnings = (root: string, ...args: string[]) =>
      planDocument(['source', 'target', ...args], {cwd: root}).header.warnings;
    const idle = (at: string, pattern: string, rest: string) =>
      `${at}the pattern "${pattern}" cannot match anything, since ${rest}`;

    it('are told once each, wherever they stand', () => {
      const {root, source, target} = pairIn(temp(), {a: '', sub: {'.dirsyncignore': '*.o\n../x\n'}}, {a: ''});
      fs.writeFileSync(path.join(root, 'rules'), `# none\n${target}/x\r\n*.o\n`);
      fs.symlinkSync('source', path.join(root, 'other'));
      fs.writeFileSync(path.join(source, '.dirsyncignore'), `\ufeff${root}/other/a\n`);
      const flags = ['--exclude', './a.o', '--exclude', './a.o', '--include', 'a//', '--exclude-from', 'rules'];
      const told = planDocument(['other', 'target', ...flags], {cwd: root}).header.warnings;
      expect(told).to.deep.equal([
        idle('', './a.o', 'no name is "."; write "/a.o"'),
        idle('', '!a//', 'no path contains "//"; write "!a/"'),
        idle('rules:2: ', `${target}/x`, 'a "/" at its beginning means the root itself; write "/x"'),
        idle('.dirsyncignore:1: ', `${root}/other/a`, 'a "/" at its beginning means the root itself; write "/a"'),
        idle('sub/.dirsyncignore:2: ', '../x', 'no name is ".."'),
      ]);
      expect(dirsync(['plan', 'source', 'target', ...flags], {cwd: root}).stdout).to.include(told[0]);
    });

    it('are told of --only and --except, also where nothing is left out by them', () => {
      const {root} = pairIn(temp(), {a: ''}, {});
      expect(warnings(root, '--only', './a')).to.deep.equal([idle('', './a', 'no name is "."; write "/a"')]);
      expect(warnings(root, '--except', './a')).to.deep.equal([idle('', './a', 'no name is "."; write "/a"')]);
      expect(dirsync(['plan', 'source', 'target', '--out', 'p'], {cwd: root}).code).to.equal(0);
      expect(dirsync(['show', 'p', '--except', `${root}/source/a`], {cwd: root}).stdout).to.include('write "/a"');
    });

    it('are not those that begin with the path of a root which stands in a root', () => {
      const {root, source} = pairIn(temp(), {}, {});
      fs.mkdirSync(path.join(source, source), {recursive: true});
      expect(warnings(root, '--exclude', `${source}/a`, '--exclude', `${root}/target/a`)).to.have.length(1);
    });

    it('are counted where there are many', () => {
      const {root} = pairIn(temp(), {a: ''}, {a: ''});
      fs.writeFileSync(path.join(root, 'rules'), Array.from({length: 500}, (_, i) => `./a${i}\n`).join(''));
      const told = warnings(root, '--exclude-from', 'rules');
      expect(told).to.have.length(11);
      expect(told.at(-1)).to.equal('490 more patterns cannot match anything');
    });
  });
});
