import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {Ajv} from 'ajv';
import {expect} from 'chai';
import {parse} from 'yaml';
import {builtInSettings, type JobSettings, jsonSchema, NESTED, SETTINGS} from '../../src/config/schema.js';
import {resolveSettings} from '../../src/config/settings.js';

const ROOT = new URL('../../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, ROOT), 'utf8');
/** The file that the build made. */
const SCHEMA = JSON.parse(read('dist/schema/config.json'));
const isValid = new Ajv({strict: true, allowUnionTypes: true}).compile(SCHEMA);

type Described = {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly anyOf?: readonly Described[];
};
const {properties: settings = {}} = SCHEMA.definitions.settings as Described;

/** Every key with those below it, such as `hooks.before`. */
function keysOf(properties: Readonly<Record<string, Described>>, above = ''): [string, Described][] {
  return Object.entries(properties).flatMap(([key, described]): [string, Described][] => {
    const form = described.properties ? described : described.anyOf?.find((each) => each.properties);
    return [[above + key, described], ...keysOf(form?.properties ?? {}, `${above}${key}.`)];
  });
}

describe('config/schema', () => {
  it('is written by the build', () => {
    expect(SCHEMA).to.deep.equal(jsonSchema());
    expect(SCHEMA).to.include({$id: 'urn:dirsync:schema:config-1', title: 'dirsync config file'});
  });

  it('describes every key and lists it', () => {
    const all = [...keysOf(SCHEMA.properties), ...keysOf(settings)];
    expect(all.filter(([, {description}]) => !description).map(([key]) => key)).to.deep.equal([]);
    const names = SETTINGS.flatMap((key) => [key, ...(NESTED[key] ?? []).map((name) => `${key}.${name}`)]);
    expect(keysOf(settings).map(([key]) => key)).to.have.members(names);
  });

  it('has the defaults that hold', () => {
    const resolve = (job: object) => resolveSettings(['/s', '/t'], {filters: []}, job as JobSettings);
    const {webhook: _, heartbeat: __, ...usual} = builtInSettings();
    expect(resolve(usual)).to.deep.equal(resolve({}));
    expect(resolve({...usual, log: '/l', every: '1m'})).to.deep.equal(resolve({log: '/l', every: '1m'}));
    const [heartbeat, webhook] = [{success: 'https://h'}, {url: 'https://h'}];
    const {webhook: webhookDefaults, heartbeat: heartbeatDefaults} = builtInSettings() as Record<string, object>;
    expect(resolve({heartbeat: {...heartbeatDefaults, ...heartbeat}, webhook: {...webhookDefaults, ...webhook}})).to.deep.equal(
      resolve({heartbeat, webhook}),
    );
  });

  const valid: Readonly<Record<string, unknown>> = {
    nothing: {},
    'every kind of value': {
      $schema: './x.json',
      extends: ['a.yaml'],
      defaults: {delete: true, exclude: '*.tmp', hooks: {before: 'x', after: ['a', 'b'], timeout: '1m'}, metrics: 'm/'},
      jobs: {
        photos: {
          source: '~/p',
          target: '/t',
          exclude: ['a'],
          maxDelete: 5,
          logSize: '5MB',
          preserve: ['mode'],
          heartbeat: {start: 'https://h', timeout: '1s'},
          webhook: {url: 'https://h', format: 'discord', always: true},
          at: '03:00',
        },
        other: {maxDelete: '5%', heartbeat: 'https://h', webhook: 'https://h', cron: ['0 3 * * *'], logFiles: 0},
      },
    },
  };
  for (const [name, config] of Object.entries(valid)) it(`takes ${name}`, () => expect(isValid(config)).to.equal(true));

  const job = (more: object) => ({jobs: {a: more}});
  const invalid: Readonly<Record<string, unknown>> = {
    'a list': [],
    'an unknown section': {job: {}},
    'an unknown key': job({exclud: 'x'}),
    'an unknown key in defaults': {defaults: {exclud: 'x'}},
    'an unknown hook': job({hooks: {onSucess: 'x'}}),
    'a webhook without url': job({webhook: {always: true}}),
    'a text for a yes': job({delete: 'no'}),
    'a number for a time': job({every: 5}),
    'an unknown choice': job({fsync: 'ech'}),
    'an unknown guard': job({allow: ['same']}),
    'a list of numbers': job({exclude: [1]}),
    'too many log files': job({logFiles: 1001}),
    'a job without a name': {jobs: {'': {}}},
    'jobs in a list': {jobs: []},
    'a number to extend': {extends: 1},
    $import: {$import: 'x'},
  };
  for (const [name, config] of Object.entries(invalid)) {
    it(`refuses ${name}`, () => expect(isValid(config)).to.equal(false));
  }

  it('takes every config in the documents and examples', () => {
    const pages = [
      'README.md',
      ...readdirSync(new URL('docs', ROOT)).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
    ];
    const blocks = pages.flatMap((page) =>
      [...read(page).matchAll(/^```(?:yaml|json)\n(.*?)^```/gms)].map(([, text = '']): [string, string] => [page, text]),
    );
    const examples = readdirSync(new URL('examples', ROOT), {recursive: true})
      .map(String)
      .filter((name) => /(?:dirsync\.config|dirsyncrc).*\.(?:ya?ml|json)$/.test(path.basename(name)))
      .map((name): [string, string] => [name, read(`examples/${name}`)]);
    const configs = [...blocks, ...examples].filter(([, text]) => /^(?:jobs|defaults|extends):|"jobs":/m.test(text));
    expect(configs.length).to.be.at.least(2);
    for (const [where, text] of configs)
      expect(isValid(parse(text)), `${where}: ${JSON.stringify(isValid.errors)}`).to.equal(true);
  });

  describe('the reference', () => {
    const page = read('docs/config.md');
    const rows = new Map(
      [...page.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)].map(([, key = '', rest = '']) => [
        key,
        rest.split(/(?<!\\) \| /).map((cell) => cell.trim()),
      ]),
    );

    it('has every key', () => {
      const keys = [...keysOf(SCHEMA.properties), ...keysOf(settings)].map(([key]) => key).filter((key) => key !== 'hooks');
      expect([...rows.keys()]).to.have.members(keys);
    });

    it('has the default of each', () => {
      for (const [key, {default: usual}] of keysOf(settings)) {
        if (usual === undefined || key === 'preserve') continue;
        const said = Array.isArray(usual) ? JSON.stringify(usual) : String(usual);
        expect(rows.get(key)?.[1], key).to.equal(`\`${said}\``);
      }
    });
  });
});
