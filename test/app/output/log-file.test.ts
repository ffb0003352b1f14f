import {spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {LogFile, type Rotation} from '../../../src/app/output/log-file.js';
import {mounts, needMounts} from '../../support/filesystems.js';
import {call} from '../../support/shell.js';
import {skip} from '../../support/skip.js';
import {tempDirs} from '../../support/temp.js';

const DAY = 86_400_000;
const NEVER: Rotation = {maxSize: 1 << 30, maxAge: undefined, maxFiles: 3};

describe('app/output/log-file', () => {
  const mount = mounts();
  const temp = tempDirs();
  let now = 0;
  let troubles: string[] = [];
  beforeEach(() => {
    now = Date.parse('2026-11-23T16:00:00.000Z');
    troubles = [];
  });

  function open(name: string, rotation: Partial<Rotation> = {}): LogFile {
    const file = new LogFile(name, {now: () => new Date(now), onTrouble: (message) => troubles.push(message)});
    file.open({...NEVER, ...rotation});
    return file;
  }

  const line = (text: string) => `${new Date(now).toISOString()} ${text}\n`;
  const read = (name: string) => fs.readFileSync(name, 'utf8');
  const linesOf = (...names: readonly string[]) => names.flatMap((name) => read(name).split('\n').slice(0, -1));

  it('begins anew before a line that is too much, and loses and tears none', () => {
    const log = path.join(temp(), 'log');
    const file = open(log, {maxSize: 1000, maxFiles: 200});
    for (let i = 0; i < 1000; i++) file.write(line(`line ${i} ${'é'.repeat(i % 40)}`));
    const count = fs.readdirSync(path.dirname(log)).length;
    const names = Array.from({length: count}, (_, i) => (i === 0 ? log : `${log}.${i}`)).reverse();
    expect(linesOf(...names).map((text) => text.split(' ')[2])).to.deep.equal(Array.from({length: 1000}, (_, i) => String(i)));
    for (const name of names) expect(fs.statSync(name).size).to.be.within(name === log ? 1 : 850, 1000);
    expect(fs.statSync(log).mode & 0o777).to.equal(0o640 & ~process.umask());
    expect(troubles).to.deep.equal([]);
    file.close();
  });

  for (const mode of [0o600, 0o640, 0o644]) {
    it(`keeps the mode ${mode.toString(8)} where it begins anew or makes it again`, () => {
      const log = path.join(temp(), 'log');
      fs.writeFileSync(log, 'old\n');
      fs.chmodSync(log, mode);
      const file = open(log, {maxSize: 1});
      for (const text of ['one\n', 'two\n']) file.write(text);
      for (const name of [log, `${log}.1`, `${log}.2`]) expect(fs.statSync(name).mode & 0o777, name).to.equal(mode);
      fs.unlinkSync(log);
      file.write('three\n');
      expect(fs.statSync(log).mode & 0o777).to.equal(mode & ~process.umask());
      file.close();
    });
  }

  it('keeps the owner and group where root begins it anew', function () {
    if (process.geteuid?.() !== 0) skip(this, 'root');
    const log = path.join(temp(), 'log');
    fs.writeFileSync(log, 'old\n');
    fs.chownSync(log, 1234, 5678);
    const file = open(log, {maxSize: 1});
    file.write('one\n');
    const {uid, gid} = fs.statSync(log);
    expect([uid, gid]).to.deep.equal([1234, 5678]);
    expect(read(`${log}.1`)).to.equal('old\n');
    file.close();
  });

  for (const [maxFiles, kept] of [
    [0, ['log']],
    [1, ['log', 'log.1']],
    [3, ['log', 'log.1', 'log.2', 'log.3']],
  ] as const) {
    it(`keeps ${maxFiles} older files`, () => {
      const log = path.join(temp(), 'log');
      const file = open(log, {maxSize: 1, maxFiles});
      for (let i = 1; i <= 9; i++) file.write(`${i}\n`);
      expect(fs.readdirSync(path.dirname(log)).sort()).to.deep.equal(kept);
      expect(kept.map((name) => read(path.join(path.dirname(log), name)))).to.deep.equal(
        ['9\n', '8\n', '7\n', '6\n'].slice(0, kept.length),
      );
      file.close();
    });
  }

  it('begins anew by age: a week of runs that each last a moment', () => {
    const log = path.join(temp(), 'log');
    for (let day = 0; day < 15; day++) {
      const file = open(log, {maxAge: 7 * DAY});
      file.write(line(`day ${day}`));
      file.close();
      now += DAY;
    }
    const days = (name: string) => linesOf(name).map((text) => Number(text.split(' ')[2]));
    expect(days(`${log}.2`)).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
    expect(days(`${log}.1`)).to.deep.equal([7, 8, 9, 10, 11, 12, 13]);
    expect(days(log)).to.deep.equal([14]);
  });

  it('begins anew by age while it is open; without lines of time, age is from its birth', () => {
    const log = path.join(temp(), 'log');
    fs.writeFileSync(log, 'of somebody else\n');
    now = Date.now();
    const file = open(log, {maxAge: DAY});
    file.write('one\n');
    expect(read(log)).to.equal('of somebody else\none\n');
    now += DAY + 1000;
    file.write('two\n');
    expect(read(log)).to.equal('two\n');
    now += DAY;
    file.write('three\n');
    expect(read(log)).to.equal('three\n');
    file.close();
  });

  it('takes other limits from now on', () => {
    const log = path.join(temp(), 'log');
    const file = open(log);
    file.write('one\n');
    file.open({...NEVER, maxSize: 1});
    file.write('two\n');
    expect([read(log), read(`${log}.1`)]).to.deep.equal(['two\n', 'one\n']);
    file.close();
  });

  it('of two that write to one file, each follows when the other begins it anew', () => {
    const log = path.join(temp(), 'log');
    const files = [open(log, {maxSize: 100, maxFiles: 100}), open(log, {maxSize: 100, maxFiles: 100})];
    for (let i = 0; i < 200; i++) files[i % 2]?.write(`line ${i}\n`);
    const names = fs.readdirSync(path.dirname(log)).map((name) => path.join(path.dirname(log), name));
    expect(linesOf(...names)).to.have.members(Array.from({length: 200}, (_, i) => `line ${i}`));
    for (const name of names) expect(fs.statSync(name).size).to.be.at.most(100);
    for (const file of files) file.close();
  });

  it('of processes that write to one file at once, no line is lost or torn', async () => {
    const log = path.join(temp(), 'log');
    const code = `import {LogFile} from '${new URL('../../../src/app/output/log-file.js', import.meta.url)}';
      const file = new LogFile(process.argv[1], {now: () => new Date(), onTrouble: console.error});
      file.open({maxSize: 5000, maxAge: undefined, maxFiles: 1000});
      for (let i = 0; i < 5000; i++) file.write(process.argv[2] + ' wrote line ' + i + '\\n');`;
    const writers = ['a', 'b', 'c'].map((name) => {
      return once(spawn(process.execPath, ['--input-type=module', '-e', code, log, name], {stdio: 'inherit'}), 'close');
    });
    expect(await Promise.all(writers)).to.deep.equal(writers.map(() => [0, null]));
    const names = fs.readdirSync(path.dirname(log)).map((name) => path.join(path.dirname(log), name));
    const wanted = ['a', 'b', 'c'].flatMap((name) => Array.from({length: 5000}, (_, i) => `${name} wrote line ${i}`));
    expect(linesOf(...names).sort()).to.deep.equal(wanted.sort());
    expect(names.length).to.be.above(3);
  });

  it('is begun anew also when one was killed at it', () => {
    const log = path.join(temp(), 'log');
    const lock = `${log}.lock`;
    fs.writeFileSync(lock, '');
    const file = open(log, {maxSize: 1});
    for (const text of ['one\n', 'two\n']) file.write(text);
    expect(read(log)).to.equal('one\ntwo\n');
    fs.utimesSync(lock, 0, 0);
    for (const text of ['three\n', 'four\n']) file.write(text);
    expect([read(log), read(`${log}.1`)]).to.deep.equal(['four\n', 'one\ntwo\nthree\n']);
    expect(fs.existsSync(lock)).to.equal(false);
    file.close();
  });

  it('is made again when somebody removed it', () => {
    const log = path.join(temp(), 'log');
    const file = open(log);
    file.write('one\n');
    fs.unlinkSync(log);
    file.write('two\n');
    expect(read(log)).to.equal('two\n');
    file.close();
  });

  it('ends the line of one that was killed', () => {
    const log = path.join(temp(), 'log');
    fs.writeFileSync(log, 'whole\nto');
    const file = open(log);
    file.write('next\n');
    expect(read(log)).to.equal('whole\nto\nnext\n');
    file.close();
  });

  it('follows a symlink, and begins anew what it leads to', () => {
    const root = temp();
    const [log, link] = [path.join(root, 'far', 'log'), path.join(root, 'link')];
    fs.mkdirSync(path.dirname(log));
    fs.symlinkSync(log, link);
    const file = open(link, {maxSize: 1});
    file.write('one\n');
    file.write('two\n');
    expect([read(link), read(log), read(`${log}.1`)]).to.deep.equal(['two\n', 'two\n', 'one\n']);
    expect(fs.readdirSync(root)).to.have.members(['far', 'link']);
    file.close();
  });

  it('writes to what is no file', () => {
    const file = open('/dev/null', {maxSize: 1, maxAge: 1});
    file.write('one\n');
    file.write('two\n');
    expect(troubles).to.deep.equal([]);
    expect(fs.statSync('/dev/null').isCharacterDevice()).to.equal(true);
    file.close();
  });

  for (const [title, code, prepare] of [
    ['in a missing folder', 'ENOENT', () => {}],
    ['that is a folder', 'EISDIR', (log: string) => fs.mkdirSync(log, {recursive: true})],
    [
      'that is a named pipe which nobody reads',
      'ENXIO',
      (log: string) => {
        fs.mkdirSync(path.dirname(log));
        call('mkfifo', [log]);
      },
    ],
  ] as const) {
    it(`a log ${title} is told of once, and tried again when it is opened again`, () => {
      const log = path.join(temp(), 'a\n', 'log');
      prepare(log);
      const file = open(log);
      for (let i = 0; i < 3; i++) file.write('lost\n');
      const trouble = `the log ${log.replace('\n', '\\n')} cannot be written (${code}); continuing without it`;
      expect(troubles).to.deep.equal([trouble]);
      file.open(NEVER);
      expect(troubles).to.deep.equal([trouble, trouble]);
      fs.rmSync(path.dirname(log), {recursive: true, force: true});
      fs.mkdirSync(path.dirname(log));
      file.open(NEVER);
      file.write('kept\n');
      expect(read(log)).to.equal('kept\n');
      expect(troubles).to.have.length(2);
      file.close();
    });
  }

  it('goes on with a file that cannot be begun anew', () => {
    const log = path.join(temp(), 'log');
    fs.mkdirSync(path.join(`${log}.1`, 'full'), {recursive: true});
    const file = open(log, {maxSize: 1, maxFiles: 1});
    for (let i = 0; i < 3; i++) file.write(`${i}\n`);
    expect(troubles).to.deep.equal([`the log ${log} cannot be rotated (EISDIR); continuing with the current file`]);
    expect(read(log)).to.equal('0\n1\n2\n');
    fs.rmSync(`${log}.1`, {recursive: true});
    file.open({...NEVER, maxSize: 1, maxFiles: 1});
    file.write('3\n');
    expect([read(log), read(`${log}.1`)]).to.deep.equal(['3\n', '0\n1\n2\n']);
    file.close();
  });

  it('a disk that may only be read: told of once', function () {
    needMounts(this);
    const folder = path.join(temp(), 'disk');
    mount.readOnly(temp(), folder);
    const file = open(path.join(folder, 'log'));
    file.write('lost\n');
    expect(troubles).to.deep.equal([`the log ${folder}/log cannot be written (EROFS); continuing without it`]);
    mount.undo();
  });

  it('a full disk: told of once; with room again, whole lines follow', function () {
    needMounts(this);
    const disk = path.join(temp(), 'disk');
    mount.memory(disk, 'size=64k');
    const log = path.join(disk, 'log');
    const file = open(log);
    const wide = `${'x'.repeat(998)}\n`;
    for (let i = 0; i < 100; i++) file.write(wide);
    expect(troubles).to.deep.equal([`the log ${log} cannot be written (ENOSPC); continuing without it`]);
    call('mount', ['-o', 'remount,size=1m', disk]);
    file.write('lost: not opened again\n');
    file.open(NEVER);
    file.write('kept\n');
    const lines = linesOf(log);
    expect(lines.at(-1)).to.equal('kept');
    expect(lines.slice(0, -2).every((text) => `${text}\n` === wide)).to.equal(true);
    expect(lines.filter((text) => text.includes('lost'))).to.deep.equal([]);
    file.close();
    mount.undo();
  });
});
