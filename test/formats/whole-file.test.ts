import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {PRIVATE, removeDrafts, replaceFile, replaceFileSync} from '../../src/formats/whole-file.js';
import {tempDirs} from '../support/temp.js';

describe('formats/whole-file', () => {
  const makeFolder = tempDirs();
  let folder: string;
  const place = (name: string) => path.join(folder, name);
  const modeOf = (file: string) => fs.statSync(file).mode & 0o777;
  const ways = {replaceFile, replaceFileSync};

  beforeEach(() => {
    folder = makeFolder();
  });

  for (const [title, replace] of Object.entries(ways)) {
    describe(title, () => {
      it('replaces the old file, which a reader that has it open can still read', async () => {
        const file = place('file');
        fs.writeFileSync(file, 'old');
        const opened = fs.openSync(file, 'r');
        await replace(file, 'new', {});
        expect(fs.readFileSync(file, 'utf8')).to.equal('new');
        expect(fs.readFileSync(opened, 'utf8')).to.equal('old');
        fs.closeSync(opened);
        expect(fs.readdirSync(folder)).to.deep.equal(['file']);
      });

      it('gives it the mode that is asked for, or that of the old file', async () => {
        const [own, exact, like] = [place('own'), place('exact'), place('like')];
        await replace(own, '', {mode: PRIVATE});
        expect(modeOf(own)).to.equal(0o600);
        await replace(exact, '', {exactMode: 0o666});
        expect(modeOf(exact), 'whatever the umask').to.equal(0o666);
        fs.writeFileSync(like, '');
        fs.chmodSync(like, 0o640);
        await replace(like, 'new', {mode: PRIVATE, like: fs.statSync(like)});
        expect(modeOf(like)).to.equal(0o640);
      });

      it('replaces a symlink, and leaves its target alone', async () => {
        const [link, other] = [place('link'), place('other')];
        fs.writeFileSync(other, 'other');
        fs.symlinkSync(other, link);
        await replace(link, 'new', {});
        expect(fs.lstatSync(link).isFile()).to.equal(true);
        expect(fs.readFileSync(other, 'utf8')).to.equal('other');
      });

      it('leaves no draft if it cannot replace a file', async () => {
        fs.mkdirSync(place('folder/inside'), {recursive: true});
        let thrown: unknown;
        try {
          await replace(place('folder'), 'new', {});
        } catch (error) {
          thrown = error;
        }
        expect(thrown).to.have.property('code', 'EISDIR');
        expect(fs.readdirSync(folder)).to.deep.equal(['folder']);
      });

      it('takes a name as long as any, and one behind a symlink to a folder elsewhere', async () => {
        for (const name of ['n'.repeat(255), '\u{1f4c1}'.repeat(63)]) {
          await replace(place(name), 'new', {});
          expect(fs.readFileSync(place(name), 'utf8')).to.equal('new');
        }
        fs.mkdirSync(place('a/b'), {recursive: true});
        fs.symlinkSync('a/b', place('link'));
        await replace(`${folder}/link/../file`, 'new', {});
        expect(fs.readdirSync(place('a')).sort()).to.deep.equal(['b', 'file']);
      });
    });
  }

  it('takes content in pieces; after an error, the old file is unchanged', async () => {
    const file = place('file');
    await replaceFile(file, ['a', Buffer.from('b')], {});
    expect(fs.readFileSync(file, 'utf8')).to.equal('ab');
    async function* broken() {
      yield 'c';
      throw new Error('no more');
    }
    let thrown: unknown;
    await replaceFile(file, broken(), {}).catch((error: unknown) => {
      thrown = error;
    });
    expect(thrown).to.have.property('message', 'no more');
    expect(fs.readFileSync(file, 'utf8')).to.equal('ab');
    expect(fs.readdirSync(folder)).to.deep.equal(['file']);
  });

  it('removes only old drafts of one file', () => {
    const old = new Date(Date.now() - 3_600_000);
    const [gone, ...kept] = ['x.0123456789ab.tmp', 'xx.0123456789ab.tmp', 'x.0123.tmp', 'x.0123456789ab'] as const;
    for (const name of [gone, ...kept]) {
      fs.writeFileSync(place(name), '');
      fs.utimesSync(place(name), old, old);
    }
    fs.writeFileSync(place('x.ba9876543210.tmp'), '');
    removeDrafts(place('x'));
    expect(fs.readdirSync(folder).sort()).to.deep.equal([...kept, 'x.ba9876543210.tmp'].sort());
  });
});
