/** Names of any bytes arrive as they are, and are shown escaped wherever they are shown. */
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {arrived} from '../support/faithful.js';
import {needFidelityTools} from '../support/fidelity.js';
import {changeOddTree, makeOddTree} from '../support/odd-tree.js';
import {bash} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';

/** Pieces of names as everybody sees them. */
const SHOWN = [
  'not-utf8-\\xff\\xfe',
  'cut-\\xe2\\x82',
  'surrogate-\\xed\\xa0\\x80',
  'new\\nline',
  'tab\\there',
  'cr\\rhere',
  'escape\\x1b[31mred\\x1b[0m',
  'bell\\x07',
  'del\\x7f',
  "single'quote",
  'double"quote',
  'back\\\\slash',
  '\\ufeffbom',
  'bidi-\\u202e',
  'nfc-\u00e9',
  'nfd-e\u0301',
  'folder-\\xff/in-\\xfe',
  'line\\nfolder/in',
  '.dirsync-like',
  'names/.dirsync/file',
];

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const RAW = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff\ufffd]/;

/** What a file for programs must not hold: its JSON may have any other character in a string. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
const RAW_IN_FILES = /[\x00-\x09\x0b-\x1f\ufffd]/;

describe('story: names of any bytes', () => {
  const temp = tempDirs();

  before(function () {
    needFidelityTools(this);
  });

  function pair() {
    const root = temp();
    const sync = {root, source: path.join(root, 'source'), target: path.join(root, 'target')};
    fs.mkdirSync(sync.source);
    makeOddTree(sync.source, {sections: ['names']});
    return sync;
  }

  function clean(text: string, what: string, raw = RAW): void {
    const found = raw.exec(text);
    const around = found === null ? '' : JSON.stringify(text.slice(Math.max(0, found.index - 40), found.index + 40));
    expect(found, `${what}: a raw character in ${around}`).to.equal(null);
  }

  /** How many names there are below a folder. */
  function names(source: string): number {
    return bash('find . -mindepth 1 -printf x', source).length;
  }

  it('the text of a plan and of an apply', () => {
    const {source, target} = pair();
    const plan = dirsync(['plan', source, target, '--full']);
    expect(plan.code, plan.stderr).to.equal(0);
    clean(plan.stdout, 'plan');
    for (const piece of SHOWN) expect(plan.stdout).to.contain(piece);
    const apply = dirsync(['apply', source, target, '--yes', '--full']);
    expect(apply.code, apply.stderr + apply.stdout.slice(-2000)).to.equal(0);
    clean(apply.stdout + apply.stderr, 'apply');
    arrived({source, target});
  });

  for (const flag of ['--json', '--events']) {
    it(`${flag} of a plan and of an apply: JSON that holds every name`, () => {
      const {source, target} = pair();
      for (const args of [
        ['plan', source, target, flag],
        ['apply', source, target, '--yes', flag],
      ]) {
        const {code, stdout, stderr} = dirsync(args);
        expect(code, stderr).to.equal(0);
        clean(stdout, args[0] as string);
        const documents = flag === '--json' ? [stdout] : stdout.trimEnd().split('\n');
        for (const document of documents) JSON.parse(document);
        if (args[0] === 'plan' && flag === '--json') {
          const {actions} = JSON.parse(stdout) as {actions: {kind: string; path: string}[]};
          const paths = new Set(actions.filter(({path}) => path !== '').map(({path}) => path));
          expect(paths.size).to.equal(names(source));
          for (const name of ['names/not-utf8-\udcff\udcfe', 'names/new\nline', 'names/escape\u001b[31mred\u001b[0m']) {
            expect(paths.has(name), JSON.stringify(name)).to.equal(true);
          }
        }
      }
    });
  }

  it('the log file of an apply and of a run', () => {
    const {root, source, target} = pair();
    const log = path.join(root, 'log');
    const apply = dirsync(['apply', source, target, '--yes', '-l', log]);
    expect(apply.code, apply.stderr + apply.stdout.slice(-2000)).to.equal(0);
    changeOddTree(source, {sections: ['names']});
    const run = dirsync(['run', source, target, '-l', log]);
    expect(run.code, run.stderr).to.equal(0);
    clean(fs.readFileSync(log, 'utf8'), 'log');
    for (const piece of SHOWN) expect(fs.readFileSync(log, 'utf8')).to.contain(piece);
    expect(fs.readFileSync(log, 'utf8'), 'renamed').to.contain('renamed-\\xff\\n');
    arrived({source, target});
  });

  it('a plan file, what show makes of it in every form, and the journal of its apply', () => {
    const {root, source, target} = pair();
    const file = path.join(root, 'plan');
    expect(dirsync(['plan', source, target, '--out', file]).code).to.equal(0);
    const lines = gunzipSync(fs.readFileSync(file)).toString('utf8');
    clean(lines, 'plan file', RAW_IN_FILES);
    const paths = lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({kind, path}) => kind !== undefined && path !== '');
    expect(paths.length).to.be.at.least(names(source));
    for (const format of ['text', 'json', 'markdown', 'html']) {
      const {code, stdout} = dirsync(['show', file, '--format', format]);
      expect(code, format).to.equal(0);
      clean(stdout, format);
    }
    const {code, stderr} = dirsync(['apply', file]);
    expect(code, stderr).to.equal(0);
    const [run = ''] = fs.readdirSync(path.join(target, '.dirsync/runs'));
    const journal = fs.readFileSync(path.join(target, '.dirsync/runs', run));
    const text = (journal[0] === 0x1f ? gunzipSync(journal) : journal).toString('utf8');
    clean(text, 'journal', RAW_IN_FILES);
    arrived({source, target});
  });
});
