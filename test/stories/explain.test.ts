import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {file, type Tree} from '../support/tree.js';

const SOURCE: Tree = {
  docs: {'.dirsyncignore': '# drafts\n*.md\n!keep.md\n', 'draft.md': 'x', 'keep.md': 'new words'},
  same: 'x',
  'x\udcff': 'bytes',
};
const TARGET: Tree = {docs: {'draft.md': 'x', 'keep.md': 'old'}, same: 'x', old: file('gone')};

describe('explain', () => {
  const temp = tempDirs();

  /** What is said, without the line of the folders. */
  function explained(args: readonly string[], options: Parameters<typeof dirsync>[1] = {}): string[] {
    const {code, stdout, stderr} = dirsync(['explain', ...args], options);
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    return stdout.trimEnd().split('\n').slice(2);
  }

  it('tells why, and changes nothing', () => {
    const {root, source, target} = pairIn(temp(), SOURCE, TARGET);
    withoutChange(root, () => {
      const said = explained(['docs/keep.md', source, target]);
      expect(said[0]).to.equal('docs/keep.md will be updated: size 3 → 9.');
      expect(said).to.include.members([
        '~ size      3 B                   9 B',
        'Filter  included by docs/.dirsyncignore:3: !keep.md',
      ]);
      const left = 'docs/draft.md stays in the target: a filter protects it, docs/.dirsyncignore:2: *.md.';
      expect(explained(['docs/draft.md', source, target])[0]).to.equal(left);
      expect(explained([path.join(target, 'old'), '-i', source, '-o', target, '--no-delete'])[0]).to.equal(
        'old stays in the target: the source does not have it, and --no-delete keeps it.',
      );
      expect(explained(['keep.md', source, target], {cwd: path.join(source, 'docs')})[0]).to.equal(said[0]);
      expect(explained(['x\\xff', source, target])[0]).to.equal('x\\xff will be created: the target does not have it.');
    });
  });

  it('of a job, and of a saved plan, which need not fit any more', () => {
    const {root, target} = pairIn(temp(), SOURCE, TARGET);
    fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'jobs: {notes: {source: source, target: target, exclude: [same]}}');
    const left = 'same stays in the target: a filter protects it, command line or config: same.';
    expect(explained(['same', 'notes'], {cwd: root})[0]).to.equal(left);
    expect(dirsync(['plan', 'notes', '--out', 'saved.plan'], {cwd: root}).code).to.equal(0);
    fs.rmSync(path.join(target, 'old'));
    const said = explained(['old', '--plan', 'saved.plan'], {cwd: root});
    expect(said[0]).to.equal('old will be deleted: the source does not have it.');
    expect(said.at(-1)).to.equal('Note  the path has changed since the plan was made; plan again');
    expect(explained(['same', '--plan', 'saved.plan'], {cwd: root})[0]).to.equal(left);
  });

  it('what lies below a folder that cannot be read stays', () => {
    const {root, source, target} = pairIn(temp(), {locked: {a: 'x'}}, {locked: {a: 'y', b: 'y'}});
    handOver(root);
    fs.chmodSync(path.join(source, 'locked'), 0);
    const said = explained(['locked/b', source, target], {uid: NOBODY});
    expect(said[0]).to.equal('locked/b stays as it is: locked could not be read in the source (EACCES).');
    expect(said).to.include('Source  could not be read (EACCES)');
  });

  it('tells of a guard that would halt the whole plan', () => {
    const {source, target} = pairIn(temp(), {}, {a: 'x'});
    expect(explained(['a', source, target]).at(-1)).to.match(/^Would halt: source-empty — .* lift it with --allow source-empty$/);
    expect(explained(['a', source, target, '--allow', 'source-empty']).at(-1)).to.match(/^Allowed: source-empty/);
  });

  it('--json is one document, --events ends with the answer', () => {
    const {source, target} = pairIn(temp(), SOURCE, TARGET);
    const document = JSON.parse(dirsync(['explain', 'docs/draft.md', source, target, '--json']).stdout);
    expect(document).to.deep.include({
      format: 1,
      type: 'explanation',
      path: 'docs/draft.md',
      verdict: 'protected',
      filter: {excluded: true, at: 'docs/draft.md', rule: {from: 'docs/.dirsyncignore', line: 2, pattern: '*.md'}},
    });
    const lines = dirsync(['explain', 'docs/draft.md', source, target, '--events']).stdout.trimEnd().split('\n');
    // How far a scan is, is told by the clock.
    const events = lines.map((line) => JSON.parse(line)).filter(({type}) => type !== 'scan-progress');
    expect(events.map(({type}) => type)).to.deep.equal(['plan-started', 'scan-done', 'scan-done', 'explained']);
    expect(events.at(-1).explanation).to.deep.include({path: 'docs/draft.md', verdict: 'protected'});
  });
});
