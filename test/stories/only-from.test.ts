import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, planDocument, planned, startDirsync, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

const E = '\udce9';
const SOURCE: Tree = {
  a: '',
  'a*': '',
  '#b': '',
  [`caf${E}`]: '',
  ' c ': '',
  'd\nd': '',
  dir: {x: '', deep: {y: ''}},
  directory: '',
};

describe('story: --only-from', () => {
  const temp = tempDirs();
  const bytes = (text: string) => Buffer.from(text.replaceAll(E, '\xe9'), 'latin1');

  for (const {title, list, flags = [], plan} of [
    {title: 'paths, and no patterns', list: 'a*\n#b\n c \n', plan: ['create  c ', 'create #b', 'create a*']},
    {title: 'bytes that are no text', list: `caf${E}\n`, plan: [`create caf${E}`]},
    {
      title: 'a folder is all that is in it',
      list: 'dir/\n',
      plan: ['mkdir dir', 'mkdir dir/deep', 'create dir/deep/y', 'create dir/x'],
    },
    {title: 'the folders on the way are made', list: 'dir/deep/y\n', plan: ['mkdir dir', 'mkdir dir/deep', 'create dir/deep/y']},
    {title: 'other ways to write a path', list: '\n./a\r\n/dir//./x', plan: ['create a', 'mkdir dir', 'create dir/x']},
    {title: 'NULs between paths, of which one is two lines', list: 'd\nd\0\0a', flags: ['-0'], plan: ['create a', 'create d\nd']},
    {title: 'an empty list is nothing', list: '', plan: []},
    {
      title: 'with --only and --except',
      list: 'dir\n',
      flags: ['--only', 'a', '--except', 'deep/'],
      plan: ['create a', 'mkdir dir', 'create dir/x'],
    },
  ] as const) {
    it(title, () => {
      const {root} = pairIn(temp(), SOURCE, {});
      fs.writeFileSync(path.join(root, 'list'), bytes(list));
      const args = ['source', 'target', '--only-from', 'list', ...flags];
      expect(planned(args, {cwd: root})).to.deep.equal(plan);
    });
  }

  it('all below the root for "."', () => {
    const {root, source, target} = pairIn(temp(), SOURCE, {});
    fs.writeFileSync(path.join(root, 'list'), '.\n');
    expect(planned([source, target, '--only-from', '../list'], {cwd: source})).to.deep.equal(planned([source, target]));
  });

  it('from standard input, which each run on a schedule takes the same, and a signal ends the wait for it', async () => {
    const {source, target} = pairIn(temp(), {a: '', b: ''}, {});
    expect(dirsync(['run', source, target, '--only-from', '-'], {input: 'a\n'}).code).to.equal(0);
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a']);
    const running = startDirsync(['run', source, target, '--only-from', '-', '--every', '1s', '--events']);
    running.child.stdin?.end('b\n');
    await running.until(() => running.stdout.split('"run-ended"').length > 2);
    expect((await running.kill('SIGTERM')).code).to.be.oneOf([0, 143]);
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a', 'b']);

    const waiting = startDirsync(['plan', source, target, '--only-from', '-', '--events']);
    await waiting.says('plan-started');
    expect((await waiting.kill('SIGINT')).code).to.equal(130);
  });

  it('deletes what it names and nothing else, and a plan that was saved can be narrowed by it', () => {
    const {root, target} = pairIn(temp(), {}, {gone: '', kept: '', folder: {in: ''}});
    fs.writeFileSync(path.join(root, 'list'), 'gone\nfolder\n');
    const flags = ['--allow', 'source-empty', '--allow', 'too-many-deletes'];
    expect(dirsync(['plan', 'source', 'target', '--out', 'plan'], {cwd: root}).code).to.equal(0);
    expect(dirsync(['apply', 'plan', '--only-from', 'list', ...flags], {cwd: root})).to.deep.include({code: 0});
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'kept']);
  });

  it('of a job, by its config', () => {
    const {root, target} = pairIn(temp(), SOURCE, {});
    fs.mkdirSync(path.join(root, 'conf'));
    fs.writeFileSync(path.join(root, 'conf/list'), 'a\0dir/x');
    fs.writeFileSync(path.join(root, 'conf/other'), 'directory\n');
    const job = {source: '../source', target: '../target', onlyFrom: 'list', from0: true};
    fs.writeFileSync(path.join(root, 'conf/dirsync.config.json'), JSON.stringify({jobs: {some: job}}));
    const run = (...flags: string[]) => dirsync(['run', 'some', ...flags], {cwd: path.join(root, 'conf')});
    expect(run()).to.deep.include({code: 0, stderr: ''});
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a', 'dir', 'dir/x']);
    expect(run('--only-from', 'other', '--no-from0')).to.deep.include({code: 0, stderr: ''});
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a', 'dir', 'dir/x', 'directory']);
  });

  it('warns of paths that neither folder has', () => {
    const {root} = pairIn(temp(), {a: '', both: ''}, {both: '', gone: ''});
    fs.writeFileSync(path.join(root, 'list'), 'a\nboth\ngone\na/x\nnope\n');
    const {warnings} = planDocument(['source', 'target', '--only-from', 'list'], {cwd: root}).header;
    expect(warnings).to.deep.equal(['the list names 2 paths that exist in neither folder: a/x and others']);
  });

  for (const {list, says} of [
    {list: 'a\n../b\n', says: 'list:2: "../b" has a ".."'},
    {list: 'a\0b', says: 'list: it contains a NUL'},
    {list: undefined, says: 'list (ENOENT)'},
  ]) {
    it(`refuses a list: ${says}`, () => {
      const {root} = pairIn(temp(), {a: ''}, {});
      if (list !== undefined) fs.writeFileSync(path.join(root, 'list'), list);
      const {code, stderr} = withoutChange(root, () =>
        dirsync(['apply', 'source', 'target', '--yes', '--only-from', 'list'], {cwd: root}),
      );
      expect({code}).to.deep.equal({code: 1});
      expect(stderr).to.include(`The list of paths cannot be used: ${says}`);
    });
  }
});
