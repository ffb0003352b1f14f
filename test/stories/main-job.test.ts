import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, planned, withoutChange} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, dir, file, hardlink, readTree, symlink, type Tree, toLeaf, writeTree} from '../support/tree.js';

const PLAN_TO_NOTHING = `ROOT/source → ROOT/target

  + mkdir    ./                   new
  + mkdir    folder/              new
  + create   folder/file     4 B  new
  + create   link -> folder       new

  + mkdir    2
  + create   2  4 B

Plan: 4 changes: 4 to create; 4 B to write.
`;

const before: Tree = {
  edited: 'old',
  'file-to-folder': 'f',
  first: 'linked',
  'folder-mode': {inside: ''},
  'folder-to-file': {x: '1', y: {z: '2'}},
  gone: 'x',
  'gone-folder': {a: '1', b: {c: '2'}},
  kept: {deep: {file: 'k', link: symlink('../nowhere')}},
  'link-to-file': symlink('edited'),
  mode: 'm',
  'old-name': 'renamed',
  relinked: symlink('old'),
  touched: 't',
};

/** One of each sort. */
const after = dir(
  {
    'added-folder': {empty: {}},
    'added-link': symlink('kept/deep'),
    edited: file('newer', {mtime: DEFAULT_MTIME + 1n}),
    'file-to-folder': {inside: {deeper: 'd'}},
    first: 'linked',
    'folder-mode': dir({inside: ''}, {mode: 0o700}),
    'folder-to-file': 'now a file',
    kept: {deep: {file: 'k', link: symlink('../nowhere')}},
    'link-to-file': 'now a file',
    mode: file('m', {mode: 0o600}),
    'new-name': 'renamed',
    relinked: symlink('new'),
    second: hardlink('first'),
    touched: file('t', {mtime: DEFAULT_MTIME + 1n}),
  },
  {mode: 0o750, mtime: DEFAULT_MTIME + 5n},
);

const CHANGES = [
  'attrs .',
  'mkdir added-folder',
  'mkdir added-folder/empty',
  'create added-link',
  'update edited',
  'replace file-to-folder',
  'mkdir file-to-folder/inside',
  'create file-to-folder/inside/deeper',
  'attrs folder-mode',
  'replace folder-to-file',
  'delete folder-to-file/x',
  'rmdir folder-to-file/y',
  'delete folder-to-file/y/z',
  'delete gone',
  'rmdir gone-folder',
  'delete gone-folder/a',
  'rmdir gone-folder/b',
  'delete gone-folder/b/c',
  'replace link-to-file',
  'attrs mode',
  'move new-name',
  'update relinked',
  'link second',
  'update touched',
];

