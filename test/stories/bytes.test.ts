import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, type CliResult, dirsync, startDirsync} from '../support/cli.js';
import {has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {nameBytes, readTree, type Tree, writeTree} from '../support/tree.js';

/** "é" and "è" in Latin-1: to who takes bytes for UTF-8 both are one name, and so is a third. */
const [E, OTHER, LOST] = ['\udce9', '\udce8', '\ufffd'];
/** The same, where a name has as many characters as Node makes of it in one place, and fewer in another. */
const CUT = '\udce2\udc82';

function done(result: CliResult): CliResult {
  expect({code: result.code, stderr: result.stderr}, result.stdout).to.deep.equal({code: 0, stderr: ''});
  return result;
}

/** Only the paths below a folder. */
function paths(root: string): string[] {
  return Object.keys(readTree(root)).filter((at) => at !== '.' && !at.includes('.dirsync'));
}

const shown = (name: string) => (name.isWellFormed() ? name : `bytes:${nameBytes(name).toString('latin1')}`);

function read(file: string): string {
  return fs.readFileSync(nameBytes(file), 'utf8');
}

function write(file: string, content: string | Buffer): void {
  fs.writeFileSync(nameBytes(file), content);
}

describe('story: bytes that are not UTF-8', () => {
  const temp = tempDirs();

  before(function () {
    if (process.platform !== 'linux') skip(this, 'file systems elsewhere take UTF-8 alone');
    if (!has('bash')) skip(this, 'there is no bash');
  });

  function world(tree: Tree): string {
    const root = temp();
    writeTree(root, tree);
    return root;
  }

  for (const [backend, env] of [
    ['posix', {}],
    ['portable', {DIRSYNC_PLATFORM: 'portable'}],
  ] as const) {
    const run = (args: readonly string[], options: CliOptions = {}) => dirsync(args, {...options, env: {...env, ...options.env}});

    it(`keeps targets apart whose names differ in such a byte (${backend})`, () => {
      const root = world({
        [`s${E}`]: {a: 'one'},
        [`s${OTHER}`]: {b: 'two'},
        [`s${CUT}`]: {c: 'three'},
        [`s${LOST}`]: {d: 'four'},
      });
      for (const name of [E, OTHER, CUT, LOST]) {
        const deep = ['-i', path.join(root, `s${name}`), '-o', path.join(root, `t${name}/in`), '--mkpath'];
        done(run(['apply', '--yes', ...(name === E || name === LOST ? deep : [`s${name}`, `t${name}`])], {cwd: root}));
      }
      const at = (name: string) => paths(path.join(root, `t${name}`));
      expect([E, OTHER, CUT, LOST].map(at)).to.deep.equal([['in', 'in/a'], ['b'], ['c'], ['in', 'in/d']]);
    });

    it(`works in such a folder, and below it (${backend})`, () => {
      const root = world({[`w${E}`]: {s: {a: '1', b: '2'}}, [`w${LOST}`]: {s: {wrong: ''}, t: {mine: ''}}});
      const cwd = path.join(root, `w${E}`);
      done(run(['apply', '--yes', 's', 't'], {cwd}));
      done(run(['plan', 's', 'new', '--out', 'p.plan'], {cwd}));
      done(run(['apply', 'p.plan', '-l', 'run.log'], {cwd}));
      expect(paths(cwd)).to.include.members(['t/a', 't/b', 'new/a', 'p.plan', 'run.log']);
      expect(paths(path.join(root, `w${LOST}`))).to.deep.equal(['s', 's/wrong', 't', 't/mine']);
      expect(done(run(['explain', 'a', 's', 't'], {cwd})).stdout).to.include('a is not in the plan: both sides are the same.');
      expect(done(run(['explain', 's/a', 's', 't'], {cwd})).stdout).to.include('a is not in the plan: both sides are the same.');
    });
  }

  it('deletes with --only the file that is named, and no other', () => {
    const root = world({s: {}, t: {[`x${E}`]: '', [`x${OTHER}`]: '', [`x${LOST}`]: ''}});
    done(dirsync(['apply', '--yes', 's', 't', '--only', `x${E}`, '--allow', 'source-empty'], {cwd: root}));
    expect(paths(path.join(root, 't')).sort()).to.deep.equal([`x${OTHER}`, `x${LOST}`].map(shown).sort());
  });

  const FILTERED: readonly {readonly title: string; readonly args: readonly string[]; readonly files?: Record<string, string>}[] =
    [
      {title: '--exclude', args: ['--exclude', `x${E}`]},
      {title: '--exclude-from, by what is in it', args: ['--exclude-from', 'rules'], files: {rules: `x${E}\n`}},
      {
        title: '--exclude-from, by its own name',
        args: ['--exclude-from', `r${E}`],
        files: {[`r${E}`]: `x${E}\n`, [`r${LOST}`]: '*\n'},
      },
      {title: 'a .dirsyncignore', args: [], files: {'s/.dirsyncignore': `x${E}\n.dirsyncignore\n`}},
    ];
  for (const {title, args, files = {}} of FILTERED) {
    it(`protects by ${title} the file that is named, and no other`, () => {
      const names = [`x${E}`, `x${OTHER}`, `x${LOST}`];
      const root = world({s: {keep: ''}, t: Object.fromEntries(names.map((name) => [name, '']))});
      for (const [name, content] of Object.entries(files)) write(path.join(root, name), nameBytes(content));
      done(dirsync(['apply', '--yes', 's', 't', ...args], {cwd: root}));
      expect(paths(path.join(root, 't'))).to.have.members(['keep', shown(`x${E}`)]);
    });
  }

  it('writes plans, reports, logs and metrics where they are wanted', () => {
    const root = world({s: {a: ''}, [`in${E}`]: {}, [`in${LOST}`]: {}});
    const at = (name: string) => path.join(root, `in${E}`, name);
    done(dirsync(['plan', 's', 't', '--out', at(`p${E}.plan`)], {cwd: root}));
    expect(done(dirsync(['show', at(`p${E}.plan`)])).stdout).to.include('create   a');
    done(dirsync(['apply', at(`p${E}.plan`), '-l', at(`${E}.log`)], {cwd: root}));
    expect(read(at(`${E}.log`))).to.include('create done  a');
    done(dirsync(['run', 's', 't', '--metrics', at(`${E}.prom`)], {cwd: root}));
    expect(read(at(`${E}.prom`))).to.include('dirsync_');
    const [journal = ''] = fs
      .readdirSync(path.join(root, 't/.dirsync/runs'))
      .map((name) => path.join(root, 't/.dirsync/runs', name));
    fs.copyFileSync(journal, nameBytes(at(`${E}.ndjson`)));
    expect(done(dirsync(['show', at(`${E}.ndjson`)])).stdout).to.include('create   a');
    expect(paths(path.join(root, `in${LOST}`))).to.deep.equal([]);
  });

  it('begins a log anew beside itself', () => {
    const root = world({s: {}, [`l${LOST}.log`]: 'not ours\n'});
    write(path.join(root, 'c.yaml'), `jobs: {j: {source: s, target: t, logSize: 300, logFiles: 1, log: "l\\udce9.log"}}\n`);
    for (let i = 0; i < 2; i++) done(dirsync(['run', 'j', '--config', 'c.yaml'], {cwd: root}));
    expect(paths(root)).to.include.members([shown(`l${E}.log`), shown(`l${E}.log.1`)]);
    expect(read(path.join(root, `l${LOST}.log`))).to.equal('not ours\n');
  });

  it('summarizes for GitHub in the file that the environment names', () => {
    const root = world({s: {a: ''}, [`g${LOST}`]: ''});
    const env = {GITHUB_STEP_SUMMARY: path.join(root, `g${E}`)};
    done(dirsync(['plan', 's', 't', '--format', 'github'], {cwd: root, env}));
    expect(read(path.join(root, `g${E}`))).to.include('create');
    expect(read(path.join(root, `g${LOST}`))).to.equal('');
  });

  it('remembers targets where the environment says, each by itself', () => {
    const root = world({s: {a: ''}, [`t${E}`]: {}, [`t${OTHER}`]: {}});
    const env = {XDG_STATE_HOME: path.join(root, `state${E}`)};
    for (const name of [E, OTHER]) done(dirsync(['apply', '--yes', 's', `t${name}`], {cwd: root, env}));
    expect(fs.readdirSync(nameBytes(path.join(root, `state${E}/dirsync/targets`)))).to.have.length(2);
    // Another disk at the path of the first: it is known by the id that was remembered of it.
    fs.renameSync(nameBytes(path.join(root, `t${E}`)), path.join(root, 'away'));
    writeTree(path.join(root, `t${E}`), {old: ''});
    expect(dirsync(['apply', '--yes', 's', `t${E}`], {cwd: root, env}).stderr).to.include('target-lost');
  });

  describe('in a config', () => {
    const YAML = `jobs:
  j:
    source: s
    target: "t\\udce9"
    exclude: ["x\\udce9"]
`;

    it('means them by the form in which JSON shows them', () => {
      const root = world({s: {a: '', [`x${E}`]: ''}, 'c.yaml': YAML, [`t${LOST}`]: {mine: ''}});
      done(dirsync(['run', 'j', '--config', 'c.yaml'], {cwd: root}));
      expect(paths(path.join(root, `t${E}`))).to.deep.equal(['a']);
      expect(paths(path.join(root, `t${LOST}`))).to.deep.equal(['mine']);
      const json = JSON.stringify({jobs: {j: {source: 's', target: `u${E}`}}});
      write(path.join(root, 'c.json'), json);
      done(dirsync(['run', 'j', '--config', 'c.json'], {cwd: root}));
      expect(paths(path.join(root, `u${E}`))).to.deep.equal(['a', shown(`x${E}`)]);
    });

    it('reads a config by such a path, and finds one in such a folder', () => {
      const root = world({
        [`c${E}`]: {s: {a: ''}, 'dirsync.config.yaml': YAML},
        [`c${LOST}`]: {'dirsync.config.yaml': 'jobs: {}\n'},
      });
      const folder = path.join(root, `c${E}`);
      done(dirsync(['run', 'j', '--config', path.join(folder, 'dirsync.config.yaml')]));
      done(dirsync(['run', 'j'], {cwd: folder}));
      done(dirsync(['run', 'j', '--config', `c${E}/dirsync.config.yaml`], {cwd: root}));
      expect(paths(folder)).to.deep.equal(['dirsync.config.yaml', 's', 's/a', shown(`t${E}`), `${shown(`t${E}`)}/a`]);
    });

    it('takes them from variables', () => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a config may hold such texts.
      const root = world({s: {a: ''}, 'c.yaml': 'jobs: {j: {source: s, target: "${DISK}/t", log: ~/l.log}}\n'});
      const env = {DISK: path.join(root, `d${E}`), HOME: path.join(root, `h${E}`)};
      writeTree(env.HOME, {});
      writeTree(env.DISK, {});
      done(dirsync(['run', 'j', '--config', 'c.yaml'], {cwd: root, env}));
      expect(paths(env.DISK)).to.deep.equal(['t', 't/a']);
      expect(paths(env.HOME)).to.deep.equal(['l.log']);
    });

    it('hands them to commands, in variables and as the folder where these start', () => {
      const job = {
        source: 's',
        target: `t${E}`,
        hooks: {
          before: 'printf %s "$DIRSYNC_TARGET" > shell; printf %s "$OWN" > own; [ "$DIRSYNC_HOOK" = before ]',
          after: ['sh', '-c', 'printf %s "$DIRSYNC_TARGET" > "$1"; pwd > pwd', 'sh', 'it is a list'],
          onSuccess: 'cat > document',
        },
      };
      const root = world({[`c${E}`]: {s: {a: ''}, 'c.json': JSON.stringify({jobs: {j: job}})}});
      const folder = path.join(root, `c${E}`);
      const env = {OWN: `a\n"$'\\${E}\n\n`};
      done(dirsync(['run', 'j', '--config', path.join(folder, 'c.json')], {env}));
      const target = nameBytes(path.join(folder, `t${E}`));
      expect(fs.readFileSync(nameBytes(path.join(folder, 'shell')))).to.deep.equal(target);
      expect(fs.readFileSync(nameBytes(path.join(folder, 'it is a list')))).to.deep.equal(target);
      expect(fs.readFileSync(nameBytes(path.join(folder, 'own')))).to.deep.equal(nameBytes(env.OWN));
      expect(fs.readFileSync(nameBytes(path.join(folder, 'pwd')))).to.deep.equal(nameBytes(`${folder}\n`));
      expect(JSON.parse(read(path.join(folder, 'document'))).target).to.equal(path.join(folder, `t${E}`));
    });

    it('watches what it can, and looks at the source each minute otherwise', async () => {
      const root = world({[`s${E}`]: {a: ''}});
      const running = startDirsync(['run', `s${E}`, 't', '--watch'], {cwd: root});
      await running.says('Next run at');
      expect(running.stderr).to.include(
        'changes cannot be detected (the watcher cannot watch a path that is not UTF-8); the source is checked every 1 min 0 s instead',
      );
      expect((await running.kill('SIGTERM')).code).to.equal(143);
      expect(paths(path.join(root, 't'))).to.deep.equal(['a']);
    });

    const REFUSED: readonly {readonly title: string; readonly config: Buffer; readonly name?: string; readonly says: string}[] = [
      {
        title: 'with a byte that is not UTF-8',
        config: nameBytes(`jobs:\n  j:\n    source: s\n    target: t${E}\n`),
        says: 'c.yaml:4: the byte \\xe9 is not UTF-8; if it is intended, write "\\udce9" in double quotes',
      },
      {title: 'in UTF-16', config: Buffer.from('\ufeffjobs: {}\n', 'utf16le'), says: 'c.yaml: it is UTF-16, not UTF-8'},
      {title: 'with a NUL', config: Buffer.from('jobs: {}\n\0'), says: 'c.yaml: it contains a NUL, which no UTF-8 text does'},
      {
        title: 'with a surrogate that represents no byte',
        config: Buffer.from('jobs: {j: {source: s, target: "t\\ud800", exclude: ["\\udc00"]}}\n'),
        says: 'jobs.j.target: "/',
      },
      {
        title: 'with a command that is not UTF-8',
        config: Buffer.from('jobs: {j: {source: s, target: t, hooks: {before: ["rm", "t\\udce9"]}}}\n'),
        says: 'jobs.j.hooks.before[1]: contains a byte that is not UTF-8',
      },
      {
        title: 'in JavaScript, by a path that is not UTF-8',
        config: Buffer.from('export default {}\n'),
        name: `c${E}.mjs`,
        says: 'Node cannot load a module whose path is not UTF-8; write the config as YAML or JSON',
      },
    ];
    for (const {title, config, name = 'c.yaml', says} of REFUSED) {
      it(`refuses one ${title}`, () => {
        const root = world({s: {}});
        write(path.join(root, name), config);
        const {code, stderr} = dirsync(['run', 'j', '--config', name], {cwd: root});
        expect(code).to.equal(1);
        expect(stderr)
          .to.match(/^Error: The config file has a mistake: /)
          .and.include(says);
        expect(paths(root)).to.deep.equal([shown(name), 's']);
      });
    }

    it('skips a byte order mark', () => {
      const root = world({s: {a: ''}, 'c.yaml': '\ufeffjobs: {j: {source: s, target: t}}\n'});
      write(path.join(root, 'c.json'), '\ufeff{"jobs": {"j": {"source": "s", "target": "u"}}}\n');
      for (const file of ['c.yaml', 'c.json']) done(dirsync(['run', 'j', '--config', file], {cwd: root}));
      expect(paths(root)).to.include.members(['t/a', 'u/a']);
    });

    it('writes a first config that means them', () => {
      const root = world({[`s${E}`]: {a: ''}, [`s${LOST}`]: {}});
      done(dirsync(['init', '--job', 'j', '--source', `s${E}`, '--target', `t${E}`, '--exclude', `x${E}`], {cwd: root}));
      done(dirsync(['run', 'j'], {cwd: root}));
      expect(paths(path.join(root, `t${E}`))).to.deep.equal(['a']);
    });

    it('refuses to write them for a scheduler, whose files are text', () => {
      const root = world({s: {}, 'c.json': JSON.stringify({jobs: {j: {source: 's', target: `t${E}`, every: '1h'}}})});
      for (const form of ['--systemd', '--cron', '--launchd']) {
        const {code, stdout, stderr} = dirsync(['schedule', 'print', 'j', '--config', 'c.json', form], {cwd: root});
        expect({code, stdout}, form).to.deep.equal({code: 1, stdout: ''});
        expect(stderr).to.include(`The service cannot be written: ${root}/t\\xe9 is not UTF-8, which no scheduler accepts`);
      }
    });
  });

  describe('in a folder that was deleted', () => {
    /** A shell that goes to a folder and removes it, before the program starts. */
    const under = ['bash', '--norc', '-c', 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', 'bash'];

    it('works with absolute paths', () => {
      const root = world({s: {a: ''}});
      const [source, target] = ['s', 't'].map((name) => path.join(root, name)) as [string, string];
      for (const args of [['plan'], ['apply', '--yes'], ['run'], ['explain', 'a']]) {
        const {code, stderr} = dirsync([...args, source, target], {cwd: root, under});
        expect({code, stderr}, args[0]).to.deep.equal({code: 0, stderr: ''});
      }
      expect(paths(root)).to.deep.equal(['s', 's/a', 't', 't/a']);
    });

    for (const args of [
      ['plan', 's', 't'],
      ['apply', '--yes', 's', 't'],
      ['run', 'j'],
      ['run', '--all'],
      ['init', '--job', 'j'],
    ]) {
      it(`says so to ${args.join(' ')}`, () => {
        const {code, stderr} = dirsync(args, {cwd: world({}), under});
        expect(code).to.equal(1);
        expect(stderr).to.include(
          'Error: The current folder cannot be used: it was deleted\n  go to another folder, or give absolute',
        );
      });
    }

    it('writes no file by a relative path', () => {
      const root = world({s: {a: ''}});
      const both = ['s', 't'].map((name) => path.join(root, name));
      expect(dirsync(['plan', ...both, '--out', 'p'], {cwd: root, under}).code).to.equal(1);
      const {code, stderr} = dirsync(['run', ...both, '-l', 'l'], {cwd: root, under});
      expect(code).to.equal(1);
      expect(stderr).to.include('The current folder cannot be used: it was deleted');
      expect(paths(root)).to.deep.equal(['s', 's/a']);
    });
  });

  describe('where there is no /proc', () => {
    const root = process.geteuid?.() === 0;
    /** A shell that covers it in a mount namespace of its own. */
    const under = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$@"', 'sh'];

    before(function () {
      if (!root || !has('unshare')) skip(this, 'only root may cover /proc, with unshare');
    });

    it('refuses an argument that may stand for other bytes', () => {
      const folder = world({s: {}, [`t${LOST}`]: {mine: ''}});
      for (const name of [E, LOST]) {
        const {code, stderr} = dirsync(['apply', '--yes', 's', `t${name}`], {cwd: folder, under});
        expect(code).to.equal(1);
        expect(stderr).to.include(
          'The command line is not valid: "t\ufffd" contains U+FFFD: it may stand for bytes that are not UTF-8',
        );
      }
      expect(JSON.parse(dirsync(['plan', 's', `t${E}`, '--json'], {cwd: folder, under}).stdout)).to.include({code: 'USAGE'});
      expect(paths(folder)).to.deep.equal(['s', `t${LOST}`, `t${LOST}/mine`]);
    });

    it('refuses such a folder for relative paths, and such a variable', () => {
      const folder = world({s: {}, [`w${E}`]: {}});
      const cwd = path.join(folder, `w${E}`);
      expect(dirsync(['plan', 's', 't'], {cwd, under}).stderr).to.include('The current folder cannot be used: "');
      const both = ['s', 't'].map((name) => path.join(folder, name));
      expect(dirsync(['plan', ...both], {cwd, under}).code).to.equal(0);
      const env = {XDG_STATE_HOME: path.join(folder, `state${E}`)};
      expect(dirsync(['plan', ...both], {env, under}).stderr).to.include(
        'the environment variable "XDG_STATE_HOME" contains U+FFFD',
      );
    });
  });
});
