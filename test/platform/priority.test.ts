import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

/** Runs steps in a process of its own, and answers its priority after each: an end is of the first that has begun and has not ended. */
function priorities(script: string, steps: readonly string[], under: readonly string[]): string[] {
  const module = fileURLToPath(new URL('../../src/platform/priority.js', import.meta.url));
  const text = `
    import {execFileSync} from 'node:child_process';
    import os from 'node:os';
    import {lowerPriority} from ${JSON.stringify(module)};
    const begun = [];
    for (const step of ${JSON.stringify(steps)}) {
      if (step === 'end') begun.shift().end();
      else begun.push(lowerPriority(step));
      console.log(os.getPriority() + ' ' + execFileSync('ionice', ['-p', String(process.pid)], {encoding: 'utf8'}).trim());
    }`;
  fs.writeFileSync(script, text);
  const [file = '', ...args] = [...under, process.execPath, script];
  return execFileSync(file, args, {encoding: 'utf8'}).trim().split('\n');
}

describe('platform/priority', () => {
  const temp = tempDirs();
  before(function () {
    const isRoot = process.geteuid?.() === 0;
    if (process.platform !== 'linux' || !isRoot || os.getPriority() > 0) skip(this, 'only root on Linux gets back what it had');
  });
  const told = (steps: readonly string[], under: readonly string[] = []) =>
    priorities(path.join(temp(), 'script.mjs'), steps, under);

  it('restores the priority from before', () => {
    const [low, after, idle, again] = told(['low', 'end', 'idle', 'end']);
    expect([low, idle]).to.deep.equal(['10 best-effort: prio 7', '19 idle']);
    expect(after).to.match(/^0 /).and.to.equal(again);
  });

  it('of several the lowest holds', () => {
    const found = told(['low', 'idle', 'normal', 'end', 'end']);
    expect(found.slice(0, 4)).to.deep.equal(['10 best-effort: prio 7', '19 idle', '19 idle', '19 idle']);
    expect(found[4]).to.match(/^0 /);
  });

  it('never gives a thread more than the process had at its start', () => {
    const under = ['nice', '-n', '15', 'ionice', '-c', '3'];
    expect(told(['low', 'end'], under)).to.deep.equal(['15 idle', '15 idle']);
  });
});
