// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files hold such texts.
import {mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type Config, findJob, loadConfig, salvageNotices} from '../../src/config/load.js';
import {tempDirs} from '../support/temp.js';

type Files = Readonly<Record<string, string>>;

describe('config/extends', () => {
  const temp = tempDirs();
  const env = {HOME: '/home/me', SHARED: 'shared', DISK: '/mnt/disk'};

  function folderWith(files: Files): string {
    const cwd = temp();
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(cwd, name)), {recursive: true});
      writeFileSync(path.join(cwd, name), content);
    }
    return cwd;
  }

  const config = async (cwd: string) => (await loadConfig({cwd, env})) as Config;
  const ROOTS = 'source: /s, target: /t';

  const cases: Readonly<Record<string, readonly [files: Files, job: object]>> = {
    'a file lies over what it extends, key by key': [
      {'dirsync.config.yaml': 'extends: b.yaml\njobs: {a: {target: /u}}', 'b.yaml': `jobs: {a: {${ROOTS}, delete: false}}`},
      {source: '/s', target: '/u', delete: false},
    ],
    'a later file lies over an earlier one': [
      {
        'dirsync.config.yaml': `extends: [b.yaml, c.json]\njobs: {a: {${ROOTS}}}`,
        'b.yaml': 'defaults: {fsync: none, delete: false}',
        'c.json': '{"defaults": {"fsync": "each"}}',
      },
      {source: '/s', target: '/t', fsync: 'each', delete: false},
    ],
    'what is extended extends others': [
      {
        'dirsync.config.yaml': `extends: b.yaml\njobs: {a: {${ROOTS}}}`,
        'b.yaml': 'extends: c.mjs\ndefaults: {delete: false}',
        'c.mjs': 'export default {defaults: {delete: true, checksum: true, mkpath: undefined}}',
      },
      {source: '/s', target: '/t', delete: false, checksum: true},
    ],
    'a file may be extended twice': [
      {
        'dirsync.config.yaml': `extends: [b.yaml, c.yaml]\njobs: {a: {${ROOTS}}}`,
        'b.yaml': 'extends: d.yaml\ndefaults: {fsync: none}',
        'c.yaml': 'extends: d.yaml\ndefaults: {mkpath: true}',
        'd.yaml': 'defaults: {delete: false}',
      },
      {source: '/s', target: '/t', delete: false, fsync: 'none', mkpath: true},
    ],
    'a job wins over defaults of the file that extends it': [
      {'dirsync.config.yaml': 'extends: b.yaml\ndefaults: {fsync: none}', 'b.yaml': `jobs: {a: {${ROOTS}, fsync: each}}`},
      {source: '/s', target: '/t', fsync: 'each'},
    ],
    'lists take the place of lists': [
      {
        'dirsync.config.yaml': 'extends: b.yaml\njobs: {a: {exclude: z}}',
        'b.yaml': `jobs: {a: {${ROOTS}, exclude: [x, y]}}`,
      },
      {source: '/s', target: '/t', exclude: ['z']},
    ],
    'times go together': [
      {
        'dirsync.config.yaml': 'extends: b.yaml\njobs: {a: {at: "03:00"}}',
        'b.yaml': `jobs: {a: {${ROOTS}, every: 5m, watch: true, delay: 1s}}`,
      },
      {source: '/s', target: '/t', at: ['03:00'], delay: '1s'},
    ],
    'hooks go one by one': [
      {
        'dirsync.config.yaml': 'extends: b.yaml\ndefaults: {hooks: {onGuard: g}}\njobs: {a: {hooks: {after: []}}}',
        'b.yaml': `defaults: {hooks: {before: x, timeout: 1m}}\njobs: {a: {${ROOTS}, hooks: {before: y, after: z}}}`,
      },
      {source: '/s', target: '/t', hooks: {before: 'y', after: [], onGuard: 'g', timeout: '1m'}},
    ],
  };
  for (const [name, [files, job]] of Object.entries(cases)) {
    it(name, async () => expect(findJob(await config(folderWith(files)), 'a')).to.deep.equal(job));
  }

  it('paths start at the folder of the file that says them', async () => {
    const cwd = folderWith({
      'dirsync.config.yaml': 'extends: "${SHARED}/b.yaml"\njobs: {a: {source: s, target: "${DISK}/t"}}',
      'shared/b.yaml': 'extends: deep/c.yaml\ndefaults: {log: ../x.log, excludeFrom: [ignore, ~/ignore]}',
      'shared/deep/c.yaml': 'defaults: {metrics: m/, webhook: "https://${SHARED}/x"}',
    });
    const loaded = await config(cwd);
    expect(findJob(loaded, 'a')).to.deep.equal({
      source: `${cwd}/s`,
      target: '/mnt/disk/t',
      log: `${cwd}/x.log`,
      excludeFrom: [`${cwd}/shared/ignore`, '/home/me/ignore'],
      metrics: `${cwd}/shared/deep/m/`,
      webhook: 'https://shared/x',
    });
    expect(loaded.layers.map(({file}) => path.relative(cwd, file))).to.deep.equal([
      'shared/deep/c.yaml',
      'shared/b.yaml',
      'dirsync.config.yaml',
    ]);
  });

  it('~ is expanded in extends', async () => {
    const cwd = folderWith({'dirsync.config.yaml': 'extends: ~/b.yaml', 'home/b.yaml': `jobs: {a: {${ROOTS}}}`});
    const loaded = (await loadConfig({cwd, env: {HOME: path.join(cwd, 'home')}})) as Config;
    expect([...loaded.jobs.keys()]).to.deep.equal(['a']);
  });

  describe('salvaging a config with mistakes', () => {
    const job = 'photos';
    const salvaged: Readonly<Record<string, readonly [files: Files, notices: object | undefined]>> = {
      'is what is valid by itself': [
        {
          'dirsync.config.yaml': `defaults:
  log: x.log
  logLevel: chatty
  hooks: {onFailure: tell, timeout: 5x, onSucess: x}
  checksum: maybe
jobs:
  photos: {target: /t, heartbeat: "https://h/\${DISK}", webhook: {ur: x}, exclud: x, delete: false}
  other: {metrics: m.prom}
x: 1`,
        },
        {log: 'x.log', hooks: {onFailure: 'tell'}, target: '/t', heartbeat: 'https://h//mnt/disk'},
      ],
      'is the job over the defaults': [
        {'dirsync.config.yaml': 'defaults: {log: a.log, logFiles: 1}\njobs: {photos: {log: b.log, x: 1}}'},
        {log: 'b.log', logFiles: 1},
      ],
      'are the defaults, where the job is not there': [
        {'dirsync.config.yaml': 'defaults: {log: a.log}\njobs: 5'},
        {log: 'a.log'},
      ],
      'comes from extended files too, as far as they can be read': [
        {
          'dirsync.config.yaml': 'extends: [b.yaml, absent.yaml, c.yaml]\njobs: {photos: {x: 1}}',
          'b.yaml': 'defaults: {log: b.log}',
          'c.yaml': 'a: [',
        },
        {log: 'b.log'},
      ],
      'is all of it, where nothing is wrong': [
        {'dirsync.config.yaml': `jobs: {photos: {${ROOTS}, log: a.log}}`},
        {target: '/t', log: 'a.log'},
      ],
      'is nothing of a file that is no config': [{'dirsync.config.yaml': '[]'}, {}],
      'is undefined for a file that cannot be parsed': [{'dirsync.config.yaml': 'jobs: ['}, undefined],
      'is undefined without a file': [{}, undefined],
    };
    for (const [name, [files, notices]] of Object.entries(salvaged)) {
      it(name, async () => {
        const cwd = folderWith(files);
        const found = await salvageNotices({cwd, env: {HOME: cwd, DISK: '/mnt/disk'}, job});
        const relative = found && JSON.parse(JSON.stringify(found.settings).replaceAll(`${cwd}/`, ''));
        expect(relative).to.deep.equal(notices);
      });
    }

    it('is undefined for a named file that is absent, is a folder, or says nothing', async () => {
      const cwd = folderWith({'package.json': '{}'});
      for (const file of ['absent.yaml', '.', 'package.json']) {
        expect(await salvageNotices({cwd, env, job, file})).to.equal(undefined);
      }
    });
  });
});
