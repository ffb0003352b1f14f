/** Names that a target cannot hold: told before anything is copied, escaped on demand, and read back by whoever copies from there. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, NOBODY, planDocument, planned} from '../support/cli.js';
import {type DiskName, disks, needDisk} from '../support/disks.js';
import {remembering} from '../support/guards.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, readTree, type Tree, writeTree} from '../support/tree.js';

/** Kept by all file systems here: whole seconds. */
const MTIME = 1_700_000_000_000_000_000n;
const at = (content: string) => file(content, {mtime: MTIME});
const below = (tree: Tree) => dir(tree, {mtime: MTIME});

const SOURCE: Tree = {
  'a:b': at('ab'),
  'what?': at('what'),
  'what%3F': at('another'),
  '100%': at('percent'),
  '\udcff': at('a byte'),
  ordinary: at('ordinary'),
  'dir:x': below({'line\nbreak': at('line'), 'sub|': below({'deep*': at('deep')})}),
};
const WRITTEN = [
  '%FF',
  '100%',
  'a%3Ab',
  'dir%3Ax',
  'dir%3Ax/line%0Abreak',
  'dir%3Ax/sub%7C',
  'dir%3Ax/sub%7C/deep%2A',
  'ordinary',
  'what%253F',
  'what%3F',
];

interface Story {
  readonly root: string;
  readonly source: string;
  readonly target: string;
  readonly options: CliOptions;
}

