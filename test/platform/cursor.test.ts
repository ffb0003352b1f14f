import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {Cursor} from '../../src/platform/cursor.js';
import {type Platform, SystemError} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {steppedClock} from '../support/clock.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

const FILE = 'a/b/file' as RelPath;
/** For so long a way that was looked at is trusted, in milliseconds. */
const TRUSTED = 1;

for (const make of [() => new PosixPlatform(), () => new PortablePlatform()]) {
  const platform = make();

  describe(`a cursor that stands in a folder, ${platform.name}`, () => {
    const mount = mounts();
    const temp = tempDirs();
    const clock = steppedClock();

    it('enters no folder on which something must be mounted, and is not', function () {
      needMounts(this);
      const root = path.join(temp(), 'root');
      writeTree(root, {a: {b: {file: 'below'}}});
      mount.memory(path.join(root, 'a/b'));
      fs.writeFileSync(path.join(root, FILE), 'above');
      const folder = platform.openRoot(toByteName(root));
      const cursor = new Cursor(platform, folder, undefined, new Set(['a/b' as RelPath]));
      const content = () => {
        const place = cursor.find(FILE);
        const text = place && Buffer.from(platform.readFile(place.folder, place.name, 100) as Uint8Array).toString();
        cursor.reset();
        return text;
      };
      expect(content()).to.equal('above');
      mount.undo();
      expect(content).to.throw().with.property('code', 'ENODEV');
      expect(cursor.find('a/b' as RelPath)?.name, 'what it is in is open').to.equal('b');
      cursor.reset();
      platform.close(folder);
    });

    it('does not treat an unreadable folder as an obstacle', () => {
      const root = path.join(temp(), 'root');
      writeTree(root, {a: {b: {file: 'content'}}, link: {}});
      const folder = platform.openRoot(toByteName(root));
      const refusing = (code: string): Platform =>
        Object.create(platform, {
          openFolder: {
            value() {
              throw new SystemError(code, 'openat');
            },
          },
        });
      for (const code of ['EMFILE', 'ENFILE', 'EACCES', 'EIO', 'ENOMEM']) {
        const cursor = new Cursor(refusing(code), folder);
        expect(() => cursor.obstacleAbove(FILE), code)
          .to.throw()
          .with.property('code', code);
        expect(() => cursor.find(FILE), code)
          .to.throw()
          .with.property('code', code);
      }
      expect(new Cursor(refusing('ENOTDIR'), folder).obstacleAbove(FILE)).to.equal('a');
      expect(new Cursor(refusing('ENOENT'), folder).obstacleAbove(FILE)).to.equal(undefined);
      platform.close(folder);
    });

    it('keeps a folder open that was moved away, until another one is requested', () => {
      const root = path.join(temp(), 'root');
      writeTree(root, {a: {b: {file: 'content'}}, c: {}});
      const folder = platform.openRoot(toByteName(root));
      const cursor = new Cursor(platform, folder);
      const {folder: held} = cursor.place(FILE);
      away(root, 'a');
      clock.pass(TRUSTED + 0.5);
      expect(cursor.find(FILE)).to.equal(undefined);
      const opened = platform.openFolder(folder, toByteName('c'));
      expect(opened, 'the descriptor is not given to another').to.not.equal(held);
      platform.close(opened);
      cursor.reset();
      platform.close(folder);
    });

    it('trusts a path for a millisecond, but not before something is destroyed', () => {
      const root = path.join(temp(), 'root');
      writeTree(root, {a: {b: {file: 'content'}}});
      const folder = platform.openRoot(toByteName(root));
      const cursor = new Cursor(platform, folder);
      clock.pass(TRUSTED + 0.5);
      const {folder: held} = cursor.place(FILE);
      away(root, 'a');
      clock.pass(TRUSTED);
      expect(cursor.place(FILE).folder, 'one system call for each file of a folder is spared').to.equal(held);
      expect(() => cursor.place(FILE, true)).to.throw('ENOENT');
      expect(cursor.find(FILE), 'what was found out is known').to.equal(undefined);
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
      it(title, () => {
        const root = path.join(temp(), 'root');
        writeTree(root, {a: {b: {file: 'content', other: ''}}});
        const folder = platform.openRoot(toByteName(root));
        const cursor = new Cursor(platform, folder);
        cursor.place('a/b/other' as RelPath);
        change(root);
        clock.pass(TRUSTED + 0.5);
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
