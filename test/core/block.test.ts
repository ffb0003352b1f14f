import {expect} from 'chai';
import fc from 'fast-check';
import {
  BLOCK_ENTRIES,
  type Block,
  belongingsAt,
  blockBuffers,
  CODE,
  canonicalColumns,
  emptyStat,
  entryAt,
  inodeOf,
  kindOf,
  nameAt,
  PARTIAL,
  recoded,
  type Stat,
  toEntry,
} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import {type Entry, fromNanoseconds} from '../../src/core/entry.js';
import {toByteName} from '../../src/core/name.js';
import type {Xattrs} from '../../src/core/xattr.js';
import {entry, name} from '../support/arbitrary.js';

interface Row {
  readonly depth: number;
  readonly name: string;
  readonly entry: Entry;
}

const rows = fc.array(
  fc.record({
    depth: fc.nat(65535),
    name,
    // What a column holds: a float of seconds is exact to 2^53.
    entry: entry().map((given) => ({...given, mtime: given.mtime % (2n ** 53n * 1_000_000_000n)})),
  }),
  {maxLength: 30},
);

function statOf({kind, mode, uid, gid, size, mtime, rdev = '0:0'}: Entry, inode = 0n): Stat {
  const [rdevMajor, rdevMinor] = rdev.split(':').map(Number) as [number, number];
  return {
    ...emptyStat(),
    ...{code: CODE[kind], mode, uid, gid, size, ...fromNanoseconds(mtime)},
    inodeLow: Number(inode & 0xffff_ffffn),
    inodeHigh: Number(inode >> 32n),
    rdevMajor,
    rdevMinor,
  };
}

/** As a scan packs them. */
function packed(xattrs: Xattrs = {}): string {
  return Object.entries(xattrs)
    .map(([name, value]) => `${toByteName(name)}\0${value}\0`)
    .join('');
}

function write(given: readonly Row[]): Block[] {
  const blocks: Block[] = [];
  const writer = new BlockWriter((block) => blocks.push(block));
  for (const row of given) {
    writer.append(row.depth, toByteName(row.name), statOf(row.entry));
    const {link = '', rdev = '', xattrs} = row.entry;
    writer.amend(0, toByteName(link + rdev), packed(xattrs));
  }
  writer.finish();
  return blocks;
}

function read(blocks: readonly Block[]): Row[] {
  return blocks.flatMap((block) =>
    Array.from({length: block.count}, (_, i) => ({
      depth: block.depth[i] as number,
      name: nameAt(block, i),
      entry: entryAt(block, i),
    })),
  );
}

