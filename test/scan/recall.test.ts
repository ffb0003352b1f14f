import {expect} from 'chai';
import {BLOCK_ENTRIES, type Block, CODE, emptyStat, type Stat} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import type {ByteName} from '../../src/core/name.js';
import {DeviceNumbers, type EarlierBlocks, Recall} from '../../src/scan/recall.js';

/** Depth, name and what else is known of a row. */
type Row = readonly [depth: number, name: string, stat?: Partial<Stat>, xattrs?: string];

const STARTED = 1000;
const statOf = (stat: Partial<Stat> = {}): Stat => ({...emptyStat(), code: CODE.file, inodeLow: 7, changeSeconds: 900, ...stat});

function blocksOf(...blocks: readonly (readonly Row[])[]): Block[] {
  const made: Block[] = [];
  const writer = new BlockWriter((block) => made.push(block));
  for (const rows of blocks) {
    for (const row of rows) append(writer, row);
    writer.finish();
  }
  return made;
}

function append(writer: BlockWriter, [depth, name, stat, xattrs = '']: Row): void {
  writer.append(depth, name as ByteName, statOf(stat));
  writer.amend(0, '', xattrs);
}

function earlier(blocks: readonly Block[], rows = blocks.reduce((sum, {count}) => sum + count, 0)): EarlierBlocks {
  return {count: blocks.length, rows, read: (index) => blocks[index] as Block};
}

interface Walked {
  /** Names that were known, with their extended attributes if they were recalled. */
  readonly known: Record<string, string | undefined>;
  readonly blocks: readonly (readonly [count: number, same: number | undefined])[];
  readonly recall: Recall;
}

/** Walks rows as a scan does. */
function walked(blocks: EarlierBlocks, rows: readonly Row[], {before = STARTED, hasXattrs = true} = {}): Walked {
  const found: [number, number | undefined][] = [];
  const known: Record<string, string | undefined> = {};
  const writer = new BlockWriter((block) => found.push([block.count, recall.same(block)]));
  const recall = new Recall({blocks, before, hasXattrs, now: STARTED + 100, writer});
  for (const row of rows) {
    const [depth, name, stat] = row;
    if (recall.seek(depth, name as ByteName)) known[name] = recall.xattrs(statOf(stat));
    append(writer, row);
  }
  writer.finish();
  return {known, blocks: found, recall};
}

const dir: Partial<Stat> = {code: CODE.directory};
const TREE: readonly (readonly Row[])[] = [
  [
    [0, '', dir],
    [1, 'a', {}, 'user.x\0eA==\0'],
    [1, 'd', dir],
    [2, 'b'],
  ],
  [
    [2, 'c'],
    [2, 'e', dir],
    [3, 'f'],
  ],
  [[1, 'g']],
];
const ROWS = TREE.flat();

