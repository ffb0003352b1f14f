/** What moves, and what somebody else did in the target, as every format says it. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {file, type Tree} from '../support/tree.js';

const photo = (number: number) => file('p'.repeat(1000 + number), {mtime: 1_700_000_000_000_000_000n + BigInt(number)});
const TREE: Tree = {'in\n': {trip: {a: photo(1), b: photo(2)}}, edited: photo(3), lost: photo(4)};

describe('story: moves and target drift in each format', () => {
  const temp = tempDirs();

  /** Two folders that were equal: then a folder was renamed in the source, and the target was changed by somebody. */
  function changed() {
    const pair = pairIn(temp(), TREE, {});
    const {source, target} = pair;
    expect(dirsync(['run', source, target])).to.include({code: 0});
    fs.mkdirSync(path.join(source, '2024'));
    fs.renameSync(path.join(source, 'in\n', 'trip'), path.join(source, '2024', 'trip'));
    fs.appendFileSync(path.join(target, 'edited'), 'by somebody');
    fs.rmSync(path.join(target, 'lost'));
    fs.writeFileSync(path.join(target, 'mine'), 'mine');
    return {...pair, plan: (...flags: string[]) => dirsync(['plan', source, target, ...flags]).stdout};
  }

  const MOVED = '2 files (2 KiB) moved, not copied';
  const DRIFT = 'In the target since the last run: 1 added, 1 changed, 1 removed.';
  const FROM = 'from in\\n/trip/ · 2 files, 2 KiB not copied';

  it('of a plan', () => {
    const {plan} = changed();
    const text = plan();
    expect(text).to.include(`; 2 KiB to write. ${MOVED}. ${DRIFT}`);
    expect(text).to.match(/ {2}→ move {5}2024\/trip\/ .* {2}from in\\n\/trip\/ · 2 files, 2 KiB not copied\n/);
    expect(text).to.match(/ {2}~ update {3}edited .* · changed in the target since the last run\n/);
    expect(text).to.match(/ {2}\+ create {3}lost .* {2}new · removed from the target since the last run\n/);
    expect(text).to.match(/ {2}- delete {3}mine .* {2}not in source · added in the target since the last run\n/);
    const markdown = plan('--format', 'markdown');
    expect(markdown).to.include(`${MOVED}. ${DRIFT}`).and.include(`#### Moves (1)\n\n\`\`\`diff\n→ 2024/trip/  ${FROM}\n`);
    expect(plan('--format', 'html')).to.include(`${MOVED}. ${DRIFT}`).and.include(FROM).and.include('id="target-drift"');
    const github = plan('--format', 'github');
    expect(github).to.include('::1 added, 1 changed, 1 removed:%0A  edited%0A  lost%0A  mine\n').and.include(MOVED);
    const junit = plan('--format', 'junit');
    expect(junit)
      .to.include('<property name="movedBytes" value="2003"/>')
      .and.include('<testsuite name="target drift" tests="3"');
    const {summary, actions} = JSON.parse(plan('--json')) as {summary: object; actions: {kind: string; targetDrift?: string}[]};
    expect(summary).to.deep.include({moved: {leaves: 2, bytes: 2003}, targetDrift: {added: 1, changed: 1, removed: 1}});
    expect(actions.filter(({kind}) => kind === 'move')).to.have.length(1);
    expect(actions.flatMap(({targetDrift}) => targetDrift ?? [])).to.have.members(['changed', 'removed', 'added']);
  });

  it('of a run', () => {
    const {root, source, target} = changed();
    const [log, metrics] = [path.join(root, 'log'), path.join(root, 'metrics.prom')];
    const {code, stdout} = dirsync(['run', source, target, '--log', log, '--metrics', metrics]);
    expect(code).to.equal(0);
    expect(stdout).to.match(/written in .*; 2 files \(2 KiB\) moved, not copied\n/);
    const shown = (...flags: string[]) => dirsync(['show', 'latest', '--target', target, ...flags]).stdout;
    expect(shown()).to.include('from in\\n/trip · 2 files, 2 KiB not copied').and.include(MOVED);
    expect(shown()).to.match(/ {2}- delete {3}mine .* added in the target since the last run\n/);
    expect(shown('--format', 'markdown')).to.include(`\n${MOVED}.\n`);
    expect(shown('--format', 'html')).to.include(`<dt>Moved</dt><dd>${MOVED}</dd>`);
    const {steps} = JSON.parse(shown('--json')) as {steps: {kind: string}[]};
    expect(steps.find(({kind}) => kind === 'move')).to.deep.include({from: 'in\n/trip', moved: {leaves: 2, bytes: 2003}});
    const lines = fs.readFileSync(log, 'utf8');
    expect(lines).to.match(/ move done {2}2024\/trip\/ {2}from in\\n\/trip · 2 files, 2 KiB not copied\n/);
    expect(lines).to.match(/ apply done .* 2 files \(2 KiB\) moved, not copied\.\n/);
    const values = fs.readFileSync(metrics, 'utf8');
    expect(values).to.match(/^dirsync_last_run_moved_bytes\{.*\} 2003$/m);
    expect(values).to.match(/^dirsync_target_drift_paths\{.*change="removed".*\} 1$/m);
  });

  it('of a path, by both names, before the run and after it', () => {
    const {source, target} = changed();
    const explain = (at: string) => dirsync(['explain', at, source, target]).stdout;
    const sentence = '2024/trip/a moves with its folder: in\\n/trip/ → 2024/trip/.';
    expect(explain('2024/trip/a')).to.include(sentence);
    expect(explain('in\n/trip/a')).to.include(sentence);
    expect(explain('mine')).to.include('Target  added in the target since the last run');
    expect(dirsync(['run', source, target]).code).to.equal(0);
    for (const at of ['2024/trip/a', 'in\n/trip/a']) expect(explain(at)).to.match(/: move done, in\\n\/trip → 2024\/trip$/m);
  });
});
