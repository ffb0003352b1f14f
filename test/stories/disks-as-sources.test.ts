/** The disks that people have, as sources: a second run has nothing to do, also when the disk was away in between. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, planDocument, planned} from '../support/cli.js';
import {DISKS, type DiskName, disks, needDisk} from '../support/disks.js';
import {remembering} from '../support/guards.js';
import {bash} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';

/** Those that have modes and owners only as their drivers make them up, and how mount(8) calls them. */
const MADE_UP: Partial<Record<DiskName, string>> = {
  exfat: 'fuseblk',
  ntfs: 'fuse',
  'ntfs-ignore-case': 'fuse',
  rclone: 'fuse.rclone',
  fusefat: 'fuse.fusefat',
};

/** Those that cut times to so many seconds. */
const STEPS: Partial<Record<DiskName, number>> = {exfat: 1, sshfs: 1, fusefat: 2};

const CONTENT = `
  mkdir -p Photos/2024 notes
  for i in 1 2 3; do echo "photo $i" >Photos/2024/IMG_$i.jpg; done
  echo task >notes/todo.txt
  echo 'echo hello' >hello.sh
  for two in 'hello.sh again.sh' 'notes/todo.txt notes/again.txt'; do ln $two || cp $two; done 2>&-
  ln -s hello.sh link 2>&- || :
  chmod 600 notes/todo.txt && chown -R 1234:2345 notes 2>&- || :
  touch -d '2024-01-02 03:04:06' Photos/2024/* notes/* *.sh Photos/2024 Photos notes`;

interface Story {
  readonly root: string;
  readonly source: string;
  /** Where its content is written. */
  readonly written: string;
  readonly target: string;
  readonly options: CliOptions;
}

