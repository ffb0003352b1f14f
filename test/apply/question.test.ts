import fs from 'node:fs';
import path from 'node:path';
import {blake3} from '@napi-rs/blake-hash';
import {expect} from 'chai';
import {SourceError} from '../../src/apply/check.js';
import {answer, type Digested, type QuestionTask} from '../../src/apply/question.js';
import {toNanoseconds} from '../../src/core/entry.js';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import type {Problem} from '../../src/core/problem.js';
import {UNPACED} from '../../src/platform/platform.js';
import {pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {symlink, type Tree} from '../support/tree.js';
import {asNobody} from '../support/user.js';

const pace = UNPACED;

/** Acts in the first call; true in each. */
function once(act: () => void): () => true {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
    return true;
  };
}

describe('apply/question', () => {
  const temp = tempDirs();
  type Pair = {readonly source: string | undefined; readonly target: string | undefined};

  const ask = (
    question: QuestionTask['question'],
    {source, target}: Pair,
    paths: readonly string[],
    inTarget = paths,
    as = pace,
  ) =>
    answer(
      {
        type: 'question',
        question,
        paths: paths as RelPath[],
        inTarget: inTarget as RelPath[],
        source: source === undefined ? undefined : toByteName(source),
        target: target === undefined ? undefined : toByteName(target),
        views: {source: {}, target: {}},
      } as QuestionTask,
      {goOn: () => true, pace: as},
    );
  const pair = (from: Tree, to: Tree) => pairIn(temp(), from, to);

  describe('whether content is the same', () => {
    it('is answered for each pair of files', () => {
      const trees = pair({a: 'one', b: 'one', c: 'one'}, {a: 'one', b: 'two', renamed: 'one'});
      expect(ask('content', trees, ['a', 'b', 'c'], ['a', 'b', 'renamed'])).to.deep.equal([true, false, true]);
    });

    it('an unreadable file is a problem of its path, and the rest is answered', () => {
      const trees = pair({a: 'x', link: symlink('a'), z: 'x'}, {a: 'x', z: 'x', link: ''});
      const [gone, link, fine] = ask('content', trees, ['none/a', 'link', 'z']) as [Problem, Problem, boolean];
      expect(gone).to.include({path: 'none/a', side: 'source', phase: 'plan', code: 'ENOENT'});
      expect(link).to.include({path: 'link', code: 'ELOOP'});
      expect(fine).to.equal(true);
    });
  });

  describe('the digest of a file', () => {
    it('has the version that was read', () => {
      const trees = pair({a: 'one', empty: '', b: {large: 'x'.repeat(3 << 20)}}, {});
      const [a, empty, large] = ask('digest', trees, ['a', 'empty', 'b/large']) as [Digested, Digested, Digested];
      expect([a, empty, large].map(({digest}) => digest)).to.deep.equal(
        ['one', '', 'x'.repeat(3 << 20)].map((text) => blake3(text)),
      );
      const {size, ino, mtimeNs} = fs.statSync(path.join(trees.source, 'a'), {bigint: true});
      expect([BigInt(a.size), a.inode, toNanoseconds(a.seconds, a.nanoseconds)]).to.deep.equal([size, ino, mtimeNs]);
    });

    it('is a problem for what is no file any more, and for a file that is written to', () => {
      const trees = pair({a: 'x', link: symlink('a'), log: 'x', folder: {}}, {});
      const stopped = {...UNPACED, spend: () => false};
      expect(ask('digest', trees, ['none', 'link', 'folder', 'none/a'])).to.satisfy((answers: Problem[]) =>
        answers.every(({side, phase}) => side === 'source' && phase === 'scan'),
      );
      const growing = {...UNPACED, spend: once(() => fs.appendFileSync(path.join(trees.source, 'log'), 'more'))};
      for (const slow of [stopped, growing]) {
        expect(ask('digest', trees, ['log'], ['log'], slow)).to.have.nested.property('[0].code', 'CHANGED_DURING_READ');
      }
    });
  });

  describe('bytes on disk', () => {
    it('is answered for both trees, holes left out', () => {
      const trees = pair({a: 'x', sparse: ''}, {a: 'y'.repeat(100_000)});
      fs.truncateSync(path.join(trees.source, 'sparse'), 2 ** 30);
      const [a, sparse] = ask('allocated', trees, ['a', 'sparse']) as [number, number][];
      expect(a?.[1]).to.be.at.least(100_000);
      expect(sparse?.[0]).to.be.lessThan(2 ** 20);
      expect(sparse?.[1]).to.equal(0);
    });

    it('are 0 for a missing or unreachable file, or a missing tree', () => {
      const trees = pair({a: {b: 'x'}}, {a: 'x'});
      expect(ask('allocated', {...trees, source: undefined}, ['c/d', 'none'])).to.deep.equal([
        [0, 0],
        [0, 0],
      ]);
      expect(ask('allocated', {source: undefined, target: undefined}, ['a'])).to.deep.equal([[0, 0]]);
    });
  });

  describe('why nothing may be changed in a folder', () => {
    it('is undefined for a writable or missing folder, and without a target', () => {
      const trees = pair({}, {a: {}, file: ''});
      expect(ask('refused', trees, ['', 'a', 'none', 'file'])).to.deep.equal([undefined, undefined, undefined, undefined]);
      expect(ask('refused', {...trees, target: undefined}, ['a'])).to.deep.equal([undefined]);
    });

    it('is reported to a user without access, but not to the owner, who can open the folder temporarily', function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root can be another user for a while');
      const trees = pair({}, {theirs: {}, own: {}, hidden: {inside: {}}});
      for (const at of [path.dirname(trees.target), trees.target, trees.source]) fs.chmodSync(at, 0o777);
      fs.chownSync(path.join(trees.target, 'own'), 65_534, 65_534);
      fs.chmodSync(path.join(trees.target, 'own'), 0o500);
      fs.chmodSync(path.join(trees.target, 'hidden'), 0o700);
      const answers = asNobody(() => ask('refused', trees, ['', 'theirs', 'own', 'hidden/inside']));
      expect(answers).to.deep.equal([undefined, 'EACCES', undefined, 'EACCES']);
    });
  });

  it('distinguishes a source that cannot be opened from a target', () => {
    const {source, target, root} = pair({}, {});
    const none = path.join(root, 'none');
    expect(() => ask('content', {source: none, target}, ['a'])).to.throw(SourceError);
    expect(() => ask('content', {source, target: none}, ['a']))
      .to.throw()
      .and.not.be.instanceOf(SourceError);
  });

  it('closes both trees, with or without answers', function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    const trees = pair({a: {b: 'x'}}, {a: {b: 'x'}});
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    ask('content', trees, ['a/b', 'none/x']);
    expect(() => ask('content', {...trees, target: '/none/such'}, ['a'])).to.throw();
    expect(open()).to.equal(before);
  });
});
