/** Plans and journals larger than memory, read by the real program with little of it. */
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';
import {expect} from 'chai';
import {encodeHeader} from '../../src/formats/header-json.js';
import {encodeJournalLine} from '../../src/formats/journal.js';
import {encodeAction} from '../../src/formats/json.js';
import {dirsync, pairIn, startDirsync} from '../support/cli.js';
import {act, header} from '../support/plan.js';
import {HEADER, step} from '../support/run.js';
import {tempDirs} from '../support/temp.js';

/** MiB of heap in which the program must do. */
const HEAP = 96;
const env = {NODE_OPTIONS: `--max-old-space-size=${HEAP}`};

const HEAD = Buffer.from(`${JSON.stringify({dirsync: 'plan', format: 1, ...encodeHeader(header)})}\n`);

/** So many new files, in order. */
function* lines(count: number): Generator<Buffer> {
  for (let i = 0; i < count; i += 1000) {
    const some = Array.from({length: 1000}, (_, j) =>
      JSON.stringify(encodeAction(act.create(`f${String(i + j).padStart(9, '0')}`))),
    );
    yield Buffer.from(`${some.join('\n')}\n`);
  }
}

describe('faults: plans, journals and memory', () => {
  const temp = tempDirs();
  const MIB = Buffer.alloc(1 << 20);

  /** Writes the parts, each packed by itself: a gzip file may have many parts. */
  function packed(file: string, parts: Iterable<Uint8Array>): void {
    for (const part of parts) fs.appendFileSync(file, gzipSync(part, {level: 1}));
  }

  function sparse(file: string, start: Uint8Array): void {
    fs.writeFileSync(file, start);
    fs.truncateSync(file, 2 ** 31);
  }

  function* times(count: number, part: Buffer): Generator<Buffer> {
    for (let i = 0; i < count; i++) yield part;
  }

  const cases: readonly {title: string; make: (file: string) => void; says: string}[] = [
    {title: '2 GB that are no plan', make: (file) => sparse(file, Buffer.alloc(0)), says: 'is not a dirsync plan'},
    {
      title: 'a plan whose second line has 2 GB',
      make: (file) => sparse(file, HEAD),
      says: 'line 2: the line is longer than 1 MiB',
    },
    {
      title: '2 GB of lines that are none',
      make: (file) => sparse(file, Buffer.concat([HEAD, Buffer.from('x\n')])),
      says: 'line 2: ',
    },
    {title: '2 GB of zeros, packed', make: (file) => packed(file, times(2048, MIB)), says: 'is not a dirsync plan'},
    {
      title: 'a header and 2 GB of zeros, packed',
      make: (file) => packed(file, [HEAD, ...times(2048, MIB)]),
      says: 'line 2: the line is longer than 1 MiB',
    },
    {
      title: 'more new files than memory holds, packed',
      make: (file) => packed(file, [HEAD, ...lines(600_000)]),
      says: 'half of the memory that Node has',
    },
    {
      title: 'lines that take far more memory than room',
      make: (file) => packed(file, [HEAD, ...attributes(200)]),
      says: 'half of the memory that Node has',
    },
  ];

  /** Actions of 1 MB each, of attributes with short names. */
  function* attributes(count: number): Generator<Buffer> {
    const xattrs = Object.fromEntries(Array.from({length: 60_000}, (_, i) => [`user.${i}`, '']));
    const line = JSON.stringify(encodeAction(act.create('PATH', {...act.create('').after, xattrs} as never)));
    for (let i = 0; i < count; i++) yield Buffer.from(`${line.replace('PATH', String(i).padStart(9, '0'))}\n`);
  }

  for (const {title, make, says} of cases) {
    it(`refuses ${title}, in ${HEAP} MiB`, () => {
      const file = path.join(temp(), 'x.plan');
      make(file);
      for (const command of [
        ['show', file],
        ['apply', '--yes', file],
      ]) {
        const {code, stderr, signal} = dirsync(command, {env});
        expect({code, signal}, stderr.slice(0, 500)).to.deep.equal({code: 1, signal: null});
        expect(stderr)
          .to.match(/^Error: The (?:plan )?file .+\n( {2}\S.*\n)+$/)
          .and.contain(says);
      }
    });
  }

  it(`refuses a journal of more steps than memory holds, in ${HEAP} MiB`, () => {
    const file = path.join(temp(), 'x.ndjson');
    fs.writeFileSync(file, encodeJournalLine({type: 'header', header: HEADER}));
    const some = encodeJournalLine({type: 'step', step: step('create', 'some/path')}).repeat(20_000);
    for (let i = 0; i < 100; i++) fs.appendFileSync(file, some);
    const {code, stderr, signal} = dirsync(['show', file], {env});
    expect({code, signal}, stderr.slice(0, 500)).to.deep.equal({code: 1, signal: null});
    expect(stderr).to.match(/^Error: The journal .+ takes more than \d+ MiB, half of the memory that Node has\n( {2}\S.*\n)+$/);
  });

  describe('a plan that does not fit is refused while it is made', () => {
    const long = path.join(...Array.from({length: 14}, (_, i) => String(i).padEnd(250, 'x')));

    /** Two trees; the one has 24,000 files of which each path takes 3.5 kB. */
    function pair(full: 'source' | 'target') {
      const trees = pairIn(temp(), {other: 'o'}, {});
      const folder = path.join(trees[full], long);
      fs.mkdirSync(folder, {recursive: true});
      for (let i = 0; i < 24_000; i++) fs.closeSync(fs.openSync(path.join(folder, `f${i}`), 'wx'));
      return trees;
    }

    const CASES = [
      {title: 'all new', full: 'source', command: ['run']},
      {title: 'all to be deleted', full: 'target', command: ['plan', '--json']},
    ] as const;
    for (const {title, full, command} of CASES) {
      it(title, () => {
        const {source, target} = pair(full);
        const {code, stdout, stderr, signal} = dirsync([...command, source, target], {env});
        expect({code, signal}, stderr.slice(0, 500)).to.deep.equal({code: 1, signal: null});
        expect(`${stdout}${stderr}`).to.match(
          /The plan does not fit in memory; nothing was changed: the plan so far, with [\d,]{5,6} actions, takes more than \d+ MiB/,
        );
        expect(`${stdout}${stderr}`).to.contain('give Node more memory, such as NODE_OPTIONS=--max-old-space-size=');
        expect(fs.readdirSync(target).length, 'nothing is changed').to.equal(full === 'source' ? 0 : 1);
        const enough = dirsync(['plan', source, target], {env: {NODE_OPTIONS: '--max-old-space-size=512'}});
        expect({code: enough.code}, enough.stderr.slice(0, 500)).to.deep.equal({code: 0});
      });
    }
  });

  it('what nobody holds any more is no reason to refuse a plan', () => {
    const script = path.join(temp(), 'script.mjs');
    const module = fileURLToPath(new URL('../../src/formats/memory.js', import.meta.url));
    fs.writeFileSync(
      script,
      `import {heapFault} from ${JSON.stringify(module)};
      const faults = [];
      let held = [];
      const fill = () => { for (let i = 0; i < 800_000; i++) held.push({i, also: [i]}); };
      for (let run = 0; run < 3; run++) { held = []; fill(); held = []; faults.push(heapFault() !== undefined); }
      fill();
      for (let ask = 0; ask < 3; ask++) faults.push(heapFault() !== undefined);
      console.log(JSON.stringify(faults), held.length);`,
    );
    const answer = execFileSync(process.execPath, [`--max-old-space-size=${HEAP}`, script], {encoding: 'utf8'});
    expect(answer).to.equal('[false,false,false,true,true,true] 800000\n');
  });

  it('takes a plan that fits', () => {
    const file = path.join(temp(), 'x.plan');
    const body = Buffer.concat([HEAD, ...lines(20_000)]);
    const sha256 = createHash('sha256').update(body).digest('hex');
    packed(file, [body, Buffer.from(`${JSON.stringify({trailer: {actions: 20_000, problems: 0, sha256}})}\n`)]);
    expect(dirsync(['show', file], {env}).stdout).to.contain('20,000 changes');
  });

  it('reads a plan from a pipe, and refuses one that never ends', async () => {
    const pipe = path.join(temp(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = startDirsync(['show', pipe], {env});
    const writer = fs.createWriteStream(pipe);
    writer.on('error', () => {});
    writer.write(HEAD);
    const write = () => {
      while (writer.write(MIB));
    };
    writer.on('drain', write);
    write();
    const {code, stderr} = await reader.ended;
    writer.destroy();
    expect({code}, stderr).to.deep.equal({code: 1});
    expect(stderr).to.contain('line 2: the line is longer than 1 MiB');
  });
});
