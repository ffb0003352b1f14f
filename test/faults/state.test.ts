/** What lies in `.dirsync` of a target, with something wrong in it: each reader refuses it by name, or takes what it understands. */
import fs from 'node:fs';
import path from 'node:path';
import {DirsyncError} from '../../src/core/errors.js';
import {toByteName} from '../../src/core/name.js';
import {decodeJournal, encodeJournalLine} from '../../src/formats/journal.js';
import {platform} from '../../src/platform/choose.js';
import type {Folder} from '../../src/platform/platform.js';
import {readTimeFacts} from '../../src/state/times.js';
import {readTraces} from '../../src/state/traces.js';
import {Chance, report, rounds} from '../support/faults.js';
import {mutateBytes, mutateLines, mutateValue, ODD_PATHS, ODD_VALUES, stringify} from '../support/mutate.js';
import {HEADER, runEnd, step} from '../support/run.js';
import {locked} from '../support/subject.js';
import {tempDirs} from '../support/temp.js';

const JOURNAL = [
  encodeJournalLine({type: 'header', header: HEADER}),
  encodeJournalLine({type: 'step', step: step('mkdir', 'a')}),
  encodeJournalLine({type: 'step', step: step('create', 'a/b', {bytes: 12})}),
  encodeJournalLine({type: 'problem', problem: locked}),
  encodeJournalLine({type: 'end', end: runEnd({done: 2}, {interrupted: 'SIGINT'})}),
].map((line) => line.trimEnd());
const TRACES = [
  '{"opened":{"path":"a","mode":365}}',
  '{"beside":{"folder":"a/b","name":".dirsync-run1-3.tmp"}}',
  '{"beside":{"folder":"","name":".dirsync-run1-4.old"}}',
];
const TIMES = ['{"resolution":"1000000000","min":"-2147483648000000000","max":"15032385535000000000"}'];

const ADDED = [
  '',
  'null',
  '{}',
  '0',
  '['.repeat(10_000),
  '['.repeat(10_000) + ']'.repeat(10_000),
  '{"end":null}',
  '{"problem":0}',
];

describe('faults: what lies in .dirsync', () => {
  const temp = tempDirs();

  function spoilt(chance: Chance, lines: readonly string[]): Buffer {
    const how = chance.int(0, 3);
    if (how === 0) return mutateBytes(chance, Buffer.from(`${lines.join('\n')}\n`));
    if (how === 1) return Buffer.from(`${mutateLines(chance, lines, ADDED).join('\n')}\n`);
    const found = [...lines];
    const at = chance.int(0, found.length - 1);
    found[at] = stringify(mutateValue(chance, JSON.parse(found[at] as string), [...ODD_VALUES, ...ODD_PATHS]));
    return Buffer.from(`${found.join('\n')}\n`);
  }

  function inFolder<T>(at: string, act: (folder: Folder) => T): T {
    const folder = platform().openRoot(toByteName(at));
    try {
      return act(folder);
    } finally {
      platform().close(folder);
    }
  }

  const kinds: readonly [what: string, at: string, lines: readonly string[], read: (root: string, content: Buffer) => unknown][] =
    [
      ['journals', 'runs/x.ndjson', JOURNAL, (_, content) => [...decodeJournal([content], 'FILE')]],
      ['traces', 'tmp/run/traces-0', TRACES, (root) => inFolder(`${root}/.dirsync/tmp`, (at) => readTraces(platform(), at))],
      ['times', 'times.json', TIMES, (root) => inFolder(root, (at) => readTimeFacts(platform(), at))],
    ];
  for (const [what, at, lines, read] of kinds) {
    it(`${what} are read, or refused by name`, () => {
      const chance = new Chance();
      const count = rounds({full: 2000, short: 200});
      const root = temp();
      const file = path.join(root, '.dirsync', at);
      fs.mkdirSync(path.dirname(file), {recursive: true});
      const found: Record<string, number> = {};
      for (let i = 0; i < count; i++) {
        const content = spoilt(chance, lines);
        fs.writeFileSync(file, content);
        let end = 'read';
        try {
          read(root, content);
        } catch (error) {
          if (!(error instanceof DirsyncError))
            throw new Error(`SEED=${chance.seed}, round ${i}: ${content}`.slice(0, 2000), {cause: error});
          end = error.code;
        }
        found[end] = (found[end] ?? 0) + 1;
      }
      report({fault: what, rounds: count, seed: chance.seed, found: {crashes: 0, ...found}});
    });
  }
});
