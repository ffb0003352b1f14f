import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {HeldNames} from '../../src/core/abilities.js';
import {CODE, emptyStat, kindOf} from '../../src/core/block.js';
import {fromByteName, toByteName} from '../../src/core/name.js';
import {emptyRow, errnoOf, type Folder, type ListedEntry, type View} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {Views} from '../../src/platform/views.js';
import {ABLE} from '../support/plan.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, fifo, file, symlink, type Tree, writeTree} from '../support/tree.js';

const NAMES: HeldNames = {...ABLE.names, refused: ':?', ends: '.'};

for (const backend of ['posix', 'portable'] as const) {
  describe(`platform/views: ${backend}`, () => {
    const temp = tempDirs();
    let views: Views;
    const opened: Folder[] = [];

    before(function () {
      if (backend === 'posix' && process.platform !== 'linux') skip(this, 'the posix backend runs on Linux');
      views = new Views(backend === 'posix' ? new PosixPlatform() : new PortablePlatform());
    });
    afterEach(() => {
      for (const folder of opened.splice(0).reverse()) views.close(folder);
    });

    const name = toByteName;
    function shown(tree: Tree, view: View): {root: string; folder: Folder} {
      const root = temp();
      writeTree(root, tree);
      const folder = views.openRoot(name(root));
      opened.push(folder);
      views.show(folder, view);
      return {root, folder};
    }
    function within(parent: Folder, at: string): Folder {
      const folder = views.openFolder(parent, name(at));
      opened.push(folder);
      return folder;
    }
    /** What is listed, as `name kind size`, with what could not be read. */
    function listed(folder: Folder): string[] {
      const rows: ListedEntry[] = [emptyRow()];
      const count = views.list(folder, rows);
      return rows
        .slice(0, count)
        .map((row) => {
          const kind = kindOf(row.code) ?? row.fault;
          return `${fromByteName(row.name)} ${kind}${kind === 'file' ? ` ${row.size}` : ''}`;
        })
        .sort();
    }
    const codeOf = (act: () => unknown) => {
      try {
        act();
        return undefined;
      } catch (error) {
        return errnoOf(error);
      }
    };
    const text = (folder: Folder, at: string) => Buffer.from(views.readFile(folder, name(at), 100) ?? []).toString();

    describe('names that are escaped', () => {
      it('are read with their real names, also in folders below', () => {
        const {folder} = shown({'a%3Ab': 'ab', 'dir%3F': {'end%2E': 'end'}, 'plain%20': ''}, {names: NAMES});
        expect(listed(folder)).to.deep.equal(['a:b file 2', 'dir? directory', 'plain%20 file 0']);
        const below = within(folder, 'dir?');
        expect(views.names(below).map(fromByteName)).to.deep.equal(['end.']);
        expect(text(below, 'end.')).to.equal('end');
      });

      it('are written by everything that is done with a name', () => {
        const {root, folder} = shown({old: 'old', 'gone%3F': '', dir: {}}, {names: NAMES});
        views.makeFolder(folder, name('f:'), 0o700);
        views.writeFile(folder, name('w:'), Buffer.from('w'));
        views.close(views.createFile(folder, name('c:')));
        views.makeLink(folder, name('old'), folder, name('l:'));
        views.makeSymlink(folder, name('s:'), name('x:y'), {});
        views.move({from: folder, name: name('old'), to: within(folder, 'dir'), as: name('m.'), replace: false});
        views.setAttributes(folder, name('w:'), CODE.file, {mode: 0o640});
        views.removeFile(folder, name('gone?'));
        views.copyFile({
          ...{
            from: folder,
            name: name('w:'),
            to: folder,
            as: name('k:'),
            attributes: {},
            fsync: 'none',
            sparse: true,
            live: false,
          },
          accept: () => true,
          onBytes: () => true,
        });
        expect(views.sameContent({a: folder, aName: name('w:'), b: folder, bName: name('k:'), goOn: () => true})).to.equal(true);
        expect(fromByteName(views.readLink(folder, name('s:'))), 'what a link says stays').to.equal('x:y');
        expect(views.stat(folder, name('k:'), emptyStat())).to.equal(true);
        expect(fs.readdirSync(root).sort()).to.deep.equal(['c%3A', 'dir', 'f%3A', 'k%3A', 'l%3A', 's%3A', 'w%3A']);
        expect(fs.readdirSync(path.join(root, 'dir'))).to.deep.equal(['m%2E']);
        expect(fs.statSync(path.join(root, 'w%3A')).mode & 0o777).to.equal(0o640);
        if (views.exchange(folder, name('w:'), folder, name('c:'))) expect(text(folder, 'c:')).to.equal('w');
        views.removeFolder(folder, name('f:'));
        expect(fs.existsSync(path.join(root, 'f%3A'))).to.equal(false);
        if (!views.preservesAll) return;
        views.makeNode({folder, name: name('p:'), code: CODE.fifo, major: 0, minor: 0, attributes: {}});
        expect(fs.lstatSync(path.join(root, 'p%3A')).isFIFO()).to.equal(true);
      });

      it('that nothing is written as are not known, and not found', () => {
        const {folder} = shown({'what?': '', fine: ''}, {names: NAMES});
        expect(listed(folder)).to.deep.equal(['fine file 0', 'what? NAME_UNCLEAR']);
        expect(views.names(folder).map(fromByteName)).to.deep.equal(['fine']);
        expect(views.stat(folder, name('what?'), emptyStat())).to.equal(false);
      });

      it('"." is the folder itself, and nothing is read as it', () => {
        const {folder} = shown({'a:': file('x'), '.%2E': file('out'), '%2E': file('self')}, {names: {...NAMES, refused: '?'}});
        expect(listed(within(folder, '.'))).to.deep.equal(['%2E NAME_UNCLEAR', '.%2E NAME_UNCLEAR', 'a: file 1']);
      });
      it('that are read as one name are one unknown row', () => {
        const {folder} = shown({'what?': 'one', 'what%3F': 'another', fine: ''}, {names: NAMES});
        expect(listed(folder)).to.deep.equal(['fine file 0', 'what? NAME_UNCLEAR']);
      });

      it('whose digits are in lower case are read where the target takes both for one', () => {
        const {folder} = shown({'a%3ab': '', 'c%3ad': '', 'c%3Ad': ''}, {names: NAMES});
        expect(listed(folder), 'not here').to.deep.equal(['a%3ab NAME_UNCLEAR', 'c%3ad NAME_UNCLEAR', 'c:d file 0']);
      });

      it('stay as they are in the folder of dirsync itself', () => {
        const {folder} = shown({'.dirsync': {'a%3Ab': ''}, sub: {'.dirsync': {'a%3Ab': ''}}}, {names: NAMES});
        expect(listed(within(folder, '.dirsync'))).to.deep.equal(['a%3Ab file 0']);
        expect(listed(within(within(folder, 'sub'), '.dirsync'))).to.deep.equal(['a:b file 0']);
      });

      it('stay as they are in trees that are not shown so', () => {
        const {folder} = shown({'a%3Ab': ''}, {});
        expect(listed(folder)).to.deep.equal(['a%3Ab file 0']);
        expect(codeOf(() => views.openFile(folder, name('a:b')))).to.equal('ENOENT');
      });
    });

    const LINKS: Tree = {
      file: 'content',
      far: symlink('sub/deep/file'),
      near: symlink('./file'),
      folder: symlink('sub'),
      chain: symlink('near'),
      out: symlink('../outside'),
      absolute: symlink('/etc/passwd'),
      nowhere: symlink('missing'),
      self: symlink('self'),
      root: symlink('.'),
      pipe: symlink('fifo'),
      own: symlink('.dirsync/id.json'),
      wrong: symlink('file/x'),
      '.dirsync': {'id.json': '{}'},
      fifo: fifo(),
      sub: {deep: {file: 'deep', up: symlink('../../file'), back: symlink('..'), aside: symlink('../../other')}},
      other: {cross: symlink('../sub'), there: 'there'},
    };

    describe('links that are shown as their targets', () => {
      it('are files and folders if these are in the tree and not above the link', () => {
        const {folder} = shown(LINKS, {links: 'content'});
        const rows = listed(folder).filter((row) => !/^(fifo|sub|other|file|\.dirsync) /.test(row));
        const links = ['absolute', 'nowhere', 'out', 'own', 'pipe', 'root', 'self', 'wrong'].map((link) => `${link} symlink`);
        const followed = ['chain file 7', 'far file 4', 'folder directory', 'near file 7'];
        expect(rows).to.deep.equal([...followed, ...links].sort());
      });

      it('are read through, also in folders that a link leads to', () => {
        const {folder} = shown(LINKS, {links: 'content'});
        expect(text(folder, 'chain')).to.equal('content');
        const deep = within(within(folder, 'folder'), 'deep');
        expect(listed(deep)).to.deep.equal(['aside directory', 'back symlink', 'file file 4', 'up file 7']);
        expect(text(deep, 'up')).to.equal('content');
        const aside = within(deep, 'aside');
        expect(listed(aside), 'that leads back').to.deep.equal(['cross symlink', 'there file 5']);
        expect(codeOf(() => views.openFolder(aside, name('cross')))).to.be.oneOf(['ELOOP', 'ENOTDIR']);
      });

      it('have the attributes of their targets', () => {
        const {root, folder} = shown({it: file('x', {mode: 0o640}), link: symlink('it')}, {links: 'content'});
        const stat = emptyStat();
        expect(views.stat(folder, name('link'), stat)).to.equal(true);
        expect({code: stat.code, mode: stat.mode, size: stat.size}).to.deep.equal({code: CODE.file, mode: 0o640, size: 1});
        expect(BigInt(stat.inodeLow)).to.equal(BigInt(fs.statSync(path.join(root, 'it')).ino) & 0xffffffffn);
        const same = (aName: string) =>
          views.sameContent({a: folder, aName: name(aName), b: folder, bName: name('it'), goOn: () => true});
        expect(same('link')).to.equal(true);
      });

      it('are not followed out of the tree by a folder on the way that is swapped', () => {
        const root = temp();
        writeTree(root, {outside: {secret: 'secret'}, tree: {sub: {secret: 'ours'}, link: symlink('sub/secret')}});
        const folder = views.openRoot(name(path.join(root, 'tree')));
        opened.push(folder);
        views.show(folder, {links: 'content'});
        fs.rmSync(path.join(root, 'tree/sub'), {recursive: true});
        fs.symlinkSync('../outside', path.join(root, 'tree/sub'));
        expect(codeOf(() => views.openFile(folder, name('link')))).to.equal('ELOOP');
      });

      // Where /proc counts what is open.
      const onPosix = backend === 'posix' ? it : () => {};
      onPosix('leave nothing open', () => {
        const {folder} = shown(LINKS, {links: 'content'});
        const count = () => fs.readdirSync('/proc/self/fd').length;
        const before = count();
        listed(folder);
        for (const link of Object.keys(LINKS)) {
          views.stat(folder, name(link), emptyStat());
          codeOf(() => views.close(views.openFolder(folder, name(link))));
        }
        expect(count()).to.equal(before);
      });
    });

    describe('links that are shown as text', () => {
      it('are small files', () => {
        const {folder} = shown({sub: {link: symlink('../x', {mtime: 5n})}, bad: symlink('\udcff')}, {links: 'text'});
        expect(listed(folder)).to.deep.equal(['bad file 1', 'sub directory']);
        const sub = within(folder, 'sub');
        const stat = emptyStat();
        expect(views.stat(sub, name('link'), stat)).to.equal(true);
        expect({code: stat.code, mode: stat.mode, size: stat.size}).to.deep.equal({code: CODE.file, mode: 0o644, size: 4});
      });

      const copy = (from: Folder, to: Folder, {go = true, accepts = true, attributes = {}} = {}) =>
        views.copyFile({
          ...{from, name: name('link'), to, as: name('copy'), attributes, fsync: 'any', sparse: true, live: false},
          accept: (stat) => accepts && stat.code === CODE.file,
          onBytes: () => go,
        });

      it('are copied and compared as such', () => {
        const {root, folder} = shown({link: symlink('to/\udcff'), to: dir({})}, {links: 'text'});
        const to = views.openRoot(name(path.join(root, 'to')));
        opened.push(to);
        expect(copy(folder, to, {attributes: {mode: 0o600, mtime: 1_000_000_000n}})).to.equal('copied');
        const copied = path.join(root, 'to/copy');
        expect(fs.readFileSync(copied)).to.deep.equal(Buffer.from('to/\xff', 'latin1'));
        expect(fs.statSync(copied).mtimeMs).to.equal(1000);
        const same = () => views.sameContent({a: folder, aName: name('link'), b: to, bName: name('copy'), goOn: () => true});
        expect(same()).to.equal(true);
        fs.appendFileSync(copied, 'x');
        expect(same()).to.equal(false);
        fs.rmSync(copied);
        expect(same()).to.equal(false);
      });

      it('leave nothing behind if the copy is refused or stopped', () => {
        const {root, folder} = shown({link: symlink('x'), to: dir({})}, {links: 'text'});
        const to = within(folder, 'to');
        expect(copy(folder, to, {accepts: false})).to.equal('refused');
        expect(copy(folder, to, {go: false})).to.equal('stopped');
        expect(fs.readdirSync(path.join(root, 'to'))).to.deep.equal([]);
      });
    });
  });
}