describe('core/block', () => {
  it('law: rows come back as they went in', () => {
    fc.assert(
      fc.property(rows, (given) => {
        expect(read(write(given))).to.deep.equal(given);
      }),
    );
  });
  it('law: a stat is an entry, in a block or not', () => {
    fc.assert(
      fc.property(entry(), (given) => {
        const mtime = given.mtime % (2n ** 53n * 1_000_000_000n);
        expect(
          toEntry(statOf({...given, mtime}), {
            link: given.link === undefined ? undefined : toByteName(given.link),
            xattrs: packed(given.xattrs),
          }),
        ).to.deep.equal({...given, mtime});
      }),
    );
  });

  const plain = (text: string): Row => ({
    depth: 1,
    name: text,
    entry: {kind: 'file', mode: 0o644, uid: 1, gid: 2, size: 3, mtime: 4n},
  });
  it('starts a new block after a full one', () => {
    for (const count of [0, 1, BLOCK_ENTRIES, BLOCK_ENTRIES + 1, 2 * BLOCK_ENTRIES + 5]) {
      const given = Array.from({length: count}, (_, i) => plain(`name ${i}`));
      const blocks = write(given);
      expect(blocks.length).to.equal(Math.ceil(count / BLOCK_ENTRIES));
      expect(read(blocks)).to.deep.equal(given);
    }
  });
  it('holds names and links far longer than it expects', () => {
    const link = 'l'.repeat(4095);
    const given = Array.from({length: BLOCK_ENTRIES}, (_, i): Row => {
      const row = plain(`${i}-${'é'.repeat(100)}`);
      return i % 7 === 0 ? {...row, entry: {...row.entry, kind: 'symlink', size: 0, link: `${link}${i}`}} : row;
    });
    expect(read(write(given))).to.deep.equal(given);
  });
  it('ends a block early if it has much text', () => {
    const link = 'l'.repeat(30_000);
    const given = Array.from({length: 100}, (_, i): Row => {
      const row = plain(`${i}`);
      return {...row, entry: {...row.entry, kind: 'symlink', size: 0, link}};
    });
    const blocks = write(given);
    expect(blocks.map(({count}) => count)).to.deep.equal([35, 35, 30]);
    expect(read(blocks)).to.deep.equal(given);
  });
  it('amends the last row, the last of a full block too, and leaves its neighbours', () => {
    const blocks: Block[] = [];
    const writer = new BlockWriter((block) => blocks.push(block));
    for (let i = 0; i < BLOCK_ENTRIES + 1; i++) {
      writer.append(1, `n${i}`, statOf(plain('').entry));
      if (i === 1 || i >= BLOCK_ENTRIES - 1) writer.amend(PARTIAL, `\xffdigest${i}`);
    }
    writer.finish();
    const told = blocks.flatMap((block) =>
      Array.from({length: block.count}, (_, i) => [block.flags[i], Buffer.from(belongingsAt(block, i)).toString('latin1')]),
    );
    const expected = Array.from({length: BLOCK_ENTRIES + 1}, (_, i) =>
      i === 1 || i >= BLOCK_ENTRIES - 1 ? [PARTIAL, `\xffdigest${i}`] : [0, ''],
    );
    expect(told).to.deep.equal(expected);
    expect(read(blocks).map((row) => row.name)).to.deep.equal(expected.map((_, i) => `n${i}`));
  });
  it('keeps inodes of 64 bits, devices and link counts', () => {
    const inode = 0xfedc_ba98_7654_3210n;
    const stat = {...statOf(plain('').entry, inode), device: 0xffff_ffff, links: 7};
    const blocks: Block[] = [];
    const writer = new BlockWriter((block) => blocks.push(block));
    for (let i = 0; i < 2; i++) {
      writer.append(0, '', stat);
      writer.finish();
    }
    expect(inodeOf(stat)).to.equal(inode);
    expect(blocks.map((block) => [block.inode[0], block.device[0], block.links[0]])).to.deep.equal([
      [inode, 0xffff_ffff, 7],
      [inode, 0xffff_ffff, 7],
    ]);
  });
  it('has no entry for an unknown row', () => {
    for (const code of [CODE.excluded, CODE.unknown]) {
      const blocks: Block[] = [];
      const writer = new BlockWriter((block) => blocks.push(block));
      writer.append(1, 'x', {...emptyStat(), code});
      writer.finish();
      expect(kindOf(code)).to.equal(undefined);
      expect(() => entryAt(blocks[0] as Block, 0)).to.throw();
    }
  });

  const digested = (given: Row[], inode = 1n) => {
    const blocks: Block[] = [];
    const writer = new BlockWriter((block) => blocks.push(block));
    for (const row of given) writer.append(row.depth, toByteName(row.name), statOf(row.entry, inode));
    writer.finish();
    return Buffer.concat(blocks.flatMap(canonicalColumns)).toString('hex');
  };
  it('has everything but inode and device in the canonical columns', () => {
    const base = plain('a');
    expect(digested([base], 1n)).to.equal(digested([base], 2n));
    const others: Row[] = [
      {...base, name: 'b'},
      {...base, depth: 2},
      ...[{kind: 'fifo'} as const, {mode: 0o600}, {uid: 9}, {gid: 9}, {size: 9}, {mtime: 9n}, {mtime: 10n ** 9n + 4n}].map(
        (fields) => ({
          ...base,
          entry: {...base.entry, ...fields},
        }),
      ),
    ];
    const all = [base, ...others].map((row) => digested([row]));
    expect(new Set(all).size).to.equal(all.length);
  });
  it('survives a transfer between threads', () => {
    const [block] = write([plain('a'), plain('b')]) as [Block];
    const moved = structuredClone(block, {transfer: blockBuffers(block)});
    expect(read([moved])).to.deep.equal([plain('a'), plain('b')]);
    expect(block.text.length).to.equal(0);
    expect(block.inode.length).to.equal(0);
  });
});

describe('core/block: recoded', () => {
  it('law: leaves out rows, gives others a new code, and keeps the rest', () => {
    fc.assert(
      fc.property(rows, fc.func(fc.nat(2)), (given, choose) => {
        const [block] = write(given);
        if (block === undefined) return;
        const wanted = given.map((_, i) => choose(i));
        const made = recoded(block, (i) => (wanted[i] === 0 ? undefined : wanted[i] === 1 ? CODE.excluded : block.code[i]));
        const left = given.flatMap((row, i) => (wanted[i] === 0 ? [] : [{row, isOut: wanted[i] === 1}]));
        expect(made.count).to.equal(left.length);
        left.forEach(({row, isOut}, i) => {
          expect([made.depth[i], nameAt(made, i)]).to.deep.equal([row.depth, row.name]);
          if (isOut) expect(made.code[i]).to.equal(CODE.excluded);
          else expect(entryAt(made, i)).to.deep.equal(row.entry);
        });
      }),
    );
  });
});
