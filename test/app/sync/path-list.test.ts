import fs from 'node:fs';
import path from 'node:path';
import {Readable} from 'node:stream';
import {expect} from 'chai';
import fc from 'fast-check';
import {Interrupted} from '../../../src/app/context.js';
import {readPathLists} from '../../../src/app/sync/path-list.js';
import type {RelPath} from '../../../src/core/path.js';
import {refusal} from '../../support/refusal.js';
import {tempDirs} from '../../support/temp.js';

const {signal} = new AbortController();

describe('app/sync/path-list', () => {
  const temp = tempDirs();
  const fileWith = (content: string | Buffer) => {
    const at = path.join(temp(), 'list');
    fs.writeFileSync(at, content);
    return at;
  };
  const all = {only: [], except: [], kinds: []};
  const read = async (content: string | Buffer, from0 = false) => {
    const list = await readPathLists({...all, onlyFrom: [fileWith(content)], from0}, signal);
    return [...(list?.paths ?? [])];
  };

  it('is none where none is named', async () => {
    expect(await readPathLists(all, signal)).to.equal(undefined);
    expect(await readPathLists({...all, onlyFrom: []}, signal)).to.equal(undefined);
  });

  it('that is empty names nothing, which is not the same', async () => {
    const list = await readPathLists({...all, onlyFrom: [fileWith('')]}, signal);
    expect(list?.holds('a' as RelPath)).to.equal(false);
  });

  const lists: readonly {
    readonly title: string;
    readonly content: string | Buffer;
    readonly from0?: true;
    readonly is: string[];
  }[] = [
    {title: 'a path in each line', content: 'a\nb/c\n', is: ['a', 'b/c']},
    {title: 'the last line without an end', content: 'a\nb', is: ['a', 'b']},
    {title: 'lines that end as on Windows, and empty ones', content: 'a\r\n\r\n\nb\r\n', is: ['a', 'b']},
    {title: 'a CR inside of a name', content: 'a\rb\n', is: ['a\rb']},
    {title: 'a blank, "#" and "!" as parts of a name', content: ' a \n#b\n!c\n', is: [' a ', '#b', '!c']},
    {title: 'paths in other forms', content: './a//b/\n/c\n', is: ['a/b', 'c']},
    {title: 'the root', content: '.\n', is: ['']},
    {title: 'a path twice', content: 'a\na/\n', is: ['a']},
    {title: 'names that are not UTF-8', content: Buffer.from([0xff, 0x0a]), is: ['\udcff']},
    {title: 'NULs between paths, with newlines in them', content: 'a\nb\0c\r\0\0d', from0: true, is: ['a\nb', 'c\r', 'd']},
  ];
  for (const {title, content, from0 = false, is} of lists) {
    it(`reads ${title}`, async () => expect(await read(content, from0)).to.deep.equal(is));
  }

  it('reads back whatever find -print0 tells of names', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', ' b', '...', '-n', 'x\ny', 'é', '"'), {minLength: 1}), async (names) => {
        expect(await read(names.map((name) => `./${name}\0`).join(''), true)).to.deep.equal([...new Set(names)]);
      }),
      {numRuns: 20},
    ));

  it('joins several lists', async () => {
    const list = await readPathLists({...all, onlyFrom: [fileWith('a\n'), fileWith('b\n')]}, signal);
    expect([...(list?.paths ?? [])]).to.deep.equal(['a', 'b']);
  });

  it('is refused with its line where a path leads out of the tree', async () => {
    const error = await refusal(() => read('a\n\nb/../../c\x1b\n'));
    expect(error.code).to.equal('LIST_UNREADABLE');
    expect(error.detail).to.match(/list:3: "b\/\.\.\/\.\.\/c\\x1b"/);
    expect((await refusal(() => read('a\0..\0', true))).detail).to.include('list:2: ');
    expect(await read('..a\nb..\n'), 'names that only look like it').to.deep.equal(['..a', 'b..']);
  });

  it('is refused where it holds NULs, which may stand between paths', async () => {
    const {code, hint} = await refusal(() => read('a\0b\0'));
    expect(code).to.equal('LIST_UNREADABLE');
    expect(hint).to.include('--from0');
  });

  it('is refused where it cannot be read', async () => {
    const file = path.join(temp(), 'none');
    const {code, detail} = await refusal(() => readPathLists({...all, onlyFrom: [file]}, signal));
    expect({code, detail}).to.deep.equal({code: 'LIST_UNREADABLE', detail: `${file} (ENOENT)`});
  });

  it('that is waited for ends with a signal', async () => {
    const controller = new AbortController();
    controller.abort('SIGINT');
    const ended = await readPathLists({...all, onlyFrom: [fileWith('a\n')]}, controller.signal).catch((error: unknown) => error);
    expect(ended).to.be.instanceOf(Interrupted);
  });

  it('is read from standard input once, however often it is asked for', async () => {
    const {stdin} = process;
    Object.defineProperty(process, 'stdin', {
      value: Readable.from([Buffer.from('a\nb'), Buffer.from('c\n')]),
      configurable: true,
    });
    try {
      for (const from0 of [false, true]) {
        const list = await readPathLists({...all, onlyFrom: ['-'], from0}, signal);
        expect([...(list?.paths ?? [])]).to.deep.equal(from0 ? ['a\nbc\n'] : ['a', 'bc']);
      }
    } finally {
      Object.defineProperty(process, 'stdin', {value: stdin, configurable: true});
    }
  });
});