describe('story: names that the target cannot hold', function () {
  this.timeout(120_000);
  const disk = disks();
  const temp = tempDirs();

  function begin(where: string | undefined, tree: Tree, env: NodeJS.ProcessEnv = {}): Story {
    const root = temp();
    const target = path.join(where === undefined ? root : disk.mount(where as DiskName, root), 'backup');
    const source = path.join(root, 'source');
    writeTree(source, below(tree));
    fs.mkdirSync(target);
    const options = remembering(root);
    return {root, source, target, options: {...options, env: {...options.env, ...env}}};
  }

  /** A target of which is noted that it refuses these names, on a file system that takes all. */
  function beginNoted(tree: Tree, held: Tree = {}): Story {
    const story = begin(undefined, tree);
    const note = JSON.stringify({refused: ':?', ends: '.', letters: 'bytes'});
    writeTree(story.target, {...held, '.dirsync': {'naming.json': note}});
    return story;
  }

  const paths = (root: string) =>
    Object.keys(readTree(root))
      .filter((shown) => shown !== '.')
      .sort();
  /** What there is, but for modes and owners. */
  const holds = (root: string) =>
    Object.entries(readTree(root)).map(
      ([shown, line]) => `${shown} ${line.replace(/^(dir|file) \d+/, '$1').replace(/ \d+:\d+$/, '')}`,
    );

  function run({source, target, options}: Story, ...flags: readonly string[]) {
    const {code, stdout, stderr} = dirsync(['run', source, target, '--format', 'json', ...flags], options);
    return {code, stderr, ...JSON.parse(stdout || '{}')};
  }
  function expectRun(story: Story, ...flags: readonly string[]): void {
    const {code, report, message} = run(story, ...flags);
    expect({code, problems: report?.problems ?? message}).to.deep.equal({code: 0, problems: []});
  }

  for (const DIRSYNC_PLATFORM of ['posix', 'portable'] as const) {
    for (const name of ['exfat', 'ntfs'] as const) {
      it(`${name}, ${DIRSYNC_PLATFORM}: all arrive in the first run, settle, and are read back`, function () {
        needDisk(this, name);
        const story = begin(name, SOURCE, {DIRSYNC_PLATFORM});
        const {source, target, options} = story;
        expectRun(story, '--rename-invalid');
        expect(paths(target)).to.deep.equal(WRITTEN);
        expect(planned([source, target], options), 'nothing to do, also without the flag').to.deep.equal([]);

        fs.renameSync(path.join(source, 'dir:x'), path.join(source, 'dir:y'));
        fs.rmSync(path.join(source, 'what?'));
        fs.writeFileSync(path.join(source, 'a:b'), 'changed');
        expectRun(story, '--checksum');
        expect(fs.readFileSync(path.join(target, 'a%3Ab'), 'utf8')).to.equal('changed');
        expect(paths(target)).to.include('dir%3Ay/sub%7C/deep%2A').and.not.include.members(['what%3F', 'dir%3Ax']);
        expect(planned(['--checksum', source, target], options)).to.deep.equal([]);

        const restored = {...story, source: target, target: path.join(temp(), 'restored')};
        expectRun(restored);
        expect(paths(restored.target)).to.deep.equal(paths(source));
        const part = {...story, source: path.join(target, 'dir%3Ay'), target: path.join(temp(), 'part')};
        expectRun(part);
        expect(holds(part.target)).to.deep.equal(holds(path.join(source, 'dir:y')));
      });
    }
  }

  it('a target that shows all names in lower case: they settle too', function () {
    needDisk(this, 'ntfs-ignore-case');
    const story = begin('ntfs-ignore-case', {'A:b': at('ab'), Sub: below({'What?': at('what')})});
    const note = JSON.stringify({refused: ':?', ends: '', letters: 'unicode'});
    writeTree(story.target, {'.dirsync': {'naming.json': note}});
    expectRun(story);
    expect(paths(story.target)).to.deep.equal(['a%3ab', 'sub', 'sub/what%3f']);
    expect(planned([story.source, story.target], story.options)).to.deep.equal([]);
    fs.writeFileSync(path.join(story.source, 'A:b'), 'changed');
    expectRun(story);
    expect(fs.readFileSync(path.join(story.target, 'a%3ab'), 'utf8')).to.equal('changed');
    expect(planned([story.source, story.target], story.options)).to.deep.equal([]);
  });

  it('fusefat: other letters than those of ASCII as well', function () {
    needDisk(this, 'fusefat');
    const story = begin('fusefat', {'b\u00e4r': at('bear'), 'a:b': at('ab'), x: at('x')});
    expectRun(story, '--rename-invalid');
    expect(paths(story.target)).to.deep.equal(['a%3Ab', 'b%C3%A4r', 'x']);
    expect(planned([story.source, story.target], story.options)).to.deep.equal([]);
  });

  it('are told before anything is copied, with a number, an example and what to do', function () {
    needDisk(this, 'exfat');
    const story = begin('exfat', {ordinary: at('ordinary')});
    expectRun(story);
    writeTree(story.source, SOURCE);
    const told = (...flags: string[]) => planDocument([story.source, story.target, ...flags], story.options).header.warnings;
    expect(told()).to.include('the target cannot hold 4 names, such as "a:b"; --rename-invalid escapes them');
    expect(told('--rename-invalid')).to.include('8 names will be escaped in the target, such as "a:b" as "a%3Ab"');
    const codes = ({code, report}: ReturnType<typeof run>) => [code, report.problems.map(({code}: {code: string}) => code)];
    expect(codes(run(story))).to.deep.equal([3, Array(4).fill('NAME_NOT_HELD')]);
    // As long as a name may be, and longer when it is escaped.
    const long = ':'.repeat(100);
    writeTree(story.source, {[long]: at('long')});
    expect(told('--rename-invalid')).to.include(`the target cannot hold 1 name, such as "${':'.repeat(59)}\u2026": too long`);
    expect(codes(run(story, '--rename-invalid'))).to.deep.equal([3, ['NAME_NOT_HELD']]);
    expect(paths(story.target)).to.deep.equal(WRITTEN);
  });

  it('a saved plan that was made before it was known is applied with them', function () {
    needDisk(this, 'exfat');
    const story = begin('exfat', SOURCE);
    const plan = path.join(story.root, 'plan.json');
    const {source, target, options} = story;
    expect(dirsync(['plan', source, target, '--rename-invalid', '--out', plan], options).code).to.equal(0);
    expect(dirsync(['apply', plan], options)).to.include({code: 0, stderr: ''});
    expect(paths(target)).to.deep.equal(WRITTEN);
    fs.writeFileSync(path.join(source, 'a:b'), 'changed');
    expect(dirsync(['plan', source, target, '--out', plan], options).code).to.equal(0);
    fs.writeFileSync(path.join(target, 'a%3Ab'), 'edited');
    expect(dirsync(['apply', plan], options), 'drift is seen').to.include({code: 4});
    expect(fs.readFileSync(path.join(target, 'a%3Ab'), 'utf8')).to.equal('edited');
  });

  it('are told with what is unsafe in them escaped, once', () => {
    const {source, target, options} = beginNoted({'a:\u001b': at('new')});
    const {code, stdout} = dirsync(['plan', source, target], options);
    expect(code).to.equal(0);
    expect(stdout).to.include('1 name will be escaped in the target, such as "a:\\x1b" as "a%3A\\x1b"');
  });

  it('nothing is noted where nothing is escaped', function () {
    needDisk(this, 'exfat');
    const story = begin('exfat', {ordinary: at('ordinary')});
    expectRun(story, '--rename-invalid');
    expect(fs.existsSync(path.join(story.target, '.dirsync/naming.json'))).to.equal(false);
    writeTree(story.source, {'a:b': at('ab')});
    expectRun(story, '--rename-invalid');
    expect(paths(story.target)).to.deep.equal(['a%3Ab', 'ordinary']);
  });

  it('a target that has files already is read anew before names are escaped in it', function () {
    needDisk(this, 'exfat');
    const story = begin('exfat', {'a%3Ab': at('one')});
    expectRun(story);
    writeTree(story.source, {'a:b': at('the second')});
    // As if another version had made it.
    fs.rmSync(path.join(story.target, '.dirsync/abilities.json'));
    const {code, report} = run(story, '--rename-invalid');
    expect([code, report.problems.map(({code}: {code: string}) => code)]).to.deep.equal([3, ['NAME_NOT_HELD']]);
    expect(fs.readFileSync(path.join(story.target, 'a%3Ab'), 'utf8')).to.equal('one');
    expectRun(story, '--rename-invalid');
    const read = (name: string) => fs.readFileSync(path.join(story.target, name), 'utf8');
    expect({'a:b': read('a%3Ab'), 'a%3Ab': read('a%253Ab')}).to.deep.equal({'a:b': 'the second', 'a%3Ab': 'one'});
    expect(planned(['--checksum', story.source, story.target], story.options)).to.deep.equal([]);
  });

  for (const side of ['source', 'target'] as const) {
    it(`a saved plan is stale where names are escaped in another way by now, in the ${side}`, () => {
      const {root, source, target, options} = beginNoted({'a:b': at('new')}, {'x%3Fy': at('theirs')});
      const pair = side === 'target' ? [source, target] : [target, source];
      const plan = path.join(root, 'plan.json');
      expect(dirsync(['plan', ...pair, '--out', plan], options).code).to.equal(0);
      fs.rmSync(path.join(target, '.dirsync/naming.json'));
      const before = [readTree(source), readTree(target)];
      const {code, stderr} = dirsync(['apply', plan, '--allow', 'everything-changed'], options);
      const says = stderr.match(/the names in the (\w+) are not escaped as they were/)?.[1];
      expect({code, says}, stderr).to.deep.equal({code: 4, says: side});
      expect([readTree(source), readTree(target)]).to.deep.equal(before);
    });
  }

  it('a part of such a target is one too', () => {
    const story = beginNoted({sub: below({'a:b': at('ab')})});
    expectRun(story);
    const part = {...story, source: path.join(story.source, 'sub'), target: path.join(story.target, 'sub')};
    expect(planned([part.source, part.target], part.options)).to.deep.equal([]);
    fs.writeFileSync(path.join(part.source, 'c:d'), 'new');
    expectRun(part);
    expect(paths(part.target)).to.deep.equal(['a%3Ab', 'c%3Ad']);
  });

  it('the note of a stranger in a folder above is not believed', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root may give files to a stranger');
    const story = begin(undefined, {'a%3Ab': at('ab')});
    writeTree(story.root, {'.dirsync': {'naming.json': '{}'}});
    fs.chownSync(path.join(story.root, '.dirsync'), 1234, 1234);
    expectRun(story);
    expect(paths(story.target)).to.deep.equal(['a%3Ab']);
  });

  it('who may not read the note of a source is told that there may be one', function () {
    if (NOBODY === undefined) return skip(this, 'only root may run as another user');
    const story = beginNoted({'a:b': at('ab')});
    expectRun(story);
    fs.chmodSync(path.join(story.target, '.dirsync'), 0o700);
    const copy = path.join(story.root, 'copy');
    fs.mkdirSync(copy);
    fs.chownSync(copy, NOBODY, NOBODY);
    fs.chmodSync(story.root, 0o755);
    const {header} = planDocument([story.target, copy], {...story.options, uid: NOBODY});
    expect(header.warnings.join()).to.include('names in the source may be escaped, and would be copied as they are');
  });

  it('names that look escaped, and are none of ours, stay and are told', () => {
    const story = beginNoted({'a:b': at('new')}, {'x?y': at('theirs'), 'a%3Ab': at('older'), 'end.': at('theirs')});
    const {code, report} = run(story);
    const problems = report.problems.map(({path, code}: {path: string; code: string}) => `${path} ${code}`);
    expect({code, problems}).to.deep.equal({code: 3, problems: ['end. NAME_UNCLEAR', 'x?y NAME_UNCLEAR']});
    expect(paths(story.target)).to.deep.equal(['a%3Ab', 'end.', 'x?y']);
    expect(fs.readFileSync(path.join(story.target, 'a%3Ab'), 'utf8')).to.equal('new');
  });

  it('two names of the target that are read as one are left alone, both', () => {
    const story = beginNoted({'a:b': at('new')}, {'a:b': at('one'), 'a%3Ab': at('another')});
    expect(run(story).code).to.equal(3);
    expect(fs.readFileSync(path.join(story.target, 'a:b'), 'utf8')).to.equal('one');
    expect(fs.readFileSync(path.join(story.target, 'a%3Ab'), 'utf8')).to.equal('another');
  });

  it('names that would be read as ways out of the tree lead nowhere, and are told', () => {
    const story = beginNoted({});
    writeTree(story.target, {'.%2E': {evil: at('evil'), '.%2E': {evil: at('evil')}}, '%2E': {evil: at('evil')}});
    const restored = path.join(story.root, 'restored', 'target');
    fs.mkdirSync(path.dirname(restored));
    const {code, report} = run({...story, source: story.target, target: restored});
    const problems = report.problems.map(({path, code}: {path: string; code: string}) => `${path} ${code}`);
    expect({code, problems}).to.deep.equal({code: 3, problems: ['%2E NAME_UNCLEAR', '.%2E NAME_UNCLEAR']});
    expect(fs.readdirSync(path.dirname(restored))).to.deep.equal(['target']);
    expect(fs.readdirSync(restored)).to.deep.equal(['.dirsync']);
  });

  for (const [what, note] of [
    ['empty', ''],
    ['cut', '{"refused":":'],
    ['of nothing', '{}'],
    ['of letters that are not tried', '{"refused":"a","ends":"","letters":"bytes"}'],
    ['a folder', {}],
  ] as const) {
    it(`a note that is ${what} halts the run, of the target and of a tree above a source`, () => {
      const {source, target, options} = begin(undefined, {'a:b': at('new')});
      writeTree(target, {'a%3Ab': at('old'), sub: {}, '.dirsync': {'naming.json': note}});
      const before = readTree(target);
      for (const args of [
        ['run', source, target],
        ['plan', target, source],
        ['plan', path.join(target, 'sub'), source],
      ]) {
        const {code, stderr} = dirsync(args, options);
        expect({code, stderr: stderr.split('\n')[0]}).to.deep.equal({
          code: 1,
          stderr: stderr.split('\n')[0]?.match(/.*The note about escaped names cannot be read.*/)?.[0],
        });
      }
      expect(readTree(target)).to.deep.equal(before);
    });
  }

  it('a path of the target is explained as it is typed, with what it stands for', () => {
    const story = beginNoted({sub: below({'a:b': at('ab')})});
    expectRun(story);
    const typed = path.join(story.target, 'sub/a%3Ab');
    const {code, stdout} = dirsync(['explain', typed, story.source, story.target], story.options);
    expect(code).to.equal(0);
    expect(stdout).to.include('sub/a:b is not in the plan: both sides are the same.').and.include('Target    on disk sub/a%3Ab');
  });
});
