import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {file, hardlink, type Tree} from '../support/tree.js';

const PROGRAM = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

describe('story: nothing is deleted before what replaces it is on disk', () => {
  const temp = tempDirs();

  const TREES: readonly [Tree, Tree] = [
    {a: 'new', kind: 'a file now'},
    {a: 'o', gone: 'old', kind: {inside: 'old'}},
  ];

  /** The system calls of an apply that matter here, in their order, as `strace` saw them. */
  function callsOf(context: Mocha.Context, flags: readonly string[] = [], trees = TREES): string[] {
    if (spawnSync('strace', ['-V']).status !== 0) skip(context, 'strace is not installed');
    if (process.env.DIRSYNC_PLATFORM === 'portable') skip(context, 'this backend has no syncfs');
    const {root, source, target} = pairIn(temp(), ...trees);
    const trace = path.join(root, 'trace');
    const command = [process.execPath, PROGRAM, 'apply', source, target, '--yes', ...flags];
    const {status} = spawnSync('strace', ['-f', '-o', trace, '-e', 'trace=syncfs,unlinkat,renameat,renameat2', ...command]);
    expect(status).to.equal(0);
    const lines = fs.readFileSync(trace, 'utf8').split('\n');
    return lines.flatMap((line) => {
      if (line.includes('syncfs(')) return ['syncfs'];
      const [, deleted] = /unlinkat\(\d+, "(gone|inside)"/.exec(line) ?? [];
      if (deleted !== undefined) return [`delete ${deleted}`];
      const [, placed] = /renameat2?\(.*"(a|b|kind|z)"/.exec(line) ?? [];
      return placed === undefined ? [] : [`place ${placed}`];
    });
  }

  it('writes, then a flush, then deletes, then a flush', function () {
    const calls = callsOf(this);
    const making = ['delete inside', 'place kind'];
    expect(calls).to.deep.equal(['place a', 'syncfs', ...making, 'syncfs', 'delete gone', 'syncfs']);
  });

  it('writes over a file when its old content, which was renamed, is on disk', function () {
    const [one, two, three] = [1n, 2n, 3n].map((number) => file(`${number}`, {mtime: number * 1_000_000_000n}));
    const calls = callsOf(this, [], [
      {a: two, b: one, c: three, z: hardlink('c')},
      {a: one, c: three, z: two},
    ] as [Tree, Tree]);
    expect(calls).to.deep.equal(['place b', 'syncfs', 'place a', 'syncfs', 'place z', 'syncfs']);
  });

  it('on each file system of the target that was written to', function () {
    if (spawnSync('strace', ['-V']).status !== 0) skip(this, 'strace is not installed');
    if (process.env.DIRSYNC_PLATFORM === 'portable') skip(this, 'this backend has no syncfs');
    const {root, source, target} = pairIn(temp(), {mount: {moved: 'content'}}, {mount: {}, moved: 'content'});
    const at = path.join(target, 'mount');
    if (spawnSync('mount', ['-t', 'tmpfs', 'none', at]).status !== 0) skip(this, 'nothing can be mounted here');
    try {
      const trace = path.join(root, 'trace');
      const command = [process.execPath, PROGRAM, 'apply', source, target, '--yes', '--allow', 'too-many-deletes'];
      const {status} = spawnSync('strace', ['-f', '-y', '-o', trace, '-e', 'trace=syncfs,unlinkat', ...command]);
      expect(status).to.equal(0);
      const lines = fs.readFileSync(trace, 'utf8').split('\n');
      const deleted = lines.findIndex((line) => /unlinkat\(.*"moved"/.test(line));
      const flushed = lines.slice(0, deleted).flatMap((line) => /syncfs\(\d+<([^>]*)>/.exec(line)?.[1] ?? []);
      expect(flushed).to.have.members([target, at]);
    } finally {
      spawnSync('umount', [at]);
    }
  });

  it('no flush with --fsync none', function () {
    expect(callsOf(this, ['--fsync', 'none'])).not.to.include('syncfs');
  });
});
