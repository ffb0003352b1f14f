import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {Cursor} from '../../src/platform/cursor.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

const FILE = 'a/b/file' as RelPath;

for (const make of [() => new PosixPlatform(), () => new PortablePlatform()]) {
  const platform = make();

  describe(`a cursor that stands in a folder, ${platform.name}`, () => {
    const temp = tempDirs();
    it('keeps a folder open that is gone from its place, until it is asked for another', async () => {
      const root = path.join(temp(), 'root');
      writeTree(root, {a: {b: {file: 'content'}}, c: {}});
      const folder = platform.openRoot(toByteName(root));
      const cursor = new Cursor(platform, folder);
      const {folder: held} = cursor.place(FILE);
      away(root, 'a');
      await delay(10);
      expect(cursor.find(FILE)).to.equal(undefined);
      const opened = platform.openFolder(folder, toByteName('c'));
      expect(opened, 'the descriptor is not given to another').to.not.equal(held);
      platform.close(opened);
      cursor.reset();
      platform.close(folder);
    });

    const changes: {title: string; change: (root: string) => void; found: boolean}[] = [
      {title: 'finds the file while nothing changes', change: () => {}, found: true},
      {title: 'does not follow a folder out of the tree', change: (root) => away(root, 'a/b'), found: false},
      {title: 'does not follow the folder above out of the tree', change: (root) => away(root, 'a'), found: false},
      {
        title: 'does not follow a symlink to where the folder now is',
        change(root) {
          away(root, 'a/b');
          fs.symlinkSync(`${root}-away`, path.join(root, 'a/b'));
        },
        found: false,
      },
      {
        title: 'finds the file in the folder that took the place',
        change(root) {
          away(root, 'a');
          writeTree(root, {a: {b: {file: 'another'}}});
        },
        found: true,
      },
    ];
    for (const {title, change, found} of changes) {
      it(title, async () => {
        const root = path.join(temp(), 'root');
        writeTree(root, {a: {b: {file: 'content', other: ''}}});
        const folder = platform.openRoot(toByteName(root));
        const cursor = new Cursor(platform, folder);
        cursor.place('a/b/other' as RelPath);
        change(root);
        await delay(10);
        const place = cursor.find(FILE);
        const content = place && platform.readFile(place.folder, place.name, 100);
        const expected = found ? fs.readFileSync(path.join(root, FILE), 'utf8') : undefined;
        expect(content && Buffer.from(content).toString()).to.equal(expected);
        cursor.reset();
        platform.close(folder);
      });
    }
  });
}

function away(root: string, folder: string): void {
  fs.renameSync(path.join(root, folder), `${root}-away`);
}
