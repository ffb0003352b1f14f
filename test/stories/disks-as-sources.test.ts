/** The disks that people have, as sources: a second run has nothing to do, also when the disk was away in between. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, planDocument, planned} from '../support/cli.js';
import {DISKS, type DiskName, disks, needDisk} from '../support/disks.js';
import {remembering} from '../support/guards.js';
import {bash} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';

/** What each has only as its driver makes it up. */
const MADE_UP: Partial<Record<DiskName, string>> = {exfat: 'fuseblk', fusefat: 'fuse.fusefat'};

const CONTENT = `
  mkdir -p Photos/2024 notes
  for i in 1 2 3; do echo "photo $i" >Photos/2024/IMG_$i.jpg; done
  echo task >notes/todo.txt
  echo 'echo hello' >hello.sh
  touch -d '2024-01-02 03:04:06' Photos/2024/* notes/* hello.sh Photos/2024 Photos notes`;

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
  const holds = (at: string) => bash("find . -path ./.dirsync -prune -o -type f -printf '%P %T@ ' -exec cat {} \\;", at);

  for (const name of DISKS) {
    it(`${name}: settles, and stays so when it was away`, function () {
      needDisk(this, name);
      const {root, source, written, target, options} = begin(name);
      const run = () => {
        const {code, stdout} = dirsync(['run', source, target, '--format', 'json'], options);
        const {report, plan} = JSON.parse(stdout);
        expect({code, problems: report.problems}).to.deep.equal({code: 0, problems: []});
        return plan.warnings as string[];
      };
      const warnings = run().filter((warning) => warning.includes('made up'));
      const type = MADE_UP[name];
      const told = `the modes and owners of the source (${type}) are made up by its driver and not copied; name them in --preserve to copy them`;
      expect(warnings).to.deep.equal(type === undefined ? warnings : [told]);
      expect(holds(target).split('\n').sort()).to.deep.equal(holds(source).split('\n').sort());
      expect(planned([source, target], options)).to.deep.equal([]);

      // Some do not append.
      fs.writeFileSync(path.join(written, 'hello.sh'), 'echo hello, world\n');
      disk.remount();
      const plan = path.join(root, 'plan.json');
      expect(dirsync(['plan', source, target, '--out', plan], options).code).to.equal(0);
      disk.remount();
      const {code, stdout, stderr} = dirsync(['apply', plan], options);
      expect({code, stderr}, `a plan from before it was away: ${stdout}`).to.deep.equal({code: 0, stderr: ''});
      expect(planned([source, target], options), 'nothing to do when it is back').to.deep.equal([]);
      expect(planned([source, target, '--checksum'], options)).to.deep.equal([]);
    });
  }

  for (const [name, more] of [
    ['exfat', ['uid=1000', 'umask=022']],
    ['exfat', ['umask=077']],
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

  it('a backup on exFAT of whole seconds is what the tree has from which it was made', function () {
    needDisk(this, 'exfat');
    const {source, target, options} = begin('exfat');
    // Made on the disk, with exact times, and copied there.
    const home = path.join(temp(), 'home');
    fs.mkdirSync(home);
    bash(`${CONTENT}; touch -d '2024-01-02 03:04:05.123456789' hello.sh`, home);
    const backup = path.join(path.dirname(source), 'backup');
    expect(dirsync(['run', home, backup], options).code).to.equal(0);
    expect(planned([backup, home], options), 'there is nothing to restore').to.deep.equal([]);
    fs.appendFileSync(path.join(home, 'hello.sh'), 'spoilt');
    expect(planned([backup, home], options)).to.deep.equal(['update hello.sh']);
    expect(target).to.not.equal(home);
  });

  it('what was a target tells what it could hold', function () {
    needDisk(this, 'bindfs');
    const {source, target, options} = begin('bindfs');
    const backup = path.join(path.dirname(source), 'backup');
    fs.mkdirSync(backup);
    expect(dirsync(['run', source, backup], options).code).to.equal(0);
    const {header} = planDocument([backup, target], options);
    expect(header.warnings.join()).to.include('the modes and owners of the source (fuse) are made up by its driver');
  });
});
