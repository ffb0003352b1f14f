/** What arrives with the portable backend: less, which is said, and never a second plan that finds changes. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applied, appliedAsSaved, arrived, planOf} from '../support/faithful.js';
import {bytesOnDisk, type FidelityOptions, needFidelityTools} from '../support/fidelity.js';
import {FILESYSTEMS, mountedFilesystem} from '../support/filesystems.js';
import {abilities, changeOddTree, common, makeOddTree} from '../support/odd-tree.js';
import {tempDirs} from '../support/temp.js';

// Node takes times as numbers of seconds: near the year 2400 they have steps of two microseconds.
const JUDGED: FidelityOptions = {xattrs: false, acls: false, specials: false, timeWindow: 2000n};
const cli = {env: {DIRSYNC_PLATFORM: 'portable'}};

for (const type of FILESYSTEMS) {
  describe(`story: everything arrives that the portable backend keeps: ${type}`, function () {
    this.timeout(120_000);
    const filesystem = mountedFilesystem(type, {mebibytes: 1536});
    const temp = tempDirs();
    const options = {...JUDGED, directoryLinks: type !== 'btrfs'};

    before(function () {
      needFidelityTools(this);
    });

    function pair() {
      const root = temp();
      const sync = {source: path.join(root, 'source'), target: filesystem.folder(), cli};
      fs.mkdirSync(sync.source);
      // No file of 1 GiB: its holes would be written.
      const can = common(abilities(root), {...abilities(sync.target), sparse: false});
      makeOddTree(sync.source, {can});
      return {root, sync, can};
    }

    it('a fresh target, then a bit of everything changed', () => {
      const {root, sync, can} = pair();
      const {warnings} = planOf(sync).header;
      for (const word of [/xattr|attribute/i, /ACL/, /FIFO|socket|device|special/i, /microsecond/, /sparse|hole/i]) {
        expect(
          warnings.filter((warning) => word.test(warning)),
          `${word} in ${JSON.stringify(warnings)}`,
        ).to.have.length.greaterThan(0);
      }
      expect(new Set(warnings).size, 'each said once').to.equal(warnings.length);
      applied(sync);
      arrived(sync, options);
      expect(bytesOnDisk(path.join(sync.target, 'sparse/plain'))).to.be.greaterThan(0);
      changeOddTree(sync.source, {can});
      appliedAsSaved(sync, root);
      arrived(sync, options);
    });

    it('after the exact backend there is nothing to do, nor the other way round', () => {
      const {sync} = pair();
      const exact = {source: sync.source, target: sync.target};
      applied(exact);
      arrived(sync, options);
      arrived(exact, {directoryLinks: type !== 'btrfs'});
    });
  });
}