describe('story: the disks that people have, as sources', function () {
  this.timeout(120_000);
  const disk = disks();
  const temp = tempDirs();

  function begin(name: DiskName): Story {
    const root = temp();
    const source = path.join(disk.mount(name, root), 'data');
    // What comes by way of this one is written for some seconds more, and changes meanwhile.
    const written = name === 'rclone' ? path.join(root, 'rclone/far/data') : source;
    fs.mkdirSync(written);
    bash(CONTENT, written);
    disk.remount();
    return {root, source, written, target: path.join(root, 'target'), options: remembering(root)};
  }
  const lines = (text: string) => text.trimEnd().split('\n').sort();
  const holds = (at: string) =>
    lines(bash("find . -path ./.dirsync -prune -o -type l -printf '%P %l\\n' -o -type f -printf '%P %T@ ' -exec cat {} \\;", at));
  const attributes = (at: string) => lines(bash("find . -path ./.dirsync -prune -o ! -type l -printf '%P %m %U:%G\\n'", at));
  /** The names of files that have several, file by file. */
  const linked = (at: string) => {
    const names = new Map<string, string[]>();
    for (const line of lines(bash("find . -path ./.dirsync -prune -o -type f -links +1 -printf '%i %P\\n'", at))) {
      const [inode = '', name = ''] = line.split(' ');
      names.set(inode, [...(names.get(inode) ?? []), name]);
    }
    return [...names.values()].filter(({length}) => length > 1).map((each) => each.sort().join(' '));
  };

  for (const name of DISKS) {
    it(`${name}: settles, and stays so when it was away`, function () {
      needDisk(this, name);
      const {root, source, written, target, options} = begin(name);
      const {code, stdout} = dirsync(['run', source, target, '--format', 'json'], options);
      const {report, plan: first} = JSON.parse(stdout);
      expect({code, problems: report.problems}).to.deep.equal({code: 0, problems: []});
      const type = MADE_UP[name];
      const told = `the modes and owners of the source (${type}) are invented by its driver and are not copied; name them in --preserve to copy them`;
      const warnings = first.warnings.filter((warning: string) => warning.includes('invented by'));
      expect(warnings).to.deep.equal(type === undefined ? [] : [told]);
      expect(holds(target)).to.deep.equal(holds(source));
      if (type === undefined) expect(attributes(target)).to.deep.equal(attributes(source));
      else expect(attributes(target).filter((line) => !/ .[0145][0145] 0:0$/.test(line))).to.deep.equal([]);
      expect(['again.sh hello.sh', 'notes/again.txt notes/todo.txt']).to.include.members(linked(target));
      expect(planned([source, target], options)).to.deep.equal([]);

      // Some do not append.
      fs.writeFileSync(path.join(written, 'hello.sh'), 'echo hello, world\n');
      disk.remount();
      const plan = path.join(root, 'plan.json');
      expect(dirsync(['plan', source, target, '--out', plan], options).code).to.equal(0);
      disk.remount();
      const applied = dirsync(['apply', plan], options);
      const {stderr} = applied;
      expect({code: applied.code, stderr}, `a plan from before it was away: ${applied.stdout}`).to.deep.equal({
        code: 0,
        stderr: '',
      });
      expect(planned([source, target], options), 'nothing to do when it is back').to.deep.equal([]);
      expect(planned([source, target, '--checksum'], options)).to.deep.equal([]);
      expect(holds(target)).to.deep.equal(holds(source));
    });
  }

  for (const [name, more] of [
    ['exfat', ['uid=1000', 'umask=022']],
    ['exfat', ['umask=077']],
    ['ntfs', ['uid=1001', 'umask=077']],
  ] as const) {
    it(`${name}, mounted again with ${more.join()}: nothing to do, and nobody else may write to the copy`, function () {
      needDisk(this, name);
      const {source, target, options} = begin(name);
      expect(dirsync(['run', source, target], options).code).to.equal(0);
      const modes = () => bash('umask 022; stat -c %a:%u hello.sh Photos', target).trim().split('\n');
      expect(modes()).to.deep.equal(['755:0', '755:0']);
      disk.remount(more);
      expect(planned([source, target], options)).to.deep.equal([]);
      expect(planned([source, target, '--preserve', 'mode,owner,times'], options), 'what is named is copied').to.not.deep.equal(
        [],
      );
    });
  }

  for (const [name, step] of Object.entries(STEPS) as [DiskName, number][]) {
    it(`${name}: a copy with less exact times is what the tree has from which it was made`, function () {
      needDisk(this, name);
      const {source, target: home, options} = begin(name);
      fs.mkdirSync(home);
      bash(`${CONTENT}; rm -rf link notes again.sh; find . -exec touch -d '2024-01-02 03:04:06.987654321' {} +`, home);
      bash(`rm -rf * && cp -r --preserve=timestamps '${home}'/. . && touch -r '${home}' .`, source);
      disk.remount();
      const preserve = ['--preserve', 'times'];
      expect(planned([source, home, ...preserve], options), 'there is nothing to restore').to.deep.equal([]);

      // Copied, so the times in the target are whole steps as well.
      fs.rmSync(home, {recursive: true});
      expect(dirsync(['run', source, home, ...preserve], options).code).to.equal(0);
      bash(`echo 'echo HELLO' >hello.sh; touch -d '2024-01-02 03:04:0${6 + step}' hello.sh`, source);
      disk.remount();
      const file = path.join(path.dirname(home), 'plan');
      expect(dirsync(['plan', source, home, ...preserve, '--out', file], options).code).to.equal(0);
      expect(planned([source, home, ...preserve], options)).to.include('update hello.sh');
      bash("touch -d '2024-01-02 03:04:05.5' hello.sh", home);
      expect(dirsync(['apply', file], options).code, 'the target was written to since').to.equal(4);
    });
  }

  it('what was a target tells what it could hold', function () {
    needDisk(this, 'bindfs');
    const {source, target, options} = begin('bindfs');
    const backup = path.join(path.dirname(source), 'backup');
    fs.mkdirSync(backup);
    expect(dirsync(['run', source, backup], options).code).to.equal(0);
    const {header} = planDocument([backup, target], options);
    expect(header.warnings.join()).to.include('the modes and owners of the source (fuse) are invented by its driver');
  });
});
