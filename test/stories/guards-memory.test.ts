import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, handOver, NOBODY, pairIn, startDirsync, withoutChange} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {expectHalted, remembering} from '../support/guards.js';
import {skip} from '../support/skip.js';
import {injecting, needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import type {Tree} from '../support/tree.js';

describe('story: what runs remember', () => {
  const mount = mounts();
  const temp = tempDirs();
  const here = (source: Tree, target?: Tree) => {
    const pair = pairIn(temp(), source, target);
    return {...pair, args: [pair.source, pair.target], options: {...remembering(pair.root), cwd: pair.root}};
  };
  const folderOf = (root: string) => path.join(root, 'state/dirsync/targets');
  const noteOf = (root: string) => path.join(folderOf(root), fs.readdirSync(folderOf(root))[0] as string);

  describe('memory-unreadable', () => {
    for (const [title, spoil] of Object.entries<(note: string) => void>({
      'cut by a power loss': (note) => fs.truncateSync(note, 20),
      'an empty object': (note) => fs.writeFileSync(note, '{}'),
      'a folder': (note) => {
        fs.unlinkSync(note);
        fs.mkdirSync(note);
      },
    })) {
      it(`halts where the note of earlier runs is ${title}, and begins anew when it is let pass`, () => {
        const {root, target, args, options} = here({a: 'x'}, {});
        expect(dirsync(['run', ...args], options).code).to.equal(0);
        fs.renameSync(target, `${target}-away`);
        // Another disk, with files that are nowhere else.
        fs.mkdirSync(target);
        fs.writeFileSync(path.join(target, 'precious'), 'x');
        spoil(noteOf(root));
        expectHalted('memory-unreadable', `is not valid: ${noteOf(root)} (it`, args, options);
        expect(dirsync(['run', ...args, '--no-delete', '--allow', 'memory-unreadable'], options).code).to.equal(0);
        // What it met is what is known now.
        fs.rmSync(path.join(target, '.dirsync'), {recursive: true});
        expectHalted('target-lost', 'it has no .dirsync/id.json', args, options);
      });
    }

    it('halts a saved plan too', () => {
      const {root, target, args, options} = here({a: 'x'}, {});
      const saved = path.join(root, 'plan');
      expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.writeFileSync(noteOf(root), '');
      const {code, stderr} = withoutChange(target, () => dirsync(['apply', saved], options));
      expect({code, stderr}).to.deep.include({code: 5});
      expect(stderr).to.include('memory-unreadable: ');
    });

    it('halts where the user may not read the note, as one that root wrote', function () {
      if (NOBODY === undefined) skip(this, 'root reads everything');
      const {root, source, target, args, options} = here({a: 'x'}, {});
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      handOver(source, target);
      fs.chmodSync(root, 0o755);
      const note = noteOf(root);
      for (let at = path.dirname(note); at !== root; at = path.dirname(at)) fs.chmodSync(at, 0o755);
      expectHalted('memory-unreadable', `${note} (EACCES)`, args, {...options, uid: NOBODY});
    });

    it('halts where the id of the target is damaged, though nothing is remembered, and gives it a new one', () => {
      const {root, target, args, options} = here({a: 'x'}, {});
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.rmSync(path.join(root, 'state'), {recursive: true});
      const file = path.join(target, '.dirsync/id.json');
      fs.writeFileSync(file, '');
      fs.writeFileSync(path.join(root, 'source/b'), 'y');
      expectHalted('memory-unreadable', `is not valid: ${file} (it is not valid JSON, or it is cut off)`, args, options);
      expect(dirsync(['run', ...args, '--allow', 'memory-unreadable'], options).code).to.equal(0);
      expect(JSON.parse(fs.readFileSync(file, 'utf8')).id).to.have.length(36);
      expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
    });
  });

  it('is written by one backend and understood by the other', () => {
    const {source, args, options} = here({a: 'x'}, {});
    const backends = ['posix', 'portable', 'posix', 'portable'];
    for (const [i, DIRSYNC_PLATFORM] of backends.entries()) {
      fs.writeFileSync(path.join(source, 'a'), `x${i}`);
      const {code, stderr} = dirsync(['run', ...args], {...options, env: {...options.env, DIRSYNC_PLATFORM}});
      expect({i, code, stderr}).to.deep.equal({i, code: 0, stderr: ''});
    }
  });

  it('is known to be lost on a full disk: each plan says so, and nothing is left there', function () {
    needMounts(this);
    const {root, args, options} = here({a: 'x'}, {});
    const state = path.join(root, 'state');
    mount.memory(state, 'size=64k');
    fs.mkdirSync(folderOf(root), {recursive: true});
    expect(() => fs.writeFileSync(path.join(state, 'filler'), 'x'.repeat(100_000))).to.throw();
    for (let run = 0; run < 2; run++) {
      const {code, stdout} = dirsync(['run', ...args], options);
      expect(code).to.equal(0);
      expect(stdout).to.include(`Warning: nothing can be remembered in ${folderOf(root)} (ENOSPC)`);
      expect(fs.readdirSync(folderOf(root))).to.deep.equal([]);
    }
  });

  it('ends with 3 and a problem where it could not be written, which no plan had foreseen', () => {
    const {root, source, args, options} = here({a: 'x'}, {});
    expect(dirsync(['run', ...args], options).code).to.equal(0);
    const note = noteOf(root);
    fs.unlinkSync(note);
    fs.mkdirSync(path.join(note, 'kept'), {recursive: true});
    const allowed = ['run', ...args, '--allow', 'memory-unreadable'];
    for (const content of ['y', 'y']) {
      fs.writeFileSync(path.join(source, 'a'), content);
      const {code, stdout} = dirsync(allowed, options);
      expect({code, stdout}).to.deep.include({code: 3});
      expect(stdout).to.include('the findings of this run could not be saved').and.include('(ENOTEMPTY)');
      expect(fs.readdirSync(folderOf(root))).to.deep.equal([path.basename(note)]);
    }
    const {report} = JSON.parse(dirsync([...allowed, '--json'], options).stdout);
    expect(report.problems.map(({code}: {code: string}) => code)).to.deep.equal(['MEMORY_UNWRITABLE']);
  });

  it('knows a target that a run was let pass to, also when that was interrupted', async function () {
    needStrace(this);
    const files = Object.fromEntries(Array.from({length: 300}, (_, i) => [`f${i}`, 'x']));
    const {target, args, options} = here(files, {});
    expect(dirsync(['run', ...args], options).code).to.equal(0);
    fs.renameSync(target, `${target}-away`);
    fs.mkdirSync(target);
    const under = injecting({calls: 'renameat2', does: 'delay_enter=20000'});
    const run = startDirsync(['run', ...args, '--allow', 'target-lost'], {...options, under});
    await run.until(() => fs.existsSync(path.join(target, '.dirsync/id.json')));
    expect(await run.kill('SIGTERM')).to.deep.include({code: 143});
    expect(fs.readdirSync(target)).to.have.length.below(300);
    expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
  });

  describe('nowhere', () => {
    const warning = 'Warning: nothing can be remembered without an absolute path in HOME or XDG_STATE_HOME';
    const told = (options: CliOptions) => {
      const {root, source, target, args} = here({a: 'x'}, {});
      const cwd = path.join(root, 'cwd');
      fs.mkdirSync(cwd);
      fs.chmodSync(root, 0o755);
      const {uid} = options;
      if (uid !== undefined) for (const at of [source, target, cwd]) fs.chownSync(at, uid, uid);
      const {code, stdout, stderr} = dirsync(['run', ...args], {...options, cwd});
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(stdout.split(warning)).to.have.length(2);
      expect(fs.readdirSync(cwd)).to.deep.equal([]);
    };
    const nothing = {XDG_STATE_HOME: undefined, XDG_CONFIG_HOME: undefined, XDG_CACHE_HOME: undefined, SHELL: undefined};

    it('a relative HOME is told, and nothing is written below the working folder', () => {
      told({env: {...nothing, HOME: 'home'}});
    });

    for (const HOME of ['', undefined]) {
      it(`no entry in passwd and HOME ${HOME ?? 'not set'} is told`, function () {
        if (NOBODY === undefined) skip(this, 'only root can be another user');
        told({uid: 54_321, env: {...nothing, HOME}});
      });
    }
  });
});
