// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files hold such texts.
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {expect} from 'chai';
import {type Config, findJob, loadConfig} from '../../src/config/load.js';
import {DirsyncError} from '../../src/core/errors.js';

/** Fails when the promise does not. */
async function errorOf(promise: Promise<unknown>): Promise<DirsyncError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof DirsyncError) return error;
  throw error;
}

describe('config/load', () => {
  /** Holds `home` with `work` in it, where the program is started. */
  let base: string;
  let cwd: string;
  let env: NodeJS.ProcessEnv;

  beforeEach(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'dirsync-config-')));
    cwd = join(base, 'home/work');
    mkdirSync(cwd, {recursive: true});
    env = {HOME: join(base, 'home'), DISK: '/mnt/disk', EMPTY: ''};
  });
  afterEach(() => rmSync(base, {recursive: true, force: true}));

  function put(file: string, content: string): string {
    const path = join(base, file);
    mkdirSync(dirname(path), {recursive: true});
    writeFileSync(path, content);
    return path;
  }

  async function load(file?: string): Promise<Config> {
    const config = await loadConfig({cwd, file, env});
    if (config === undefined) throw new Error('no config was found');
    return config;
  }

  const YAML = 'jobs: {a: {source: s, target: t}}';
  const JSON_TEXT = '{"jobs": {"a": {"source": "s", "target": "t"}}}';

  describe('search', () => {
    const forms: readonly (readonly [string, string])[] = [
      ['dirsync.config.yaml', YAML],
      ['dirsync.config.yml', YAML],
      ['dirsync.config.json', JSON_TEXT],
      ['dirsync.config.js', `module.exports = ${JSON_TEXT}`],
      ['dirsync.config.mjs', `export default ${JSON_TEXT}`],
      ['.dirsyncrc', YAML],
      ['.dirsyncrc.yaml', YAML],
      ['.dirsyncrc.yml', YAML],
      ['.dirsyncrc.json', JSON_TEXT],
      ['.dirsyncrc.js', `module.exports = ${JSON_TEXT}`],
      ['package.json', `{"name": "x", "dirsync": ${JSON_TEXT}}`],
    ];
    for (const [name, content] of forms) {
      it(`finds ${name}`, async () => {
        const file = put(`home/work/${name}`, content);
        const config = await load();
        expect(config.file).to.equal(file);
        expect(findJob(config, 'a')).to.deep.equal({source: join(cwd, 's'), target: join(cwd, 't')});
      });
    }

    it('searches upwards, past a package.json without the key "dirsync" and a folder with that name', async () => {
      put('home/work/package.json', '{"name": "x"}');
      mkdirSync(join(cwd, 'dirsync.config.yaml'));
      const file = put('home/dirsync.config.yaml', YAML);
      expect((await load()).file).to.equal(file);
    });

    it('stops at the home folder', async () => {
      put('dirsync.config.yaml', YAML);
      expect(await loadConfig({cwd, env})).to.equal(undefined);
    });

    for (const ending of ['yaml', 'yml', 'json']) {
      it(`ends in ~/.config/dirsync/config.${ending}`, async () => {
        const file = put(`home/.config/dirsync/config.${ending}`, JSON_TEXT);
        expect((await load()).file).to.equal(file);
      });
    }

    it('keeps keys as written, and values with their types', async () => {
      const names = [
        '2026-11-28',
        '2026-11-28T00:00:00Z',
        '010',
        '0x1F',
        '1.0',
        '1e3',
        'True',
        'no',
        '~',
        'null',
        '.inf',
        '12:30:45',
      ];
      const jobs = names.map(
        (name) => `  ${name}: {source: s, target: t, maxDelete: 010, delay: 0, watch: True, exclude: 2026-11-28}`,
      );
      put('home/work/dirsync.config.yaml', `jobs:\n${jobs.join('\n')}\n`);
      const config = await load();
      expect([...config.jobs.keys()]).to.deep.equal(names);
      for (const name of names) {
        expect(findJob(config, name)).to.deep.include({maxDelete: 10, delay: 0, watch: true, exclude: ['2026-11-28']});
      }
    });

    it('ends in $XDG_CONFIG_HOME/dirsync, if that is set', async () => {
      put('home/.config/dirsync/config.yaml', YAML);
      const file = put('xdg/dirsync/config.yaml', YAML);
      env.XDG_CONFIG_HOME = join(base, 'xdg');
      expect((await load()).file).to.equal(file);
    });

    it('ignores a relative $XDG_CONFIG_HOME', async () => {
      put('home/work/xdg/dirsync/config.yaml', YAML);
      env.XDG_CONFIG_HOME = 'xdg';
      expect(await loadConfig({cwd, env})).to.equal(undefined);
    });

    it('prefers the nearer file', async () => {
      put('home/dirsync.config.yaml', YAML);
      put('home/.config/dirsync/config.yaml', YAML);
      const file = put('home/work/.dirsyncrc', YAML);
      expect((await load()).file).to.equal(file);
    });

    it('reads only a named file, relative to the working folder', async () => {
      put('home/work/dirsync.config.yaml', YAML);
      const file = put('home/other.yaml', YAML);
      expect((await load('../other.yaml')).file).to.equal(file);
    });

    for (const content of ['', '# nothing\n', 'null\n', '{}']) {
      it(`takes ${JSON.stringify(content)} for a config without jobs`, async () => {
        const file = put('home/work/dirsync.config.yaml', content);
        expect(await load()).to.deep.include({file, defaults: {}, jobs: new Map()});
      });
    }
  });

  it('reads every setting, lists as lists, paths as absolute', async () => {
    put(
      'home/work/dirsync.config.yaml',
      `$schema: ./schema.json
jobs:
  photos:
    source: ~/pictures
    target: "\${DISK}/photos/"
    exclude: "*.tmp"
    include: [keep.tmp]
    excludeFrom: [~/ignore, ./more]
    delete: false
    checksum: true
    sizeOnly: false
    mtimeWindow: 2s
    preserve: [mode, times]
    noPreserve: [times]
    oneFileSystem: true
    maxDelete: 10
    allow: [source-empty]
    every: 1h30m
    log: ../dirsync.log
    fsync: each
    mkpath: true
    skipDrifted: true
    lockTimeout: 30s
  home:
    source: "~"
    target: ~other
    maxDelete: 50%
`,
    );
    const home = join(base, 'home');
    const config = await load();
    expect(findJob(config, 'photos')).to.deep.equal({
      source: join(home, 'pictures'),
      target: '/mnt/disk/photos',
      exclude: ['*.tmp'],
      include: ['keep.tmp'],
      excludeFrom: [join(home, 'ignore'), join(cwd, 'more')],
      delete: false,
      checksum: true,
      sizeOnly: false,
      mtimeWindow: '2s',
      preserve: ['mode', 'times'],
      noPreserve: ['times'],
      oneFileSystem: true,
      maxDelete: 10,
      allow: ['source-empty'],
      every: '1h30m',
      log: join(home, 'dirsync.log'),
      fsync: 'each',
      mkpath: true,
      skipDrifted: true,
      lockTimeout: '30s',
    });
    expect(findJob(config, 'home')).to.deep.equal({source: home, target: join(cwd, '~other'), maxDelete: '50%'});
  });

  it('does not expand the values of environment variables', async () => {
    env.ODD = '~/${HOME}$&';
    put('home/work/dirsync.config.yaml', "jobs: {a: {source: '${ODD}', target: /t}}");
    expect(findJob(await load(), 'a').source).to.equal(join(cwd, '~/${HOME}$&'));
  });

  it('lays defaults under a job: the job wins, lists replace lists', async () => {
    put(
      'home/work/dirsync.config.mjs',
      `export default {
        defaults: {source: '/s', exclude: ['a', 'b'], delete: false, checksum: true},
        jobs: {one: {target: '/one', exclude: 'c', delete: true, checksum: undefined}, two: {target: '/two', source: '/other'}},
      }`,
    );
    const config = await load();
    expect(findJob(config, 'one')).to.deep.equal({source: '/s', target: '/one', exclude: ['c'], delete: true, checksum: true});
    expect(findJob(config, 'two')).to.deep.equal({
      source: '/other',
      target: '/two',
      exclude: ['a', 'b'],
      delete: false,
      checksum: true,
    });
  });

  describe('mistakes', () => {
    const job = (settings: string) => `jobs: {photos: {source: /s, target: /t, ${settings}}}`;
    const cases: readonly {name: string; content: string; says: string}[] = [
      {name: 'unknown setting', content: job('exlude: x'), says: 'jobs.photos.exlude: unknown key, did you mean "exclude"?'},
      {
        name: 'flag as written',
        content: job('max-delete: 1'),
        says: 'jobs.photos["max-delete"]: unknown key, did you mean "maxDelete"?',
      },
      {name: 'nothing near', content: job('compression: 9'), says: 'jobs.photos.compression: unknown key'},
      {name: 'unknown section', content: 'job: {}', says: 'job: unknown key, did you mean "jobs"?'},
      {name: 'unknown default', content: 'defaults: {fsyc: end}', says: 'defaults.fsyc: unknown key, did you mean "fsync"?'},
      {
        name: 'wrong type',
        content: job('delete: "no"'),
        says: 'jobs.photos.delete: expected true or false, found string "no", write false',
      },
      {name: 'null', content: job('log: '), says: 'jobs.photos.log: expected string, found null'},
      {
        name: 'number for a text',
        content: job('mtimeWindow: 2'),
        says: 'jobs.photos.mtimeWindow: "2" is not a duration; give 0, or numbers with units',
      },
      {
        name: 'list of others',
        content: job('exclude: [1]'),
        says: 'jobs.photos.exclude[0]: expected string, found number 1',
      },
      {
        name: 'not a limit',
        content: job('maxDelete: true'),
        says: 'jobs.photos.maxDelete: expected string or integer, found boolean true',
      },
      {
        name: 'bad name',
        content: job('excludeIfPresent: [a/b]'),
        says: 'jobs.photos.excludeIfPresent[0]: "a/b" is not a file name; give ',
      },
      {name: 'bad size', content: job('maxSize: 5 MB'), says: 'jobs.photos.maxSize: "5 MB" is not a size; give '},
      {
        name: 'bad limit',
        content: job('maxDelete: 200%'),
        says: 'jobs.photos.maxDelete: "200%" is not a limit on deletions; give ',
      },
      {
        name: 'negative limit',
        content: job('maxDelete: -1'),
        says: 'jobs.photos.maxDelete: "-1" is not a limit on deletions; give ',
      },
      {name: 'bad interval', content: job('every: 5x'), says: 'jobs.photos.every: "5x" is not an interval; give '},
      {name: 'bad wait', content: job('lockTimeout: 30'), says: 'jobs.photos.lockTimeout: "30" is not a duration; '},
      {name: 'bad window', content: job('mtimeWindow: 5x'), says: 'jobs.photos.mtimeWindow: "5x" is not a duration; give '},
      {
        name: 'choice',
        content: job('fsync: ech'),
        says: 'jobs.photos.fsync: expected one of none, end, each, found string "ech", did you mean "each"?',
      },
      {
        name: 'guard',
        content: job('allow: [same-trees]'),
        says: 'jobs.photos.allow[0]: expected one of same-tree, reversed, source-missing',
      },
      {
        name: 'what cannot be kept',
        content: job('preserve: [mode, time]'),
        says: 'jobs.photos.preserve[1]: expected one of mode, owner, times, xattrs, acls, hardlinks, sparse, specials, found string "time", did you mean "times"?',
      },
      {
        name: 'what cannot be left',
        content: job('noPreserve: [acl]'),
        says: 'jobs.photos.noPreserve[0]: expected one of mode, owner, times, xattrs, acls, hardlinks, sparse, specials, found string "acl", did you mean "acls"?',
      },
      {
        name: 'a text for what is kept',
        content: job('preserve: mode'),
        says: 'jobs.photos.preserve: expected array, found string "mode"',
      },
      {
        name: 'a text for a yes',
        content: job('oneFileSystem: "yes"'),
        says: 'jobs.photos.oneFileSystem: expected true or false, found string "yes", write true',
      },
      {
        name: 'a flag of file systems as written',
        content: job('one-file-system: true'),
        says: 'jobs.photos["one-file-system"]: unknown key, did you mean "oneFileSystem"?',
      },
      {name: 'near guard', content: job('allow: [same-trees]'), says: 'found string "same-trees", did you mean "same-tree"?'},
      {name: 'no source', content: 'jobs: {photos: {target: /t}}', says: 'jobs.photos.source: missing, expected string'},
      {name: 'no target', content: 'jobs: {photos: {}}', says: 'jobs.photos.target: missing, expected string'},
      {name: 'job that is no object', content: 'jobs: {photos: /s}', says: 'jobs.photos: expected object, found string "/s"'},
      {name: 'jobs that are a list', content: 'jobs: []', says: 'jobs: expected object, found array []'},
      {name: 'file that is a list', content: '[]', says: 'the file: expected object, found array []'},
      {name: 'file that is a text', content: 'hello', says: 'the file: expected object, found string "hello"'},
      {
        name: 'unset variable',
        content: job('log: "${NOWHERE}/l"'),
        says: 'jobs.photos.log: the environment variable "NOWHERE" is not set',
      },
      {
        name: 'empty variable',
        content: job('log: "${EMPTY}/l"'),
        says: 'jobs.photos.log: the environment variable "EMPTY" is not set',
      },
      {
        name: 'unset in a list',
        content: job('excludeFrom: ["${NO}"]'),
        says: 'jobs.photos.excludeFrom[0]: the environment variable "NO" is not set',
      },
      {name: 'empty path', content: 'jobs: {a: {source: "", target: /t}}', says: 'jobs.a.source: expected a path, found ""'},
      {
        name: 'job name with a dot',
        content: 'jobs: {a.b: {source: 1, target: /t}}',
        says: 'jobs["a.b"].source: expected string, found number 1',
      },
      {name: 'escape codes in a value', content: job('fsync: "\\e[31m"'), says: 'found string "\\x1b[31m"'},
      {name: 'escape codes in a key', content: job('"\\u202e": 1'), says: '["\\u202e"]: unknown key'},
      {name: 'long value', content: job(`fsync: ${'x'.repeat(100)}`), says: `found string "${'x'.repeat(39)}…`},
      {name: 'broken YAML', content: 'jobs:\n  a: [1\n  b: 2\n', says: 'dirsync.config.yaml:3: '},
      {name: 'key twice', content: 'jobs: {}\njobs: {}\n', says: 'dirsync.config.yaml:2: the key "jobs" appears twice'},
    ];
    for (const {name, content, says} of cases) {
      it(name, async () => {
        const file = put('home/work/dirsync.config.yaml', content);
        const error = await errorOf(load());
        expect(error.code).to.equal('CONFIG_INVALID');
        expect(error.detail).to.contain(says);
        for (const line of error.detail.split('\n'))
          expect(line)
            .to.match(/^\/.*:\d+: .+/)
            .and.contain(`${file}:`);
      });
    }

    it('lists all mistakes of a file', async () => {
      const file = put(
        'home/work/dirsync.config.yaml',
        'defaults: {delete: 1, log: "${NO}"}\njobs: {a: {exlude: x, every: 5x, source: /s}}\nx: 1\n',
      );
      const {detail} = await errorOf(load());
      expect(detail.split('\n').map((line) => line.slice(file.length).replace(/^:\d+: (.*?):.*/, '$1'))).to.have.members([
        'defaults.delete',
        'defaults.log',
        'jobs.a.exlude',
        'jobs.a.every',
        'jobs.a.target',
        'x',
      ]);
    });

    const broken: readonly (readonly [string, string, string])[] = [
      ['dirsync.config.json', '{\n  "jobs": {,}\n}', 'json:2: '],
      ['dirsync.config.json', '{\n  "jobs": {\n', 'json:3: '],
      ['package.json', '{\n  "dirsync": }', 'json:2: '],
      ['dirsync.config.mjs', 'export default {', 'Unexpected'],
      ['dirsync.config.mjs', 'throw new Error("no\\x1b luck")', 'no\\x1b luck'],
      ['dirsync.config.mjs', 'import "./absent.mjs"', 'absent.mjs'],
      ['dirsync.config.mjs', 'import {readFileSync} from "node:fs"; readFileSync("/absent")', 'ENOENT'],
    ];
    for (const [name, content, says] of broken) {
      it(`${name}: ${JSON.stringify(content)}`, async () => {
        const file = put(`home/work/${name}`, content);
        const error = await errorOf(load());
        expect(error.code).to.equal('CONFIG_INVALID');
        expect(error.detail).to.contain(`${file}:`).and.contain(says);
        expect(error.detail).not.to.contain('\x1b');
      });
    }

    it('a named package.json without our key', async () => {
      put('home/work/package.json', '{}');
      const error = await errorOf(load('package.json'));
      expect([error.code, error.detail]).to.deep.equal([
        'CONFIG_INVALID',
        `${join(cwd, 'package.json')}: the key "dirsync" is missing`,
      ]);
    });

    it('a named file of an unknown kind', async () => {
      put('home/work/jobs.ini', 'x');
      const error = await errorOf(load('jobs.ini'));
      expect(error.code).to.equal('CONFIG_INVALID');
      expect(error.detail).to.contain('.ini');
    });

    for (const [name, file, code] of [
      ['absent', 'absent.yaml', 'ENOENT'],
      ['a folder', '.', 'EISDIR'],
      ['below a file', 'file/x.yaml', 'ENOTDIR'],
    ] as const) {
      it(`a named file that is ${name}`, async () => {
        put('home/work/file', '');
        const error = await errorOf(load(file));
        expect([error.code, error.detail]).to.deep.equal(['CONFIG_UNREADABLE', `${join(cwd, file)} (${code})`]);
        expect(error.hint).to.contain('exists');
      });
    }

    it('a found file that cannot be read is not passed over', async () => {
      // A loop of symlinks cannot be read by root either.
      symlinkSync('dirsync.config.yaml', join(cwd, 'dirsync.config.yaml'));
      put('home/dirsync.config.yaml', YAML);
      expect((await errorOf(load())).code).to.equal('CONFIG_UNREADABLE');
    });

    it('escapes the name of the file', async () => {
      put('home/work/a\x1b.yaml', 'x: 1');
      expect((await errorOf(load('a\x1b.yaml'))).detail).to.contain('/a\\x1b.yaml:1: x: unknown key');
    });
  });

  describe('hostile files', () => {
    const range = (length: number) => Array.from({length}, (_, i) => i);
    const laughs = (last: string) =>
      [
        `a0: &a0 ${last}`,
        ...Array.from({length: 30}, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`),
      ].join('\n');
    const merges = Array.from({length: 40}, (_, i) => `a${i + 1}: &a${i + 1} {x: *a${i}, y: *a${i}}`).join('\n');
    const job = (settings: string) => `jobs: {a: {source: /s, target: /t, ${settings}}}\n`;
    const nested = (depth: number, inner = '') => '['.repeat(depth) + inner + ']'.repeat(depth);
    const cases: readonly (readonly [title: string, name: string, content: string, says: string])[] = [
      [
        'aliases of lists that explode',
        'x.yaml',
        `${laughs('x')}\njobs: {a: {exclude: *a30}}`,
        'it contains more than 50000 values',
      ],
      ['aliases of maps that explode', 'x.yaml', `a0: &a0 {x: 1}\n${merges}`, 'it contains more than 50000 values'],
      [
        'a long text many times',
        'x.yaml',
        `a: &a ${'x'.repeat(10_000)}\nb: [${Array(200).fill('*a').join()}]`,
        'more than 1 MiB of text',
      ],
      ['merge keys that explode', 'x.yaml', mergeKeys(), 'maxTotalMergeKeys'],
      ['an alias in itself', 'x.yaml', `a: &a [*a]\n${job('exclude: [*a]')}`, 'it is nested more than 100 levels deep'],
      ['a list in itself', 'x.yaml', job('exclude: &a [*a]'), 'it is nested more than 100 levels deep'],
      ['YAML nested 10 000 deep', 'x.yaml', job(`exclude: ${nested(10_000)}`), 'x.yaml:1: '],
      ['JSON nested 10 000 deep', 'x.json', `{"jobs": ${nested(10_000)}}`, 'it is nested more than 100 levels deep'],
      ['JSON that opens 500 000 lists', 'x.json', `{"jobs": ${'['.repeat(500_000)}`, 'x.json:1: '],
      [
        'a package.json nested 10 000 deep',
        'package.json',
        `{"dirsync": {"jobs": ${nested(10_000)}}}`,
        'it is nested more than 100 levels deep',
      ],
      [
        'more values than a config has',
        'x.json',
        `{"jobs": [${Array(60_000).fill(1).join()}]}`,
        'it contains more than 50000 values',
      ],
      ['an object that is no text', 'x.yaml', job('fsync: {toString: 1, valueOf: 1}'), 'found object {"toString":1,"valueOf":1}'],
      [
        'a number that JSON does not know',
        'x.mjs',
        'export default {jobs: {a: {source: "s", target: "t", exclude: [1n]}}}',
        'exclude[0]: expected string, found bigint',
      ],
      ['a module that throws nothing', 'x.mjs', 'throw null', 'null'],
      ['an extended path with a NUL', 'x.yaml', 'extends: "a\\0"', 'extends: a path cannot contain a NUL'],
    ];
    for (const [title, name, content, says] of cases) {
      it(title, async () => {
        put(`home/work/${name}`, content);
        const error = await errorOf(load(name));
        expect(error.code).to.equal('CONFIG_INVALID');
        expect(error.detail).to.contain(says);
      });
    }

    /** Each takes all keys of those before. */
    function mergeKeys(): string {
      const lines = Array.from(
        {length: 200},
        (_, i) =>
          `a${i}: &a${i} {k${i}: 1, <<: [${range(i)
            .map((j) => `*a${j}`)
            .join(', ')}]}`,
      );
      return lines.join('\n');
    }

    it('a text of very many variables that are not set', async () => {
      put(
        'home/work/x.yaml',
        job(
          `log: "${range(100_000)
            .map((i) => `\${v${i}}`)
            .join('')}"`,
        ),
      );
      const {detail} = await errorOf(load('x.yaml'));
      expect(detail).to.contain('log: the environment variables "v0", "v1", ').and.have.length.below(1200);
    });

    it('reports 50 of many mistakes, each truncated', async () => {
      put('home/work/x.json', JSON.stringify({jobs: {a: {source: 's', target: 't', allow: Array(30_000).fill('x')}}}));
      const told = (await errorOf(load('x.json'))).detail.split('\n');
      expect(told).to.have.length(51);
      expect(told.at(-1)).to.match(/: and 29950 more mistakes$/);
      put('home/work/y.json', JSON.stringify({['k'.repeat(1_000_000)]: 1}));
      expect((await errorOf(load('y.json'))).detail).to.have.length.below(1200);
    });

    it('files that extend twice as many each', async () => {
      put('home/work/30.yaml', '');
      for (const i of range(30)) put(`home/work/${i}.yaml`, `extends: [${i + 1}.yaml, ${i + 1}.yaml]`);
      expect((await errorOf(load('0.yaml'))).detail).to.contain(': more than 100 files');
    });

    const unreadable: readonly (readonly [title: string, make: (file: string) => void, says: string])[] = [
      ['of 100 MB', (file) => truncateSync(put(file, ''), 100_000_000), 'it is larger than 1 MiB'],
      ['that is an endless device', (file) => symlinkSync('/dev/zero', join(base, file)), 'it is not a regular file'],
      ['that is a pipe to which nobody writes', (file) => execFileSync('mkfifo', [join(base, file)]), 'it is not a regular file'],
    ];
    for (const [title, make, says] of unreadable) {
      it(`a file ${title}, searched, named or extended`, async () => {
        make('home/work/dirsync.config.yaml');
        const made = join(cwd, 'dirsync.config.yaml');
        for (const name of [undefined, 'dirsync.config.yaml']) {
          const error = await errorOf(load(name));
          expect([error.code, error.detail]).to.deep.equal(['CONFIG_UNREADABLE', `${made}: ${says}`]);
        }
        const other = put('home/work/other.yaml', 'extends: dirsync.config.yaml');
        expect((await errorOf(load(other))).detail).to.equal(`${other}:1: extends: ${made} cannot be read: ${says}`);
      });
    }
  });

  describe('findJob', () => {
    const failure = (config: Config | undefined, name: string) => errorOf((async () => findJob(config, name))());

    it('offers the nearest name and lists all', async () => {
      const file = put(
        'home/work/dirsync.config.yaml',
        'jobs: {photos: {source: /s, target: /t}, "mu\\tsic": {source: /s, target: /t}}',
      );
      const {code, detail, hint} = await failure(await load(), 'phtos');
      expect([code, detail, hint]).to.deep.equal([
        'JOB_UNKNOWN',
        `"phtos" is not in ${file}`,
        'did you mean "photos"? it has photos, mu\\tsic',
      ]);
    });

    it('lists all when none is near, and says when there are none', async () => {
      put('home/work/dirsync.config.yaml', YAML);
      expect((await failure(await load(), '\x1bzzz')).hint).to.equal('it has a');
      put('home/work/dirsync.config.yaml', '{}');
      expect((await failure(await load(), 'a')).hint).to.equal('it has no jobs');
    });

    it('says that no config file was found', async () => {
      const {code, detail, hint} = await failure(undefined, 'a\n');
      expect([code, detail]).to.deep.equal(['JOB_UNKNOWN', '"a\\n", and no config file was found']);
      expect(hint).to.contain('--config');
    });

    for (const name of ['constructor', '__proto__']) {
      it(`knows no job ${name}`, async () => {
        put('home/work/dirsync.config.yaml', YAML);
        expect((await failure(await load(), name)).code).to.equal('JOB_UNKNOWN');
      });
    }
  });
});
