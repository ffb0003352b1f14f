import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {locate} from '../../../src/app/inspect/locate.js';
import {DirsyncError} from '../../../src/core/errors.js';
import {Naming} from '../../../src/core/naming.js';
import {ABLE} from '../../support/plan.js';
import {tempDirs} from '../../support/temp.js';

describe('app/inspect/locate', () => {
  const temp = tempDirs();

  /** In a folder with `source/docs`, `target` and `link`, which leads to `source`; `/` at the front stands for it. */
  function located(
    typed: string,
    {cwd = '/', known = [], escaped = []}: {cwd?: string; known?: readonly string[]; escaped?: readonly Naming[]} = {},
  ): string {
    const root = temp();
    fs.mkdirSync(path.join(root, 'source/docs'), {recursive: true});
    fs.mkdirSync(path.join(root, 'target'));
    fs.symlinkSync('source', path.join(root, 'link'));
    fs.symlinkSync('.', path.join(root, 'source/loop'));
    return locate({
      typed: typed.startsWith('/') ? `${root}${typed}` : typed,
      cwd: path.join(root, cwd),
      roots: [path.join(root, 'source'), path.join(root, 'target')],
      isKnown: (at) => known.includes(at),
      escaped,
    });
  }

  const COLON = new Naming({...ABLE.names, refused: ':'});
  const cases: [typed: string, found: string, where?: Parameters<typeof located>[1]][] = [
    ['.', ''],
    ['./', ''],
    ['docs/a', 'docs/a'],
    ['./docs//a/', 'docs/a'],
    ['docs/../a', 'a'],
    ['/source', ''],
    ['/source/docs/a/', 'docs/a'],
    ['/target/x', 'x'],
    ['/link', ''],
    ['/link/docs/a', 'docs/a'],
    ['/source/loop/docs', 'loop/docs'],
    ['a', 'a', {cwd: '/source/docs', known: ['a', 'docs/a']}],
    ['a', 'docs/a', {cwd: '/source/docs', known: ['docs/a']}],
    ['a', 'a', {cwd: '/source/docs'}],
    ['../a', 'a', {cwd: '/source/docs'}],
    ['source/docs/a', 'docs/a', {known: ['docs/a']}],
    ['...', '...'],
    ['a\\nb', 'a\nb', {known: ['a\nb']}],
    ['a\\nb', 'a\\nb', {known: ['a\\nb', 'a\nb']}],
    ['a\\nb', 'a\\nb'],
    ['/source/\\xff', '\udcff', {known: ['\udcff']}],
    ['\\x00', '\\x00'],
    ['a%3Ab', 'a:b', {known: ['a:b'], escaped: [COLON]}],
    ['/target/x%3A/y', 'x:/y', {known: ['x:/y'], escaped: [COLON]}],
    ['a%3Ab', 'a%3Ab', {known: ['a%3Ab', 'a:b'], escaped: [COLON]}],
    ['a%3Ab', 'a%3Ab', {escaped: [COLON]}],
  ];
  for (const [typed, found, where] of cases) {
    it(`${typed}${where === undefined ? '' : ` ${JSON.stringify(where)}`}`, () => expect(located(typed, where)).to.equal(found));
  }

  for (const typed of ['/', '/elsewhere/a', '/sourcex', '..', '../a', '', '/source/../x\x1b']) {
    it(`refuses ${JSON.stringify(typed)}`, () => {
      expect(() => located(typed))
        .to.throw(DirsyncError)
        .that.satisfies(({code, message}: DirsyncError) => code === 'USAGE' && !message.includes('\x1b'));
    });
  }
});
