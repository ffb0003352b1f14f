/** Plan files with something wrong in them: each is refused by name, or is a plan that changes nothing but its target. */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import {expect} from 'chai';
import fc from 'fast-check';
import {DirsyncError} from '../../src/core/errors.js';
import {comparePaths, type RelPath} from '../../src/core/path.js';
import type {Plan} from '../../src/core/plan.js';
import {readPlanFile, writePlanFile} from '../../src/formats/plan-file.js';
import * as arbitrary from '../support/arbitrary.js';
import {Chance, report, rounds} from '../support/faults.js';
import {mutateBytes, mutateLines, mutateValue, ODD_PATHS, ODD_VALUES, stringify} from '../support/mutate.js';
import {planOf} from '../support/plan.js';
import {everyKind, locked} from '../support/subject.js';
import {applyFile, planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

const OPENERS = ['[', '{"a":'];
const ADDED = [
  '',
  'null',
  '{}',
  '{"problem":null}',
  '{"problem":{}}',
  '{"trailer":{}}',
  '{"dirsync":"plan","format":1}',
  ...OPENERS.map((open) => open.repeat(10_000)),
  '['.repeat(10_000) + ']'.repeat(10_000),
  ' '.repeat(1 << 20),
];

describe('faults: plan files', () => {
  const temp = tempDirs();

  /** The lines of a plan without its trailer. */
  async function linesOf(plan: Plan, place: string): Promise<string[]> {
    await writePlanFile(place, plan);
    return gunzipSync(fs.readFileSync(place)).toString().split('\n').slice(0, -2);
  }

  function sealed(lines: readonly string[]): string {
    const body = lines.map((line) => `${line}\n`).join('');
    const problems = lines.filter((line) => line.startsWith('{"problem"')).length;
    const sha256 = createHash('sha256').update(body).digest('hex');
    return `${body}${JSON.stringify({trailer: {actions: lines.length - 1 - problems, problems, sha256}})}\n`;
  }

  /** A file made of the lines, most often with a checksum that fits, so that it is the decoder that has to refuse. */
  function spoilt(chance: Chance, lines: readonly string[], paths: readonly string[]): Buffer {
    const how = chance.int(0, 9);
    if (how === 0) return gzipSync(mutateBytes(chance, Buffer.from(sealed(lines))));
    if (how === 1) return mutateBytes(chance, gzipSync(sealed(lines)));
    if (how === 2) return Buffer.from(sealed(mutateLines(chance, lines, ADDED)));
    if (how === 3) return Buffer.from(mutateLines(chance, sealed(lines).split('\n'), ADDED).join('\n'));
    const found = [...lines];
    for (let i = chance.int(1, 2); i > 0; i--) {
      const at = chance.int(how === 4 ? 0 : Math.min(1, found.length - 1), found.length - 1);
      found[at] = spoiltLine(chance, found[at] as string, paths);
    }
    return gzipSync(sealed(chance.int(0, 3) === 0 ? found : inOrder(found)));
  }

  function spoiltLine(chance: Chance, line: string, paths: readonly string[]): string {
    const json = JSON.parse(line);
    // A line that is spoilt for the second time may be no object any more, or nested too deep to be written again.
    if (typeof json !== 'object' || json === null || line.includes('[[[')) return line;
    if (chance.int(0, 2) > 0) return stringify(mutateValue(chance, json, [...ODD_VALUES, ...paths]));
    const holder = typeof json.problem === 'object' ? (json.problem ?? json) : json;
    holder[chance.of(holder.leader === undefined ? ['path'] : ['path', 'leader'])] = chance.of(paths);
    if (json.before && chance.int(0, 1) === 0) json.kind = chance.of(['delete', 'rmdir', 'update', 'replace', 'attrs']);
    if (json.kind === 'delete' || json.kind === 'rmdir') delete json.after;
    return stringify(json);
  }

  /** Actions by their paths, as a plan has them. */
  function inOrder([head = '', ...rest]: readonly string[]): string[] {
    const pathOf = (line: string) => {
      const value = JSON.parse(line)?.path;
      return (typeof value === 'string' && value.isWellFormed() ? value : '') as RelPath;
    };
    const actions = rest.filter((line) => !line.startsWith('{"problem"')).sort((a, b) => comparePaths(pathOf(a), pathOf(b)));
    return [head, ...actions, ...rest.filter((line) => line.startsWith('{"problem"'))];
  }

  async function read(place: string): Promise<Plan | DirsyncError> {
    try {
      return (await readPlanFile(place)).plan;
    } catch (error) {
      if (error instanceof DirsyncError) return error;
      throw error;
    }
  }

  it('are read as a plan, or refused by name', async () => {
    const chance = new Chance();
    const count = rounds({full: 2000, short: 200});
    const folder = temp();
    const plans = [planOf(everyKind, {problems: [locked]}), ...fc.sample(arbitrary.plan, {numRuns: 40, seed: chance.seed})];
    const bases = [];
    for (const plan of plans) bases.push(await linesOf(plan, path.join(folder, 'base')));
    const place = path.join(folder, 'plan');
    const found: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      fs.writeFileSync(place, spoilt(chance, chance.of(bases), ODD_PATHS));
      try {
        const result = await read(place);
        const what = result instanceof DirsyncError ? result.code : 'read';
        found[what] = (found[what] ?? 0) + 1;
      } catch (error) {
        fs.copyFileSync(place, path.join(process.env.DIRSYNC_KEEP ?? folder, 'crash'));
        throw new Error(`SEED=${chance.seed}, round ${i}`, {cause: error});
      }
    }
    report({fault: 'plan files, read', rounds: count, seed: chance.seed, found: {crashes: 0, ...found}});
  });

  const SECRET = file('secret', {mode: 0o600});
  const before: Tree = {
    old: SECRET,
    gone: {x: SECRET, y: {}},
    mode: file('m', {mode: 0o600}),
    content: 'before',
    becomes: {folder: 'f'},
    way: symlink('../canary'),
    way2: symlink('../canary'),
    kept: dir({deep: {secret: SECRET}}),
  };
  const after: Tree = {
    mode: file('m', {mode: 0o644}),
    content: 'after that',
    becomes: 'file',
    new: {a: 'a', link: symlink('../../canary/secret')},
    one: 'linked',
    two: hardlink('source/one'),
    way: symlink('../canary'),
    way2: {secret: 'mine'},
    kept: dir({deep: {secret: SECRET, more: ''}}),
  };
  const AIMED = [
    ...ODD_PATHS,
    'way/secret',
    'way/folder',
    'way/folder/x',
    'new/link/x',
    'old',
    'kept',
    'kept/deep',
    'new',
    '',
    'way2',
  ];

  it('change nothing but their target when they are applied', async function () {
    this.timeout(0);
    const chance = new Chance();
    const count = rounds({full: 250, short: 15});
    const found = {crashes: 0, 'changes outside': 0};
    const ends: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const root = path.join(temp(), 'root');
      writeTree(root, {source: after, target: before, canary: {secret: SECRET, folder: {x: SECRET}, empty: {}}});
      const place = path.join(path.dirname(root), 'plan');
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      const {plan} = await planTrees(settings(source, target));
      const lines = await linesOf(plan, place);
      const outside = JSON.stringify([readTree(source), readTree(path.join(root, 'canary')), fs.readdirSync(root)]);
      try {
        // Until one is taken: most are refused, which the test above looks at.
        let result: Plan | DirsyncError;
        do {
          fs.writeFileSync(place, spoilt(chance, lines, AIMED));
          result = await read(place);
        } while (result instanceof DirsyncError || result.header.target.path !== target || result.header.source.path !== source);
        const end = await applyFile(place, {skipDrifted: chance.int(0, 3) > 0}).then(
          ({counts}) => (counts.failed > 0 ? 'with failures' : 'done'),
          (error) => {
            if (error instanceof DirsyncError) return error.code;
            throw error;
          },
        );
        ends[end] = (ends[end] ?? 0) + 1;
      } catch (error) {
        found.crashes++;
        fs.copyFileSync(place, path.join(process.env.DIRSYNC_KEEP ?? root, `crash-${i}`));
        console.log(`SEED=${chance.seed}, round ${i}`, error);
      }
      const now = JSON.stringify([readTree(source), readTree(path.join(root, 'canary')), fs.readdirSync(root)]);
      if (now !== outside) {
        found['changes outside']++;
        console.log(`SEED=${chance.seed}, round ${i}: ${gunzipSync(fs.readFileSync(place))}\n${outside}\n${now}`);
      }
    }
    report({fault: 'plan files, applied', rounds: count, seed: chance.seed, found: {...found, ...ends}});
    expect(found).to.deep.equal({crashes: 0, 'changes outside': 0});
  });
});