describe('scan/recall', () => {
  it('finds every row of an unchanged tree, and ends its blocks where the earlier ones end', () => {
    const {known, blocks} = walked(earlier(blocksOf(...TREE)), ROWS);
    expect(known).to.deep.equal({'': '', a: 'user.x\0eA==\0', d: '', b: '', c: '', e: '', f: '', g: ''});
    expect(blocks).to.deep.equal([
      [4, 0],
      [3, 1],
      [1, 2],
    ]);
  });

  for (const [title, rows, names, same] of [
    ['a vanished leaf', ROWS.filter(([, name]) => name !== 'b'), 'acdefg', [undefined, 1, 2]],
    ['a vanished folder', ROWS.filter(([, name]) => !['e', 'f'].includes(name)), 'abcdg', [0, undefined, 2]],
    ['a whole block that vanished', ROWS.filter(([, name]) => !'cef'.includes(name) || name === ''), 'abdg', [0, 2]],
    ['a new leaf', [...ROWS.slice(0, 4), [2, 'bb'] as Row, ...ROWS.slice(4)], 'abcdefg', [0, undefined, 2]],
    [
      'a new folder with the names of others',
      [...ROWS.slice(0, 2), [1, 'aa', dir] as Row, [2, 'b'] as Row, ...ROWS.slice(2)],
      'abcdefg',
      [undefined, 1, 2],
    ],
    ['a leaf in place of a folder', [...ROWS.slice(0, 2), [1, 'd'] as Row, [1, 'g'] as Row], 'adg', [undefined, 2]],
    ['nothing but the root', ROWS.slice(0, 1), '', [undefined]],
  ] as const) {
    it(`keeps its place at ${title}`, () => {
      const {known, blocks} = walked(earlier(blocksOf(...TREE)), rows);
      expect(Object.keys(known).sort().join('')).to.equal(names);
      expect(blocks.map(([, found]) => found)).to.deep.equal(same);
    });
  }

  describe('extended attributes are recalled', () => {
    const of = (stat: Partial<Stat>, then: Partial<Stat> = {}, options = {}) => {
      const blocks = blocksOf([
        [0, '', dir],
        [1, 'a', then, 'user.x\0eA==\0'],
      ]);
      return walked(
        earlier(blocks),
        [
          [0, '', dir],
          [1, 'a', stat],
        ],
        options,
      );
    };

    it('of an entry that has not changed', () => {
      expect(of({}).known.a).to.equal('user.x\0eA==\0');
    });

    for (const [what, stat] of Object.entries<Partial<Stat>>({
      kind: {code: CODE.fifo},
      inode: {inodeLow: 8},
      'high half of its inode': {inodeHigh: 1},
      birth: {birthSeconds: 1},
      'nanoseconds of its birth': {birthNanoseconds: 1},
      size: {size: 1},
      time: {seconds: 1},
      'nanoseconds of its time': {nanoseconds: 1},
      'time of change': {changeSeconds: 901},
      'nanoseconds of its time of change': {changeNanoseconds: 1},
    })) {
      it(`not with another ${what}`, () => {
        expect(of(stat).known.a).to.equal(undefined);
      });
    }

    it('not of one that was changed less than two seconds before it was read: that counts, if it can be recalled next time', () => {
      const at = (changeSeconds: number) => of({changeSeconds}, {changeSeconds});
      expect(at(STARTED - 3).known.a).to.equal('user.x\0eA==\0');
      expect(at(STARTED - 2).known.a).to.equal(undefined);
      expect(at(STARTED - 3).recall.racy).to.equal(0);
      expect(at(STARTED - 2).recall.racy).to.equal(1);
      expect(at(STARTED + 98).known.a).to.equal(undefined);
      expect(at(STARTED + 98).recall.racy).to.equal(0);
    });

    it('not without times of change, nor if other attributes were read', () => {
      expect(of({changeSeconds: 0}, {changeSeconds: 0}).known.a).to.equal(undefined);
      expect(of({}, {}, {hasXattrs: false}).known.a).to.equal(undefined);
    });
  });

  it('tells that a folder is another one', () => {
    const recall = new Recall({
      blocks: earlier(
        blocksOf([
          [0, '', dir],
          [1, 'd', dir],
          [1, 'f'],
        ]),
      ),
      before: STARTED,
      now: STARTED,
      hasXattrs: true,
      writer: new BlockWriter(() => {}),
    });
    recall.seek(0, '' as ByteName);
    expect(recall.seek(1, 'd' as ByteName)).to.equal(true);
    expect(
      [statOf(dir), statOf({...dir, inodeLow: 8}), statOf({...dir, changeSeconds: 901})].map((stat) =>
        recall.isOtherFolder(stat),
      ),
    ).to.deep.equal([false, true, false]);
    recall.seek(1, 'f' as ByteName);
    expect(recall.isOtherFolder(statOf({...dir, inodeLow: 8}))).to.equal(false);
  });

  it('cuts the tree anew if there are too many small blocks', () => {
    const names = Array.from({length: 60}, (_, i) => String(i).padStart(3, '0'));
    const rows: Row[] = [[0, '', dir], ...names.map((name): Row => [1, name])];
    const small = earlier(blocksOf(...rows.map((row) => [row])));
    expect(walked(small, rows).blocks).to.deep.equal([[61, undefined]]);
    // The same number is right for more rows.
    const right = {...small, rows: 40 * BLOCK_ENTRIES};
    expect(walked(right, rows).blocks).to.have.length(61);
  });

  it('says why the rest cannot be read, and knows nothing more', () => {
    const blocks = blocksOf(...TREE);
    const fault = new Error('damaged');
    const read = (index: number) => {
      if (index === 1) throw fault;
      return blocks[index] as Block;
    };
    const {known, recall} = walked({...earlier(blocks), read}, ROWS);
    expect(Object.keys(known)).to.have.members(['', 'a', 'd', 'b']);
    expect(recall.fault).to.equal(fault);
  });

  it('numbers devices in the order in which they appear, whatever their numbers are', () => {
    const devices = (...given: number[]) => {
      const [block] = blocksOf(given.map((device, i): Row => [i === 0 ? 0 : 1, `${i}`, {device}]));
      return [...new DeviceNumbers().of(block as Block)];
    };
    expect(devices(9, 9, 5, 9, 7)).to.deep.equal([0, 0, 1, 0, 2]);
    expect(devices(1, 1, 2, 1, 3)).to.deep.equal([0, 0, 1, 0, 2]);
  });

  it('gives excluded and unknown rows no device', () => {
    const [block] = blocksOf([
      [0, '', {device: 9}],
      [1, 'a', {code: CODE.excluded}],
      [1, 'b', {code: CODE.unknown}],
      [1, 'c', {device: 5}],
    ]);
    const numbers = new DeviceNumbers();
    expect([...numbers.of(block as Block)]).to.deep.equal([0, 0, 0, 1]);
    expect(numbers.count).to.equal(2);
  });
});
