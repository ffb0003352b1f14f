/** Everything arrives as it was, on each file system that a machine of ours may have. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applied, appliedAsSaved, arrived, nothingLeft} from '../support/faithful.js';
import {type FidelityOptions, fidelityDifference, needFidelityTools, sparseDifference} from '../support/fidelity.js';
import {FILESYSTEMS, type FilesystemType, mountedFilesystem} from '../support/filesystems.js';
import {
  type Abilities,
  abilities,
  changeOddTree,
  common,
  makeDeepTree,
  makeOddTree,
  makeWideFolder,
  removeDeepTree,
  restoreSpecials,
} from '../support/odd-tree.js';
import {call} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';

/** btrfs counts no folders in a folder's links. */
const judged = (type: FilesystemType): FidelityOptions => ({directoryLinks: type !== 'btrfs'});

for (const type of FILESYSTEMS) {
  describe(`story: everything arrives as it was: ${type}`, function () {
    this.timeout(300_000);
    const filesystem = mountedFilesystem(type);
    const temp = tempDirs();

    before(function () {
      needFidelityTools(this);
    });

    /** An odd tree in a temporary folder, and an empty target in the file system. */
    function pair() {
      const root = temp();
      const source = path.join(root, 'source');
      const target = filesystem.folder();
      fs.mkdirSync(source);
      const can: Abilities = common(abilities(root), abilities(target));
      makeOddTree(source, {can});
      return {root, source, target, can};
    }

    it('a fresh target, then a bit of everything changed, and changed back', () => {
      const {source, target, can} = pair();
      const sync = {source, target};
      applied(sync);
      arrived(sync, judged(type));
      expect(sparseDifference(source, target), 'holes').to.deep.equal([]);
      changeOddTree(source, {can});
      applied(sync);
      arrived(sync, judged(type));
      expect(sparseDifference(source, target), 'holes after a change').to.deep.equal([]);
      restoreSpecials(source);
      applied(sync);
      arrived(sync, judged(type));
      expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing but the id and the journals').to.have.members([
        'abilities.json',
        'id.json',
        'last.manifest',
        'runs',
      ]);
    });

    it('the same by saved plans, each applied twice', () => {
      const {root, source, target, can} = pair();
      const sync = {source, target};
      appliedAsSaved(sync, root);
      arrived(sync, judged(type));
      changeOddTree(source, {can});
      appliedAsSaved(sync, root);
      arrived(sync, judged(type));
    });

    it('what somebody changed in the target is put right', () => {
      const {source, target, can} = pair();
      const sync = {source, target};
      const options = ['-aHAXS', '--numeric-ids', '--modify-window=-1', '--filter=-x system.*', '--filter=-x trusted.SGI_ACL_*'];
      call('rsync', [...options, `${source}/`, `${target}/`]);
      nothingLeft(sync);
      changeOddTree(target, {can});
      applied(sync);
      arrived(sync, judged(type));
    });

    it('a target that rsync or cp made is left as it is', () => {
      const {source, target} = pair();
      call('cp', ['-a', '--sparse=always', '--reflink=never', `${source}/.`, target]);
      arrived({source, target}, judged(type));
    });
  });

  describe(`story: deep and wide trees arrive: ${type}`, function () {
    this.timeout(300_000);
    const filesystem = mountedFilesystem(type, {mebibytes: 1024});
    const sources = mountedFilesystem(type === 'tmpfs' ? 'ext4' : 'tmpfs', {mebibytes: 1024});

    before(function () {
      needFidelityTools(this);
    });

    // getfattr and getfacl know only whole paths.
    const byFind: FidelityOptions = {...judged(type), xattrs: false, acls: false};

    for (const {title, levels, nameLength} of [
      {title: 'folders 500 levels deep', levels: 500, nameLength: 1},
      {title: 'paths longer than PATH_MAX', levels: 40, nameLength: 200},
    ]) {
      it(title, () => {
        const [source, target] = [sources.folder(), filesystem.folder()];
        makeDeepTree(source, levels, nameLength);
        applied({source, target});
        expect(fidelityDifference(source, target, byFind)).to.deep.equal([]);
        nothingLeft({source, target});
        removeDeepTree(source);
        makeDeepTree(source, Math.floor(levels / 2), nameLength);
        applied({source, target});
        expect(fidelityDifference(source, target, byFind), 'its lower half deleted').to.deep.equal([]);
        nothingLeft({source, target});
      });
    }

    const files = type === 'ext4' ? 200_000 : 20_000;
    it(`${files} files in one folder`, () => {
      const [source, target] = [sources.folder(), filesystem.folder()];
      makeWideFolder(source, files);
      applied({source, target, flags: ['--fsync', 'none']});
      expect(fidelityDifference(source, target, byFind)).to.deep.equal([]);
      nothingLeft({source, target});
    });
  });
}
