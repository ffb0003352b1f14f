import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {FORMATS} from '../../src/core/format.js';
import {dirsync} from '../support/cli.js';
import {COMMANDS, obeyed} from '../support/runner.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

const ENV = {GITHUB_ACTIONS: 'true', TF_BUILD: 'True'};
const OWN = /^::(?:error|warning|notice) title=/;
const VIEWS = [...FORMATS.map((format) => `--format=${format}`), '--events'];

describe('story: a runner reads what is printed', () => {
  const temp = tempDirs();

  /** A job, its folders and its files, all named as commands; a plan of it that fits no longer, and what its hooks print. */
  function folder(): string {
    const root = temp();
    const names = COMMANDS.filter((name) => !name.includes('/'));
    const files = (text: string) => Object.fromEntries(names.map((name) => [name, text]));
    const [source, target] = ['##[group]s', '##[group]t'];
    const print = `printf '%s\\n' '##[set-output name=x]y' '::stop-commands::x'`;
    writeTree(root, {[source]: files('new'), [target]: {}});
    const jobs = {
      '##[add-mask]job': {source, target, log: 'text.log', exclude: ['##[error]x'], hooks: {before: `${print}; exit 1`}},
      plain: {source, target, log: 'json.log', logFormat: 'json', hooks: {onSuccess: `${print}; exit 1`}},
    };
    fs.writeFileSync(path.join(root, 'dirsync.config.json'), JSON.stringify({jobs}));
    return root;
  }

  function expectNone(root: string, args: readonly string[]): void {
    const {stdout, stderr} = dirsync(args, {cwd: root, env: ENV});
    expect(stdout + stderr, args.join(' ')).not.to.include('a bug in dirsync');
    const isGithub = args.includes('--format=github');
    expect(
      obeyed(stdout).filter((line) => !isGithub || !OWN.test(line)),
      args.join(' '),
    ).to.deep.equal([]);
    expect(obeyed(stderr), `stderr of ${args.join(' ')}`).to.deep.equal([]);
    if (args.includes('--format=json')) JSON.parse(stdout);
    if (args.includes('--events')) for (const line of stdout.trim().split('\n')) JSON.parse(line);
  }

  for (const view of VIEWS) {
    it(`with ${view}: no name, message or output of a hook is a command`, () => {
      const root = folder();
      expectNone(root, ['plan', 'plain', '--out', '::group::plan', view]);
      expectNone(root, ['show', '::group::plan', view]);
      expectNone(root, ['run', '##[add-mask]job', view]);
      for (const name of COMMANDS) fs.writeFileSync(path.join(root, '##[group]t', name), 'other');
      expectNone(root, ['apply', '::group::plan', view]);
      expectNone(root, ['run', 'plain', view]);
      expectNone(root, ['history', '##[group]t', view]);
      expectNone(root, ['show', 'latest', '--target', '##[group]t', view]);
      expectNone(root, ['plan', '::error::no such job', view]);
      for (const log of ['text.log', 'json.log']) {
        const lines = fs.readFileSync(path.join(root, log), 'utf8');
        expect(lines, log).to.match(/##\\(?:x5b|u005b)/);
        expect(obeyed(lines), log).to.deep.equal([]);
      }
    });
  }

  it('nor in what is told of configs, paths and wrong words', () => {
    const root = folder();
    for (const view of [[], ['--json']]) {
      expectNone(root, ['config', ...view]);
      for (const name of COMMANDS) expectNone(root, ['explain', name, 'plain', ...view]);
    }
    expectNone(root, ['##[group]x']);
    expectNone(root, ['plan', '--##[group]x']);
    expectNone(root, ['schedule', 'print', '--cron', '##[add-mask]job']);
    fs.writeFileSync(path.join(root, 'dirsync.config.json'), '{"jobs": {"a": {"##[group]x": 1}}}');
    expectNone(root, ['config']);
    fs.writeFileSync(path.join(root, 'dirsync.config.json'), '\n::error::x: ##[group]');
    expectNone(root, ['config']);
  });
});
