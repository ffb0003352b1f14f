/** A target that keeps times less exactly than the source never gives a second plan that finds changes. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, planned} from '../support/cli.js';
import {applied, appliedAsSaved, arrived, planOf} from '../support/faithful.js';
import {type FidelityOptions, needFidelityTools} from '../support/fidelity.js';
import {type FilesystemType, makeImage, mountedFilesystem, mounts, needMounts, toolOf} from '../support/filesystems.js';
import {abilities, changeOddTree, common, makeOddTree} from '../support/odd-tree.js';
import {bash, call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

interface Case {
  readonly type: FilesystemType;
  readonly sections: readonly string[];
  readonly judged: FidelityOptions;
}

const CASES: readonly Case[] = [
  {
    type: 'ext4-small-inodes',
    sections: ['modes', 'times', 'owners', 'links', 'symlinks', 'acls', 'specials', 'names', 'plain'],
    // A fraction is cut off, and what is after January 2038 is kept as its last second.
    judged: {timeWindow: 999_999_999n, lastSecond: 2_147_483_647n},
  },
  {
    type: 'vfat',
    sections: ['plain'],
    judged: {
      timeWindow: 2_000_000_000n,
      mode: false,
      owner: false,
      xattrs: false,
      acls: false,
      hardlinks: false,
      specials: false,
      directoryLinks: false,
    },
  },
];

for (const {type, sections, judged} of CASES) {
  describe(`story: a target of coarse times: ${type}`, () => {
    const filesystem = mountedFilesystem(type);
    const temp = tempDirs();

    before(function () {
      needFidelityTools(this);
    });

    function pair() {
      const root = temp();
      const sync = {source: path.join(root, 'source'), target: filesystem.folder()};
      fs.mkdirSync(sync.source);
      const can = common(abilities(root), {...abilities(sync.target), sparse: false});
      makeOddTree(sync.source, {can, sections});
      return {root, sync, can};
    }

    it('a second plan is empty, and so is the next after changes', () => {
      const {root, sync, can} = pair();
      if (type === 'ext4-small-inodes') expect(planOf(sync).header.warnings.join('\n')).to.match(/time/i);
      applied(sync);
      arrived(sync, judged);
      changeOddTree(sync.source, {can, sections});
      appliedAsSaved(sync, root);
      arrived(sync, judged);
    });

    it('a file changed within its size, by times that the target tells apart, is copied', () => {
      const {sync} = pair();
      applied(sync);
      bash('echo tExt >text; touch -d @1600000010.5 text', path.join(sync.source, 'plain'));
      expect(planned([sync.source, sync.target])).to.deep.equal(['update plain/text']);
      applied(sync);
      arrived(sync, judged);
    });
  });
}

describe('story: a target of exact times that does not look it: ext4', () => {
  const mount = mounts();
  const temp = tempDirs();
  const env = {...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`};

  before(function () {
    needMounts(this);
    for (const tool of [toolOf('ext4'), 'debugfs']) if (!has(tool)) skip(this, `${tool} is not installed`);
  });

  for (const {title, fields} of [
    {title: 'made by a tool that gives no birth times', fields: ['<2> crtime 0', '<2> crtime_extra 0']},
    {title: 'its root was last changed by an old ext3', fields: ['<2> extra_isize 4']},
    {title: 'its root was made by a tool that knows small inodes alone', fields: ['<2> extra_isize 0', '<2> crtime 0']},
  ]) {
    it(`${title}: there is nothing to warn of, and a change within a second is copied`, () => {
      const root = temp();
      const [source, target, disk] = ['source', 'target', 'disk'].map((name) => path.join(root, name)) as [
        string,
        string,
        string,
      ];
      writeTree(source, {a: 'one'});
      makeImage('ext4', disk, 16, ['-d', source]);
      for (const field of fields) call('debugfs', ['-w', '-R', `set_inode_field ${field}`, disk], {env});
      mount.image(disk, target);

      expect(planOf({source, target}).header.warnings.join('\n')).to.not.match(/time/i);
      const args = [source, target];
      expect(dirsync(['run', ...args]).code).to.equal(0);
      bash('echo -n two >a; touch -d @1600000010.25 a', source);
      expect(dirsync(['run', ...args]).code).to.equal(0);
      bash('echo -n six >a; touch -d @1600000010.75 a', source);
      expect(planned(args)).to.deep.equal(['update a']);
      expect(dirsync(['run', ...args]).code).to.equal(0);
      expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('six');
      expect(planned(args)).to.deep.equal([]);
    });
  }
});