describe('story: the main job', () => {
  const temp = tempDirs();

  it('shows a plan for an absent target, and changes nothing', () => {
    const {root, source, target} = pairIn(temp(), {folder: {file: 'text'}, link: symlink('folder')});
    const {code, stdout, stderr} = withoutChange(root, () => dirsync(['plan', source, target]));
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(stdout.replaceAll(root, 'ROOT')).to.equal(PLAN_TO_NOTHING);
  });

  it('plans, applies, finds nothing to do, and then makes exactly the changes that were made in the source', function () {
    needRsync(this);
    const {root, source, target} = pairIn(temp(), before);

    expect(withoutChange(root, () => dirsync(['plan', source, target, '--detailed-exitcode'])).code).to.equal(2);

    expect(dirsync(['apply', source, target, '--yes'])).to.deep.include({code: 0, stderr: ''});
    expect(rsyncDifference(source, target)).to.deep.equal([]);
    const nothing = withoutChange(root, () => dirsync(['plan', source, target, '--detailed-exitcode']));
    expect(nothing).to.deep.include({code: 0, stderr: ''});
    expect(nothing.stdout).to.include('Nothing to do: the target equals the source.');

    fs.rmSync(source, {recursive: true});
    writeTree(source, after);
    expect(withoutChange(root, () => planned([source, target]))).to.deep.equal(CHANGES);
    expect(dirsync(['plan', source, target, '--detailed-exitcode']).code).to.equal(2);
    const wanted = readTree(source);
    expect(dirsync(['apply', source, target, '--yes'])).to.deep.include({code: 0, stderr: ''});
    expect(rsyncDifference(source, target)).to.deep.equal([]);
    expect(readTree(target)).to.deep.equal(wanted);
    expect(readTree(source), 'the source is never written to').to.deep.equal(wanted);

    // Without --no-memory it would note the inodes of what was just made.
    const again = withoutChange(root, () => dirsync(['apply', source, target, '--yes', '--no-memory']));
    expect(again).to.deep.include({code: 0, stderr: ''});
    expect(again.stdout).to.include('Nothing to do: the target equals the source.');
  });

  it('does the same with the portable backend, and says what that cannot keep', function () {
    needRsync(this);
    // A half second: exact also where times are floating-point numbers.
    const mtime = 1_700_000_000_500_000_000n;
    const tree = dir(
      {
        folder: dir({file: file('new', {mtime, mode: 0o600}), second: hardlink('folder/file')}, {mtime}),
        link: symlink('folder', {mtime}),
        swapped: file('now a file', {mtime}),
      },
      {mtime},
    );
    const {source, target} = pairIn(temp(), tree, {folder: 'a file', gone: 'g', swapped: {x: 'x', y: {}}});
    const portable = {env: {DIRSYNC_PLATFORM: 'portable'}};
    const {code, stdout, stderr} = dirsync(['apply', source, target, '--yes', '--allow', 'too-many-deletes'], portable);
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(stdout).to.include('Warning: without the posix backend, extended attributes, ACLs,');
    expect(rsyncDifference(source, target)).to.deep.equal([]);
    expect(dirsync(['plan', source, target, '--detailed-exitcode'], portable).code).to.equal(0);
  });

  it('keeps what the source does not have with --no-delete', () => {
    const {source, target} = pairIn(temp(), {new: 'n', same: 's'}, {same: 's', extra: {file: 'x'}});
    expect(planned([source, target, '--no-delete'])).to.deep.equal(['create new']);
    expect(dirsync(['apply', source, target, '--no-delete', '--yes']).code).to.equal(0);
    expect(readTree(target)).to.include.keys('new', 'same', 'extra/file');
    const nothing = dirsync(['plan', source, target, '--no-delete', '--detailed-exitcode']);
    expect(nothing.code).to.equal(0);
    expect(nothing.stdout).to.include('Nothing to do: the target holds all of the source.');
  });

  it('keeps a folder with content where the source has a file, with --no-delete, and says so', () => {
    const {source, target} = pairIn(temp(), {a: 'file', b: 'new'}, {a: {kept: 'x'}});
    const {code, stdout} = dirsync(['apply', source, target, '--no-delete', '--yes']);
    expect(code).to.equal(3);
    expect(stdout).to.include('! NO_DELETE  a (target)');
    expect(readTree(target)).to.include.keys('a/kept', 'b');
  });

  it('never takes the .dirsync at a root for a part of the tree', () => {
    const {source, target} = pairIn(
      temp(),
      {'.dirsync': {lock: 'x'}, deep: {'.dirsync': 'ordinary'}},
      {'.dirsync': {own: 'kept'}},
    );
    expect(planned([source, target])).to.deep.equal(['mkdir deep', 'create deep/.dirsync']);
    expect(dirsync(['apply', source, target, '--yes']).code).to.equal(0);
    expect(fs.readdirSync(path.join(target, '.dirsync')).sort()).to.deep.equal([
      'abilities.json',
      'id.json',
      'last.manifest',
      'own',
      'runs',
    ]);
    expect(planned([source, target])).to.deep.equal([]);
  });

  const later = file('same', {mtime: DEFAULT_MTIME + 1_500_000_000n});
  for (const {title, from, to, flags, expected} of [
    {title: 'size and mtime by default', from: 'one', to: 'two', flags: [], expected: []},
    {title: 'content with --checksum', from: 'one', to: 'two', flags: ['--checksum'], expected: ['update f']},
    {title: 'nanoseconds', from: file('x', {mtime: DEFAULT_MTIME + 1n}), to: 'x', flags: [], expected: ['update f']},
    {title: 'sizes alone with --size-only', from: later, to: 'four', flags: ['--size-only'], expected: ['attrs f']},
    {title: 'sizes alone, where they differ', from: later, to: 'three', flags: ['--size-only'], expected: ['update f']},
    {title: 'times within a window as equal', from: later, to: 'four', flags: ['--mtime-window', '2s'], expected: []},
    {title: 'times outside a window', from: later, to: 'four', flags: ['--mtime-window', '1s'], expected: ['update f']},
  ]) {
    it(`compares ${title}`, () => {
      const {source, target} = pairIn(temp(), {f: from}, {f: to});
      expect(planned([source, target, ...flags])).to.deep.equal(expected);
      expect(dirsync(['apply', source, target, '--yes', ...flags]).code).to.equal(0);
      expect(fs.readFileSync(path.join(target, 'f'), 'utf8')).to.equal(toLeaf(expected[0] === 'update f' ? from : to).text);
      expect(planned([source, target, ...flags])).to.deep.equal([]);
    });
  }

  it('carries hostile names over byte for byte, and shows none of them raw', function () {
    needRsync(this);
    const names = ['a\nb', '\x1b[31mred', 'x\udcff', '-rf', 'trailing ', '\u202eright-to-left', '\x9b1m'];
    const leaves = Object.fromEntries(names.map((name) => [name, name.startsWith('x') ? symlink('\x1b]0;\udcfe') : 'text']));
    const {root, source, target} = pairIn(temp(), {...leaves, 'folder\n\udc80': leaves});
    const log = path.join(root, 'log');
    const plan = path.join(root, 'plan');
    const shown = [
      dirsync(['plan', source, target, '--out', plan]),
      dirsync(['show', plan]),
      dirsync(['plan', source, target, '--json']),
      dirsync(['plan', source, target, '--events']),
      dirsync(['apply', source, target, '--yes', '-l', log]),
    ];
    expect(shown.map(({code}) => code)).to.deep.equal([0, 0, 0, 0, 0]);
    expect(rsyncDifference(source, target)).to.deep.equal([]);
    expect(readTree(target)).to.deep.equal(readTree(source));
    for (const text of [...shown.map(({stdout, stderr}) => stdout + stderr), fs.readFileSync(log, 'utf8')]) {
      expect(text).to.not.match(/[^\P{Cc}\n]|[\u202e\ufffd]/u);
      expect(text).to.not.match(/^b|a\nb/m);
    }
    const paths = JSON.parse(shown[2]?.stdout ?? '').actions.map((action: {path: string}) => action.path);
    expect(paths).to.include.members([...names, ...names.map((name) => `folder\n\udc80/${name}`)]);
  });
});
