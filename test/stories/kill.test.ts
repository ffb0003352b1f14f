import {spawn} from 'node:child_process';
import {randomInt} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {tempDirs} from '../support/temp.js';
import {hardlink, symlink, type Tree, writeTree} from '../support/tree.js';

const PROGRAM = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const KILLS = Number(process.env.KILLS ?? 20);

/** The whole content of each file tells its own path and version, so that a part or a mixture shows. */
function content(name: string, version: number): string {
  return `${name} ${version}\n`.repeat(version + ((name.length * 7919 + Number.parseInt(name.slice(-3), 10) * 104_729) % 9000));
}

function tree(version: number, files: number): Tree {
  const folders: Tree = {};
  for (let i = 0; i < files; i++) {
    const folder = `folder-${i % 40}`;
    folders[folder] ??= {};
    const name = `file-${String(i).padStart(4, '0')}`;
    (folders[folder] as Tree)[name] = content(name, version);
  }
  return {...folders, link: symlink('folder-1'), 'other-name': hardlink('folder-0/file-0000')};
}

/** Every file that stands at its place in the target is one whole version. */
function checkWhole(target: string, versions: readonly number[]): void {
  for (const name of fs.existsSync(target) ? (fs.readdirSync(target, {recursive: true}) as string[]) : []) {
    const base = path.basename(name);
    if (name.startsWith('.dirsync') || !base.startsWith('file-')) continue;
    const found = fs.readFileSync(path.join(target, name), 'utf8');
    expect(
      versions.map((version) => content(base, version)),
      `${name} is torn`,
    ).to.include(found);
  }
}

/** Applies the plan and kills it after so many milliseconds; true when it had ended by itself. */
async function applyAndKill(plan: string, after: number): Promise<boolean> {
  const child = spawn(process.execPath, [PROGRAM, 'apply', plan], {stdio: 'ignore'});
  const ended = new Promise<boolean>((resolve) => child.once('exit', (code) => resolve(code === 0)));
  await Promise.race([ended, delay(after)]);
  child.kill('SIGKILL');
  return ended;
}

describe('story: killed at any moment', function () {
  const temp = tempDirs();
  this.timeout(600_000);

  for (const {title, first, second} of [
    {title: 'a first copy', first: undefined, second: tree(2, 2500)},
    {title: 'updates, deletes and new files', first: tree(1, 2400), second: tree(2, 2500)},
  ]) {
    it(`${title}: ${KILLS} times, then the same plan is applied to its end`, async function () {
      needRsync(this);
      const root = temp();
      const source = path.join(root, 'source');
      const target = path.join(root, 'target');
      const plan = path.join(root, 'plan');
      /** The target as it was when the plan was made; an existing root stays the same folder. */
      const reset = () => {
        for (const name of fs.existsSync(target) ? fs.readdirSync(target) : [])
          fs.rmSync(path.join(target, name), {recursive: true});
        if (first === undefined) fs.rmSync(target, {recursive: true, force: true});
        else writeTree(target, {...first, gone: {a: 'a', b: {c: 'c'}}, 'folder-39': 'a file where a folder will be'});
      };
      writeTree(source, second);
      reset();
      expect(dirsync(['plan', source, target, '--out', plan]).code).to.equal(0);
      let longest = 300;
      for (let kills = 0; kills < KILLS; ) {
        const done = await applyAndKill(plan, randomInt(100, longest));
        checkWhole(target, [1, 2]);
        // A run that was quicker than its kill starts over, so that every kill meets a run at work.
        if (done) reset();
        else kills++;
        longest = done ? 300 : Math.min(1500, longest + 40);
      }
      expect(dirsync(['apply', plan]).code).to.equal(0);
      checkWhole(target, [2]);
      expect(rsyncDifference(source, target)).to.deep.equal([]);
      expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing but the id and the journals').to.have.members([
        'id.json',
        'runs',
      ]);
    });
  }
});
