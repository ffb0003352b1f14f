import {expect} from 'chai';
import type {ShownConfig, ShownSetting} from '../../../src/core/shown-config.js';
import {configText} from '../../../src/report/text/config.js';

const setting = (key: string, value: ShownSetting['value'], origin: ShownSetting['origin']): ShownSetting => ({
  key,
  value,
  origin,
});
const FILE = '/home/me/dirsync.config.yaml';

describe('report/text/config', () => {
  const cases: Readonly<Record<string, readonly [config: Partial<ShownConfig>, lines: readonly string[]]>> = {
    'no jobs': [{}, [FILE, '', 'The config has no jobs.']],
    'columns for each job': [
      {
        files: [FILE, '/etc/base.yaml'],
        jobs: [
          {
            name: 'photos',
            settings: [
              setting('source', '/home/me/photos', {from: 'job', file: FILE, line: 3}),
              setting('exclude', ['*.tmp', 'a b', 'x,y', ''], {from: 'defaults', file: '/etc/base.yaml'}),
              setting('hooks.after', [], {from: 'job', file: FILE, line: 12}),
              setting('delete', true, {from: 'default'}),
            ],
          },
          {name: 'b', settings: [setting('log', '/l', {from: 'flag'})]},
        ],
      },
      [
        FILE,
        '  extends /etc/base.yaml',
        '',
        'photos',
        '  source       /home/me/photos          job       dirsync.config.yaml:3',
        '  exclude      *.tmp, "a b", "x,y", ""  defaults  base.yaml',
        '  hooks.after  none                     job       dirsync.config.yaml:12',
        '  delete       true                     default',
        '',
        'b',
        '  log  /l  flag',
      ],
    ],
    'a long value moves no other': [
      {
        jobs: [
          {
            name: 'a',
            settings: [setting('source', '/s'.repeat(50), {from: 'flag'}), setting('target', '/t', {from: 'default'})],
          },
        ],
      },
      [FILE, '', 'a', `  source  ${'/s'.repeat(50)}  flag`, '  target  /t  default'],
    ],
    'files of one name by their paths': [
      {
        files: [FILE, '/etc/dirsync.config.yaml'],
        jobs: [{name: 'a', settings: [setting('source', '/s', {from: 'job', file: FILE, line: 3})]}],
      },
      [FILE, '  extends /etc/dirsync.config.yaml', '', 'a', `  source  /s  job  ${FILE}:3`],
    ],
    'names and values escaped': [
      {
        files: ['/a\x1b/x.yaml'],
        jobs: [{name: 'a\n', settings: [setting('source', '/\u202e"', {from: 'job', file: '/a\x1b/x.yaml', line: 1})]}],
      },
      ['/a\\x1b/x.yaml', '', 'a\\n', '  source  "/\\u202e\\""  job  x.yaml:1'],
    ],
  };
  for (const [name, [config, lines]] of Object.entries(cases)) {
    it(name, () => {
      expect(configText({file: FILE, files: [FILE], jobs: [], ...config}, false).split('\n')).to.deep.equal(lines);
    });
  }

  it('the name of a job is bold in colour', () => {
    expect(configText({file: FILE, files: [FILE], jobs: [{name: 'a', settings: []}]}, true)).to.contain('\x1b[1ma\x1b[22m');
  });
});
