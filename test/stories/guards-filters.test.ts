import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, withoutChange} from '../support/cli.js';
import {expectHalted, remembering} from '../support/guards.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {file, type Tree} from '../support/tree.js';

const PRESERVED = {count: '2 paths', says: 'that they protected would be deleted or overwritten: '};

describe('story: filters that were let go', () => {
  const temp = tempDirs();
  const here = (source: Tree, target: Tree) => {
    const pair = pairIn(temp(), source, target);
    const options = {...remembering(pair.root), cwd: pair.root};
    const run = (...more: string[]) => dirsync(['run', pair.source, pair.target, ...more], options);
    /** A run that ends well, after something has changed in the source. */
    let version = 0;
    const changed = (...more: string[]) => {
      fs.writeFileSync(path.join(pair.source, 'docs/new'), `version ${version++}`);
      expect(run(...more), more.join(' ')).to.deep.include({code: 0, stderr: ''});
    };
    return {...pair, args: [pair.source, pair.target], options, run, changed};
  };
  const tree = {docs: {d: '1'}};

  for (const how of [['--only', '/docs/'], ['--no-delete'], ['--kinds', 'create,update'], ['--except', '/keep/']]) {
    it(`are remembered through a run with ${how.join(' ')}`, () => {
      const {target, args, options, changed} = here(tree, {keep: {x: 'precious'}});
      changed('--exclude', '/keep/');
      changed(...how);
      expectHalted('filters-changed', `${PRESERVED.count} ${PRESERVED.says}keep and others`, args, options);
      changed('--allow', 'filters-changed');
      expect(fs.existsSync(path.join(target, 'keep'))).to.equal(false);
    });
  }

  it('are carried by a saved plan: it remembers the files of rules that it was made with', () => {
    const {root, source, target, args, options, changed} = here(
      {docs: {'.dirsyncignore': 'cache/\n', d: '1'}},
      {docs: {cache: {x: 'precious'}}},
    );
    const saved = path.join(root, 'plan');
    expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
    expect(dirsync(['apply', saved], options)).to.deep.include({code: 0, stderr: ''});
    fs.rmSync(path.join(source, 'docs/.dirsyncignore'));
    expectHalted('filters-changed', `${PRESERVED.count} ${PRESERVED.says}docs/cache and others`, args, options);

    // A plan that was made before those are let go is judged by what is remembered when it is applied.
    expect(dirsync(['plan', ...args, '--out', saved], {...options, env: {}}).code).to.equal(0);
    const {code, stderr} = withoutChange(target, () => dirsync(['apply', saved], options));
    expect({code, stderr}).to.deep.include({code: 5});
    changed('--allow', 'filters-changed');
    changed();
  });

  it('are tags too: they are remembered with the folders that they are in', () => {
    const tag = {'.nobackup': ''};
    const {root, source, args, options, changed} = here({docs: {d: '1', cache: tag}}, {docs: {cache: {...tag, x: 'precious'}}});
    changed('--exclude-if-present', '.nobackup');
    changed('--exclude-if-present', '.nobackup', '--exclude', '*.none');
    expectHalted('filters-changed', `a path ${PRESERVED.says}docs/cache/x`, args, options);

    // Nor may the tag go, or the folder with it.
    const tagged = [...args, '--exclude-if-present', '.nobackup'];
    fs.rmSync(path.join(source, 'docs/cache/.nobackup'));
    expectHalted('filters-changed', `a path ${PRESERVED.says}docs/cache/x`, tagged, options);
    fs.rmSync(path.join(source, 'docs/cache'), {recursive: true});
    expectHalted('filters-changed', `a path ${PRESERVED.says}docs/cache/x`, tagged, options);
    expect(fs.readdirSync(path.join(root, 'target/docs/cache'))).to.have.length(2);
    changed('--exclude-if-present', '.nobackup', '--allow', 'filters-changed');
    changed('--exclude-if-present', '.nobackup');
  });

  it('count as well where what they kept would be overwritten, or replaced by another kind', () => {
    const {args, options, changed} = here(
      {...tree, config: 'of the source', data: 'a file now'},
      {config: file('of the target', {mtime: 1n}), data: {x: 'precious'}},
    );
    changed('--exclude', '/config', '--exclude', '/data');
    expectHalted('filters-changed', `3 paths ${PRESERVED.says}config and others`, args, options);
    changed('--allow', 'filters-changed');
  });

  it('are remembered where a run could not see all of the source', function () {
    if (NOBODY === undefined) skip(this, 'root reads everything');
    const {root, source, target, args, options} = here({...tree, closed: {a: 'x'}}, {closed: {cache: {x: 'precious'}}});
    const user = {...options, uid: NOBODY};
    fs.chmodSync(root, 0o777);
    handOver(source, target);
    const runs = (...more: string[]) => dirsync(['run', ...args, ...more], user).code;
    expect(runs('--exclude', 'cache/')).to.equal(0);
    fs.chownSync(path.join(source, 'closed'), 0, 0);
    fs.chmodSync(path.join(source, 'closed'), 0o700);
    expect(runs(), 'what is in there is blocked').to.equal(3);
    fs.chownSync(path.join(source, 'closed'), NOBODY as number, 0);
    expect(runs(), 'and could be deleted now').to.equal(5);
    expect(runs('--allow', 'filters-changed')).to.equal(0);
  });

  it('that are too large to be remembered are told', () => {
    const long = `${'#'.repeat(1000)}\n`;
    const {root, run} = here({'.dirsyncignore': long.repeat(140), ...tree}, {});
    const {code, stdout} = run();
    expect(code).to.equal(0);
    expect(stdout).to.include('Warning: the .dirsyncignore files take more than 128 KiB and cannot all be remembered');
    const lines = path.join(root, 'lines');
    fs.writeFileSync(lines, long.repeat(600));
    expect(run('--exclude-from', lines).stdout).to.include(
      'Warning: the filters take more than 512 KiB and cannot all be remembered',
    );
  });
});

describe('story: source and target that are swapped', () => {
  const temp = tempDirs();

  it('halt; a copy may be restored, and is a copy all the same afterwards', () => {
    const {root, source, target} = pairIn(temp(), {a: 'x', b: 'y'}, {});
    const options = {...remembering(root), cwd: root};
    const forth = ['run', source, target];
    const back = ['run', target, source];
    expect(dirsync(forth, options).code).to.equal(0);
    fs.writeFileSync(path.join(source, 'c'), 'newer');
    for (const [title, command] of Object.entries({
      'by its id, wherever it is': ['run', path.join(root, 'moved'), source],
      'in place': back,
    })) {
      if (command !== back) fs.renameSync(target, path.join(root, 'moved'));
      const {code, stderr} = withoutChange(source, () => dirsync(command, options));
      if (command !== back) fs.renameSync(path.join(root, 'moved'), target);
      expect({title, code}).to.deep.equal({title, code: 5});
      expect(stderr).to.include('reversed: earlier runs copied the other way, from ').and.include('--allow reversed');
    }
    expect(dirsync([...back, '--allow', 'reversed'], options)).to.deep.include({code: 0, stderr: ''});
    expect(fs.existsSync(path.join(source, 'c'))).to.equal(false);
    expect(dirsync(back, options).code, 'it is not usual now').to.equal(5);
    fs.writeFileSync(path.join(source, 'd'), 'newer');
    expect(dirsync(forth, options), 'the way that is known').to.deep.include({code: 0, stderr: ''});
  });
});
