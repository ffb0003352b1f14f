/** Runs that use the memory of earlier runs, and guards that halt. */
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, withoutChange} from './cli.js';

/** Each run here uses the memory of the earlier runs. */
export function remembering(root: string): CliOptions {
  return {cwd: root, env: {XDG_STATE_HOME: path.join(root, 'state')}};
}

/** `plan` shows the guard and ends with 0; apply and run end with 5; nothing is changed by any of them. */
export function expectHalted(guard: string, says: string, args: readonly string[], options: CliOptions & {readonly cwd: string}) {
  const tree = path.join(options.cwd, 'target');
  const plan = withoutChange(tree, () => dirsync(['plan', ...args], options));
  expect(plan.code).to.equal(0);
  expect(plan.stdout).to.include(`Would halt: ${guard} — `).and.include(says);
  for (const command of [['apply', '--yes'], ['run']]) {
    const {code, stderr} = withoutChange(tree, () => dirsync([...command, ...args], options));
    expect({code, stderr}).to.deep.include({code: 5});
    expect(stderr).to.include(`${guard}: `).and.include(says).and.include(`--allow ${guard}`);
  }
}
