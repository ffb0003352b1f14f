import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, startDirsync} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

const many: Tree = Object.fromEntries(Array.from({length: 3000}, (_, i) => [`file-${i}`, 'x']));

describe('story: log', () => {
  const temp = tempDirs();

  for (const command of ['apply --yes', 'run']) {
    it(`${command}: a log that cannot be written is told of once, and all else is done`, () => {
      const {root, source, target} = pairIn(temp(), {a: 'a', b: 'b'}, {});
      const log = path.join(root, 'none', 'log');
      const {code, stderr} = dirsync([...command.split(' '), source, target, '-l', log]);
      expect({code, stderr}).to.deep.equal({
        code: 0,
        stderr: `Warning: log: the log ${log} cannot be written (ENOENT), going on without it\n`,
      });
      expect(readTree(target)).to.deep.equal(readTree(source));
    });
  }

  it('the log of a saved plan, as JSON', () => {
    const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
    const [plan, log] = [path.join(root, 'plan'), path.join(root, 'log')];
    dirsync(['plan', source, target, '--out', plan]);
    expect(dirsync(['apply', plan, '-l', log, '--log-format', 'json', '--log-level', 'debug']).code).to.equal(0);
    const lines = fs.readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).to.include.members(['apply-started', 'action', 'apply-done']);
  });

  it('holds the error that ended a run', () => {
    const {root, source, target} = pairIn(temp(), {}, {a: 'a', b: 'b'});
    const log = path.join(root, 'log');
    expect(dirsync(['run', source, target, '-l', log, '--log-level', 'error']).code).to.equal(5);
    expect(fs.readFileSync(log, 'utf8')).to.match(/^\S+ ERROR \[[\w-]+\] run failed {2}GUARD_HALTED: .*\n$/);
  });

  for (const format of ['text', 'json']) {
    it(`after kill -9 all lines are whole, but for the last at most: ${format}`, async () => {
      const {root, source, target} = pairIn(temp(), many, {});
      const log = path.join(root, 'log');
      const running = startDirsync(['run', source, target, '-l', log, '--log-format', format]);
      await running.until(() => fs.existsSync(log) && fs.statSync(log).size > 20_000);
      await running.kill('SIGKILL');
      const lines = fs.readFileSync(log, 'utf8').split('\n').slice(0, -1);
      expect(lines.length).to.be.above(100);
      for (const line of lines) {
        if (format === 'json') JSON.parse(line);
        else expect(line).to.match(/^\S{24}Z? (INFO|WARN|ERROR) +\S.*/);
      }
    });
  }
});
