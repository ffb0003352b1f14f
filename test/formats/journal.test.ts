import {expect} from 'chai';
import fc from 'fast-check';
import {ACTION_KINDS, TARGET_DRIFTS} from '../../src/core/action.js';
import {DirsyncError} from '../../src/core/errors.js';
import {decodeJournal, encodeJournalLine, type JournalLine} from '../../src/formats/journal.js';
import * as arbitrary from '../support/arbitrary.js';
import {HEADER, runEnd, step} from '../support/run.js';

const encode = (lines: readonly JournalLine[]) => Buffer.from(lines.map(encodeJournalLine).join(''));
const decode = (...chunks: Uint8Array[]) => [...decodeJournal(chunks, 'FILE')];

const LINES: readonly JournalLine[] = [
  {type: 'header', header: HEADER},
  {type: 'step', step: step('mkdir', 'a')},
  {type: 'step', step: step('create', 'a/b', {bytes: 12})},
  {type: 'end', end: runEnd({done: 2})},
];

const count = fc.maxSafeNat();
const id = fc.uuid();
const date = fc.date({noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01')}).map((at) => at.toISOString());
const status = fc.constantFrom('done', 'already-done', 'skipped', 'failed', 'stopped');
const line: fc.Arbitrary<JournalLine> = fc.oneof(
  fc.record({
    type: fc.constant('step' as const),
    step: fc.record(
      {
        kind: fc.constantFrom(...ACTION_KINDS),
        path: arbitrary.relPath,
        from: arbitrary.relPath,
        moved: fc.record({leaves: count, bytes: count}),
        targetDrift: fc.constantFrom(...TARGET_DRIFTS),
        status,
        bytes: count,
      },
      {requiredKeys: ['kind', 'path', 'status', 'bytes']},
    ),
  }),
  arbitrary.problems.filter(({length}) => length > 0).map(([problem]) => ({type: 'problem', problem}) as JournalLine),
);
const header = fc.record({
  id,
  planId: id,
  writer: fc.string({unit: 'binary', maxLength: 20}),
  source: arbitrary.relPath.map((path) => `/${path}`),
  target: arbitrary.relPath.map((path) => `/${path}`),
  started: date,
  changes: count,
  bytes: count,
});
const counts = fc.record({
  done: count,
  'already-done': count,
  'not-kept': count,
  skipped: count,
  failed: count,
  stopped: count,
  blocked: count,
});
const end = fc.record(
  {finished: date, counts, bytes: count, interrupted: fc.constantFrom('SIGINT', 'SIGTERM')},
  {requiredKeys: ['finished', 'counts', 'bytes']},
);
const journal: fc.Arbitrary<JournalLine[]> = fc
  .tuple(header, fc.array(line), fc.option(end))
  .map(([header, lines, end]) => [{type: 'header', header}, ...lines, ...(end ? [{type: 'end', end} as JournalLine] : [])]);

/** The refusal that reading ends with. */
function refusal(bytes: Uint8Array | string): {code: string; detail: string} {
  try {
    decode(Buffer.from(bytes));
  } catch (error) {
    if (error instanceof DirsyncError) return {code: error.code, detail: error.detail};
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('formats/journal', () => {
  it('decode(encode(run)) is the run, in chunks of any size', () => {
    fc.assert(
      fc.property(journal, fc.integer({min: 1, max: 300}), (lines, size) => {
        const bytes = encode(lines);
        const chunks = Array.from({length: Math.ceil(bytes.length / size)}, (_, i) => bytes.subarray(i * size, (i + 1) * size));
        expect(decode(...chunks)).to.deep.equal(lines);
      }),
    );
  });

  it('is lines of JSON with their types', () => {
    expect(encode(LINES).toString().split('\n')).to.deep.equal([
      '{"dirsync":"run","format":1,"id":"run-1","planId":"plan-1","writer":"dirsync 0.1.0","source":"/source","target":"/target",' +
        '"started":"2026-01-01T10:00:00.000Z","changes":2,"bytes":12}',
      '{"kind":"mkdir","path":"a","status":"done","bytes":0}',
      '{"kind":"create","path":"a/b","status":"done","bytes":12}',
      '{"end":{"finished":"2026-01-01T10:00:02.500Z",' +
        '"counts":{"done":2,"already-done":0,"not-kept":0,"skipped":0,"failed":0,"stopped":0,"blocked":0},"bytes":0}}',
      '',
    ]);
  });

  it('cut anywhere after its header, it gives the lines that are whole', () => {
    const bytes = encode(LINES);
    const first = bytes.indexOf('\n') + 1;
    for (let at = first; at < bytes.length; at++) {
      const whole = bytes.subarray(0, at).toString().split('\n').length - 1;
      expect(decode(bytes.subarray(0, at)), `cut at ${at}`).to.deep.equal(LINES.slice(0, whole));
    }
    for (const at of [0, 1, first - 1]) {
      expect(refusal(bytes.subarray(0, at))).to.deep.equal({code: 'JOURNAL_DAMAGED', detail: 'FILE, line 1: it has no header'});
    }
  });

  it('hands out each line before it looks at the next', () => {
    const lines = decodeJournal([encode(LINES.slice(0, 2)), Buffer.from('nonsense\n')], 'FILE');
    expect([lines.next().value, lines.next().value]).to.deep.equal(LINES.slice(0, 2));
    expect(() => lines.next()).to.throw(DirsyncError, 'FILE, line 3: the line is not JSON');
  });

  const [HEAD = '', STEP = '', , END = ''] = LINES.map(encodeJournalLine);
  const refusals: [title: string, text: string, code: string, says: string][] = [
    ['a plan', '{"dirsync":"plan","format":1}\n', 'JOURNAL_DAMAGED', 'line 1: it does not begin with the header of a run'],
    ['a text', 'hello\n', 'JOURNAL_DAMAGED', 'line 1: the line is not JSON'],
    ['null', 'null\n', 'JOURNAL_DAMAGED', 'line 1: it does not begin with the header of a run'],
    ['a header without its id', HEAD.replace('"id":"run-1",', ''), 'JOURNAL_DAMAGED', 'line 1: id is missing'],
    ['an id that leads elsewhere', HEAD.replace('run-1', '../x'), 'JOURNAL_DAMAGED', 'line 1: id is "../x", not an id'],
    ['a time that is none', HEAD.replace('2026-01-01T', 'x'), 'JOURNAL_DAMAGED', 'not a time'],
    ['no format', HEAD.replace('"format":1,', ''), 'JOURNAL_DAMAGED', 'line 1: the format number is wrong'],
    [
      'a newer format',
      '{"dirsync":"run","format":2,"writer":"dirsync 9\\u001b","new":true}\n',
      'JOURNAL_NEWER',
      'FILE has format 2 and was written by dirsync 9\\x1b; this dirsync reads format 1',
    ],
    ['a line that is not JSON', `${HEAD}{"kind":\n`, 'JOURNAL_DAMAGED', 'line 2: the line is not JSON'],
    ['deep nesting', `${HEAD}${'['.repeat(500_000)}\n`, 'JOURNAL_DAMAGED', 'line 2: the line is not JSON'],
    ['an unknown key', `${HEAD}${STEP.replace('{', '{"x":1,')}`, 'JOURNAL_DAMAGED', 'line 2: the step has an unknown key "x"'],
    ['an unknown kind', HEAD + STEP.replace('mkdir', 'chmod'), 'JOURNAL_DAMAGED', 'line 2: kind is "chmod"'],
    ['an unknown status', HEAD + STEP.replace('done', 'dine'), 'JOURNAL_DAMAGED', 'line 2: status is "dine"'],
    ['negative bytes', HEAD + STEP.replace(':0', ':-1'), 'JOURNAL_DAMAGED', 'line 2: bytes is -1'],
    ['a null line', `${HEAD}null\n`, 'JOURNAL_DAMAGED', 'line 2: the step is null'],
    ['a second header', HEAD + HEAD, 'JOURNAL_DAMAGED', 'line 2: the step has an unknown key "dirsync"'],
    [
      'an end with something beside it',
      HEAD + END.replace('}}', '},"x":1}'),
      'JOURNAL_DAMAGED',
      'line 2: the end has other keys',
    ],
    ['an end without a count', HEAD + END.replace('"failed":0,', ''), 'JOURNAL_DAMAGED', 'end.counts.failed is missing'],
    ['a line after the end', HEAD + END + STEP, 'JOURNAL_DAMAGED', 'line 3: there is more after the end of the run'],
    ['a path with ..', HEAD + STEP.replace('"a"', '"../a"'), 'JOURNAL_HOSTILE', 'line 2: path "../a" climbs out'],
    ['an absolute path', HEAD + STEP.replace('"a"', '"/a"'), 'JOURNAL_HOSTILE', 'line 2: path "/a" is absolute'],
    ['an old path with ..', HEAD + STEP.replace('{', '{"from":"../a",'), 'JOURNAL_HOSTILE', 'line 2: from "../a" climbs out'],
    [
      'a move that carries text',
      HEAD + STEP.replace('{', '{"moved":{"leaves":"x","bytes":0},'),
      'JOURNAL_DAMAGED',
      'line 2: moved.leaves is "x"',
    ],
    [
      'an unknown target drift',
      HEAD + STEP.replace('{', '{"targetDrift":"eaten",'),
      'JOURNAL_DAMAGED',
      'line 2: targetDrift is "eaten"',
    ],
    ['dirsync’s own folder', HEAD + STEP.replace('"a"', '".dirsync/lock"'), 'JOURNAL_HOSTILE', 'which belongs to dirsync'],
    [
      'a problem with a NUL in its path',
      `${HEAD}{"problem":{"path":"a\\u0000","side":"target","phase":"write","code":"EIO","message":""}}\n`,
      'JOURNAL_HOSTILE',
      'line 2: path "a\\x00" contains a NUL',
    ],
  ];
  for (const [title, text, code, says] of refusals) {
    it(`refuses ${title}`, () => {
      const {code: found, detail} = refusal(text);
      expect(found).to.equal(code);
      expect(detail).to.include(says);
    });
  }

  it('does not read on in a line that never ends', () => {
    let read = 0;
    const chunks = function* () {
      yield Buffer.from(HEAD);
      for (; read < 100; read++) yield Buffer.alloc(1 << 20, 'x');
    };
    expect(() => [...decodeJournal(chunks(), 'FILE')]).to.throw(DirsyncError, 'FILE, line 2: the line is longer than 1 MiB');
    expect(read).to.be.at.most(1);
  });
});
