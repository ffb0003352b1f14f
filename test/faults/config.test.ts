/** Config files with something wrong in them: each is refused by name, or is a config. */
import fs from 'node:fs';
import path from 'node:path';
import {findJob, loadConfig} from '../../src/config/load.js';
import {resolveSettings} from '../../src/config/settings.js';
import {DirsyncError} from '../../src/core/errors.js';
import {Chance, report, rounds} from '../support/faults.js';
import {mutateBytes, mutateLines, mutateValue, ODD_PATHS, ODD_VALUES, stringify} from '../support/mutate.js';
import {tempDirs} from '../support/temp.js';

/** With every setting that there is. */
const CONFIG = {
  $schema: './schema.json',
  extends: [],
  defaults: {delete: true, exclude: ['*.tmp', '!keep.tmp'], fsync: 'end', log: '~/log', every: '1h30m'},
  jobs: {
    photos: {
      source: '~/photos',
      target: '$' + '{DISK}/photos',
      exclude: '*.tmp',
      include: ['keep.tmp'],
      excludeFrom: ['~/ignore'],
      delete: false,
      checksum: true,
      sizeOnly: false,
      mtimeWindow: '2s',
      preserve: ['mode', 'times'],
      noPreserve: ['times'],
      ownerBy: 'name',
      oneFileSystem: true,
      maxDelete: 10,
      allow: ['source-empty'],
      every: '1d',
      log: '../log',
      fsync: 'each',
      mkpath: true,
      skipDrifted: true,
    },
    music: {source: '/s', target: '/t', maxDelete: '50%'},
  },
};

const YAML = `# what is kept
defaults: &base
  delete: true
  exclude: [ "*.tmp", '!keep.tmp' ]
  fsync: end
jobs:
  photos: &photos
    source: ~/photos
    target: "\${DISK}/photos"
    excludeFrom: |
      ignore
    preserve:
      - mode
      - times
    maxDelete: 50%
    every: 1h30m
  more:
    <<: *photos
    target: /other
    mtimeWindow: >-
      2s
    checksum: yes
`;

const ADDED = [
  '',
  '---',
  '...',
  '%YAML 1.1',
  '\t',
  '- x',
  '? [a, b]',
  ': x',
  '&a',
  '*a',
  'a: &a [*a, *a]',
  'b: &b {<<: *b}',
  '<<: [*base, *photos, *base]',
  '<<: 1',
  'extends: dirsync.config.yaml',
  'extends: [1, {}]',
  'extends: /dev/zero',
  'extends: .',
  '!!js/function "x"',
  '!!binary "%%%"',
  '!!timestamp 2000-99-99',
  '!!set {a, b}',
  '!!omap [a: 1]',
  'fsync: {toString: 1, valueOf: 2}',
  '__proto__: {source: x}',
  'constructor: {prototype: {x: 1}}',
  '"\\x00": "\\ud800"',
  '0x1f: 0o17',
  '.inf: .nan',
  '['.repeat(10_000),
  '- '.repeat(10_000),
  'x'.repeat(100_000),
  `jobs: ${'{a: '.repeat(99)}`,
];

describe('faults: configs', () => {
  const temp = tempDirs();

  function spoilt(chance: Chance): {name: string; content: string | Buffer} {
    const yaml = chance.of(['dirsync.config.yaml', '.dirsyncrc']);
    const how = chance.int(0, 5);
    if (how === 0) return {name: yaml, content: mutateBytes(chance, Buffer.from(YAML))};
    if (how === 1) {
      const lines = mutateLines(chance, mutateLines(chance, YAML.split('\n'), ADDED), ADDED);
      return {name: yaml, content: lines.join('\n')};
    }
    if (how === 2) {
      const at = chance.int(0, YAML.length);
      return {name: yaml, content: YAML.slice(0, at) + chance.of(ADDED) + YAML.slice(at)};
    }
    const odd = [...ODD_VALUES, ...ODD_PATHS, Array(20_000).fill('x'), Object.fromEntries(ODD_PATHS.map((key) => [key, {}]))];
    const value = mutateValue(chance, chance.int(0, 1) === 0 ? CONFIG : mutateValue(chance, CONFIG, odd), odd);
    const isPackage = how === 3;
    const text = Buffer.from(stringify(isPackage ? {name: 'x', dirsync: value} : value));
    const content = chance.int(0, 4) === 0 ? mutateBytes(chance, text) : text;
    return {name: isPackage ? 'package.json' : chance.of(['dirsync.config.json', yaml]), content};
  }

  it('are read, or refused by name', async () => {
    const chance = new Chance();
    const count = rounds({full: 500, short: 60});
    const cwd = temp();
    const env = {HOME: cwd, DISK: '/mnt/disk'};
    const found: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const {name, content} = spoilt(chance);
      const file = path.join(cwd, name);
      fs.writeFileSync(file, content);
      let what = 'read';
      try {
        const config = await loadConfig({cwd, env});
        for (const job of config?.jobs.keys() ?? []) resolveSettings([], {filters: []}, findJob(config, job));
      } catch (error) {
        if (!(error instanceof DirsyncError))
          throw new Error(`SEED=${chance.seed}, round ${i}: ${String(content).slice(0, 2000)}`, {cause: error});
        what = error.code;
      }
      found[what] = (found[what] ?? 0) + 1;
      fs.unlinkSync(file);
    }
    report({fault: 'configs', rounds: count, seed: chance.seed, found: {crashes: 0, ...found}});
  });
});
