// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files hold such texts.
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {loadConfig} from '../../src/config/load.js';
import {DirsyncError} from '../../src/core/errors.js';
import {tempDirs} from '../support/temp.js';

type Files = Readonly<Record<string, string>>;

describe('config/mistakes', () => {
  const temp = tempDirs();

  /** What is told of the first of these files; the folder is cut off. */
  async function toldOf(files: Files): Promise<string[]> {
    const cwd = temp();
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(cwd, name)), {recursive: true});
      writeFileSync(path.join(cwd, name), content);
    }
    mkdirSync(path.join(cwd, 'folder'));
    return toldIn(cwd, Object.keys(files)[0] as string);
  }

  async function toldIn(cwd: string, file: string): Promise<string[]> {
    try {
      await loadConfig({cwd, file, env: {HOME: cwd, NAS: 'nas:'}});
    } catch (error) {
      if (!(error instanceof DirsyncError)) throw error;
      expect(error.code).to.equal('CONFIG_INVALID');
      return error.detail.replaceAll(`${cwd}/`, '').split('\n');
    }
    return [];
  }

  const job = (...lines: readonly string[]) =>
    ['jobs:', '  photos:', '    source: /s', '    target: /t', ...lines.map((line) => `    ${line}`)].join('\n');

  describe('of one job, in line 5', () => {
    const cases: Readonly<Record<string, readonly [line: string, told: string]>> = {
      'unknown key': ['exclud: x', 'exclud: unknown key, did you mean "exclude"?'],
      'unknown key, nothing near': ['compression: 9', 'compression: unknown key'],
      'hooks key': ['hooks: {onSucess: x}', 'hooks.onSucess: unknown key, did you mean "onSuccess"?'],
      'heartbeat key': ['heartbeat: {sucess: "https://h"}', 'heartbeat.sucess: unknown key, did you mean "success"?'],
      'webhook key': ['webhook: {url: "https://h", formt: slack}', 'webhook.formt: unknown key, did you mean "format"?'],
      'webhook without url': ['webhook: {always: true}', 'webhook.url: missing, expected string'],
      'webhook format': [
        'webhook: {url: "https://h", format: slak}',
        'webhook.format: expected one of slack, discord, markdown, found string "slak", did you mean "slack"?',
      ],
      'no address': ['webhook: ftp://secret', 'webhook: expected an address that begins with http:// or https://'],
      'no address in keys': [
        'heartbeat: {fail: secret}',
        'heartbeat.fail: expected an address that begins with http:// or https://',
      ],
      'a list of addresses': [
        'heartbeat: ["https://secret"]',
        'heartbeat: expected an address, or an object with addresses, found array',
      ],
      'a number for an address': ['webhook: 5', 'webhook: expected an address, or an object with an address, found number'],
      'unset variable in an address': ['webhook: "${HOOK}"', 'webhook: the environment variable "HOOK" is not set'],
      'a text for hooks': ['hooks: curl https://secret', 'hooks: expected object, found string'],
      'a command of numbers': [
        'hooks: {before: [1]}',
        'hooks.before[0]: expected string, found number, put a string that looks like a number in quotes',
      ],
      'unset variable': ['log: ${NOWHERE}/x.log', 'log: the environment variable "NOWHERE" is not set'],
      'unset variables': ['log: ${NO}/${NOWHERE}/${NO}', 'log: the environment variables "NO", "NOWHERE" are not set'],
      'unset variable in metrics': ['metrics: ${NOWHERE}/x.prom', 'metrics: the environment variable "NOWHERE" is not set'],
      'unset variable in a list': [
        'excludeFrom: [a, "${NOWHERE}"]',
        'excludeFrom[1]: the environment variable "NOWHERE" is not set',
      ],
      'wrong type': ['delete: "no"', 'delete: expected true or false, found string "no", write false'],
      'yes for true': ['watch: yes', 'watch: expected true or false, found string "yes", write true'],
      'a switch in quotes': ['watch: "true"', 'watch: expected true or false, found string "true", write true without quotes'],
      'another text for a switch': ['watch: maybe', 'watch: expected true or false, found string "maybe"'],
      'an interval without a unit': ['every: 90', 'every: expected a time with its unit, such as 90s or 15m, found number 90'],
      'a number for a path': [
        'log: 2026',
        'log: expected string, found number 2026, put a string that looks like a number in quotes',
      ],
      'a number for a pattern': [
        'exclude: [a, 007]',
        'exclude[1]: expected string, found number 7, put a string that looks like a number in quotes',
      ],
      'a number for a time of the day': [
        'at: 3',
        'at: expected string or array of strings, found number 3, put a string that looks like a number in quotes',
      ],
      'NUL in a path': ['log: "a\\0b"', 'log: a path cannot contain a NUL'],
      null: ['log:', 'log: expected string, found null'],
      choice: ['fsync: ech', 'fsync: expected one of none, end, each, found string "ech", did you mean "each"?'],
      'time of the day': ['at: "25:00"', 'at: "25:00" is not a time of the day; give hour and minute, from 00:00 to 23:59'],
      'time of the day in a list': [
        'at: ["03:00", "25:00"]',
        'at[1]: "25:00" is not a time of the day; give hour and minute, from 00:00 to 23:59',
      ],
      hours: ['activeHours: 22:00', 'activeHours: "22:00" is not a range of hours; give two times, such as 22:00-06:00'],
      interval: [
        'every: 5x',
        'every: "5x" is not an interval; give numbers with the units s, m, h, d or w, from 1s to 365d, such as 5s, 10m, 1h30m or 1d',
      ],
      duration: ['debounce: 5', 'debounce: "5" is not a duration; give 0, or numbers with units, such as 1s, 500ms or 100us'],
      'duration without a unit': [
        'jitter: "5"',
        'jitter: "5" is not a duration; give 0, or numbers with units, such as 1s, 500ms or 100us',
      ],
      size: [
        'logSize: 5 apples',
        'logSize: "5 apples" is not a size; give a whole number, with or without a unit, such as 512KiB or 5MB',
      ],
      'time zone': [
        'timezone: Europe/Berlim',
        'timezone: "Europe/Berlim" is not a time zone; give a name from the IANA list, such as Europe/Berlin, or UTC',
      ],
      'cron that never comes': ['cron: 0 0 31 2 *', 'cron: "0 0 31 2 *" never occurs; does that month have such a day?'],
      'too many log files': ['logFiles: 5000', 'logFiles: expected an integer from 0 to 1000'],
    };
    for (const [name, [line, told]] of Object.entries(cases)) {
      it(name, async () => {
        expect(await toldOf({'x.yaml': job(line)})).to.deep.equal([`x.yaml:5: jobs.photos.${told}`]);
      });
    }

    it('cron that is not a pattern', async () => {
      const [told] = await toldOf({'x.yaml': job('cron: [0 3 * * *, daily]')});
      expect(told).to.match(/^x\.yaml:5: jobs\.photos\.cron\[1\]: "daily" is not a cron pattern \(.+\); give minute, hour, /);
    });
  });

  describe('of YAML syntax, with the line', () => {
    const star = `a "*" at the start has a special meaning in YAML; put the text in quotes, such as '*.tmp'`;
    const bang = `a "!" at the start has a special meaning in YAML; put the text in quotes, such as '!keep.txt'`;
    const cases: Readonly<Record<string, readonly [line: string, told: string]>> = {
      'a pattern with a star': ['exclude: *.tmp', star],
      'a pattern with a star in a list': ['exclude: [a, *.tmp]', star],
      'a pattern of two stars': ['exclude: **/x', star],
      'a cron pattern': ['cron: */5 * * * *', star],
      'a cron pattern of stars': ['cron: * 3 * * *', star],
      'a pattern that takes back': ['exclude: !keep.o', bang],
      'a pattern that takes back, with a class': ['exclude: ![ab]', bang],
      'a pattern with two marks': ['exclude: !a!b', bang],
      'a binary': ['log: !!binary aGk=', bang],
      'an anchor without a name': [
        'log: &',
        `a "&" at the start has a special meaning in YAML; put the text in quotes, such as '&x'`,
      ],
      'a text with an at sign': [
        'exclude: @x',
        `a "@" at the start has a special meaning in YAML; put the text in quotes, such as '@x'`,
      ],
      'a text with a colon': ['log: a: b', `a ": " has a special meaning in YAML; put the text in quotes, such as 'a: b'`],
      'a tab': ['\tlog: a', 'a tab is used where YAML allows only spaces'],
      'an escape that is none': [
        'log: "\\d"',
        'a "\\" in double quotes has a special meaning in YAML; put the text in single quotes',
      ],
      'a key twice': ['source: /x', 'the key "source" appears twice'],
      'a quoted key twice': ['"source" : /x', 'the key "source" appears twice'],
    };
    for (const [name, [line, told]] of Object.entries(cases)) {
      it(name, async () => {
        for (const after of ['', 'fsync: end', '\n\n\n']) {
          const [found] = await toldOf({'x.yaml': job(line, after)});
          expect(found).to.equal(`x.yaml:5: ${told}`);
        }
      });
    }

    it('a key without its space, which is a text up to the next key', async () => {
      expect(await toldOf({'x.yaml': job('log:a', 'fsync: end')})).to.deep.equal([
        'x.yaml:6: expected a key with ": ", indented like the keys around it',
      ]);
    });

    it('texts in quotes and lists that have no end', async () => {
      expect(await toldOf({'x.yaml': 'jobs: "a'})).to.deep.equal(['x.yaml:1: the closing quote of a text is missing']);
      expect(await toldOf({'x.yaml': '\njobs: [a'})).to.deep.equal([
        'x.yaml:2: the closing ] of a list or } of an object is missing',
      ]);
      expect(await toldOf({'x.yaml': 'jobs: [a\nextends: b\n'})).to.deep.equal([
        'x.yaml:2: a comma is missing, or the closing ] of a list or } of an object',
      ]);
      expect(await toldOf({'x.yaml': 'jobs: {}\n---\njobs: {}'})).to.deep.equal([
        'x.yaml: "---" begins a second document, but a config is a single one',
      ]);
    });
  });

  describe('of JSON, with the line', () => {
    const cases: Readonly<Record<string, readonly [text: string, line: number]>> = {
      'a comma before the end of keys': ['{"a":\n1,\n}', 3],
      'a comma before the end of a list': ['{"a": [\n1,\n\n]\n\n}', 2],
      'a comment': ['{\n// x\n"a": 1\n}', 2],
      'a comment after a value': ['{\n"a": 1 // x\n}\n', 2],
      'a comment before a value': ['{\n"a": // x\n1\n}\n', 2],
      'single quotes': ["{\n'a': 1\n}\n", 2],
      'a text in single quotes': ['{\n"a": \'b\'\n}\n', 2],
      'a key without quotes': ['{\na: 1\n}\n', 2],
      'a word': ['{\n"a": yes\n}\n', 2],
      'a missing comma': ['{\n"a": 1\n"b": 2\n}\n', 3],
      'a line break in a text': ['{\n"a": "x\ny"\n}\n', 2],
      'no end': ['{\n"a": 1\n', 3],
    };
    for (const [name, [text, line]] of Object.entries(cases)) {
      it(name, async () => expect(await toldOf({'x.json': text})).to.deep.equal([`x.json:${line}: not valid JSON`]));
    }

    const twice: Readonly<Record<string, readonly [file: string, text: string, told: readonly string[]]>> = {
      'a key twice': [
        'x.json',
        '{"jobs": {"a": {"source": "/s",\n"target": "/t",\n"source": "/x"}}}',
        ['x.json:3: the key "source" appears twice'],
      ],
      'a key twice, written in two ways': [
        'x.json',
        '{"jobs": {},\n"job\\u0073": {}}',
        ['x.json:2: the key "jobs" appears twice'],
      ],
      'a key twice, deep in lists': ['x.json', '{"x": [[{"}": "{,\\"",\n"}": 1}]]}', ['x.json:2: the key "}" appears twice']],
      'a key twice in a package.json': [
        'package.json',
        '{"dirsync": {"jobs": {},\n"jobs": {}}}',
        ['package.json:2: the key "jobs" appears twice'],
      ],
      'our key twice in a package.json': [
        'package.json',
        '{"dirsync": {},\n"dirsync": {}}',
        ['package.json:2: the key "dirsync" appears twice'],
      ],
      'not what others have twice there': ['package.json', '{"x": {"a": 1, "a": 2}, "dirsync": {"jobs": {}}}', []],
      'not one key of two objects': [
        'x.json',
        '{"jobs": {"a": {"source": "/s", "target": "/t"}, "b": {"source": "/s", "target": "/t"}}}',
        [],
      ],
    };
    for (const [name, [file, text, told]] of Object.entries(twice)) {
      it(name, async () => expect(await toldOf({[file]: text})).to.deep.equal(told));
    }
  });

  const cases: Readonly<Record<string, readonly [files: Files, told: readonly string[]]>> = {
    'all, in the order of lines': [
      {'x.yaml': `x: 1\ndefaults:\n  delete: 1\n  hooks:\n    timeout: 5x\n${job('exclud: x', '', 'fsync: ech')}`},
      [
        'x.yaml:1: x: unknown key',
        'x.yaml:3: defaults.delete: expected true or false, found number 1',
        'x.yaml:5: defaults.hooks.timeout: "5x" is not a duration; give 0, or numbers with units, such as 1s, 500ms or 100us',
        'x.yaml:10: jobs.photos.exclud: unknown key, did you mean "exclude"?',
        'x.yaml:12: jobs.photos.fsync: expected one of none, end, each, found string "ech", did you mean "each"?',
      ],
    ],
    'a missing key, with the line of the job': [
      {'x.yaml': '\njobs:\n  other: {source: /s, target: /t}\n  photos:\n    source: /s\n'},
      ['x.yaml:4: jobs.photos.target: missing, expected string'],
    ],
    'a file that is no object': [{'x.yaml': '\n\n- a'}, ['x.yaml:1: the file: expected object, found array ["a"]']],
    'a root on another machine': [
      {'x.yaml': 'jobs:\n  photos:\n    source: ${NAS}/photos\n    target: ./nas:x\n  b: {source: /s, target: "sftp://nas/b"}'},
      [
        'x.yaml:3: jobs.photos.source: A folder on another machine cannot be reached: nas:/photos (a ":" before the first "/" ends the name of a machine); mount that folder here and name its mount point; for a local folder of this name write ./nas:/photos',
        'x.yaml:5: jobs.b.target: A folder on another machine cannot be reached: sftp://nas/b (a ":" before the first "/" ends the name of a machine); mount that folder here and name its mount point; for a local folder of this name write ./sftp://nas/b',
      ],
    ],
    'a word of other programs': [
      {'x.yaml': `${job()}\n$import: y.yaml`},
      ['x.yaml:5: $import: unknown key, did you mean "extends"?'],
    ],
    'a job without a name': [{'x.yaml': 'jobs:\n  "": {source: /s}'}, ['x.yaml:2: jobs[""]: a job needs a name, found ""']],
    'a job with a name like a number or a date': [
      {
        'x.yaml':
          'jobs:\n  010: {source: /s, target: /t}\n  2026-11-28:\n    source: /s\n    target: /t\n    exclud: x\n  0x1F: {}',
      },
      [
        'x.yaml:6: jobs["2026-11-28"].exclud: unknown key, did you mean "exclude"?',
        'x.yaml:7: jobs["0x1F"].source: missing, expected string',
        'x.yaml:7: jobs["0x1F"].target: missing, expected string',
      ],
    ],
    JSON: [
      {'x.json': '{\n\t"jobs": {\n\t\t"photos": {\n\t\t\t"source": "/s",\n\t\t\t"targt": "/t"\n\t\t}\n\t}\n}'},
      [
        'x.json:3: jobs.photos.target: missing, expected string',
        'x.json:5: jobs.photos.targt: unknown key, did you mean "target"?',
      ],
    ],
    'package.json': [
      {'package.json': '{\n  "jobs": 1,\n  "dirsync": {\n    "job": {}\n  }\n}'},
      ['package.json:4: job: unknown key, did you mean "jobs"?'],
    ],
    'an rc file': [{'.dirsyncrc': '# x\njob: {}'}, ['.dirsyncrc:2: job: unknown key, did you mean "jobs"?']],
    'a module has no lines': [{'x.mjs': 'export default {job: {}}'}, ['x.mjs: job: unknown key, did you mean "jobs"?']],
    'by an alias and a merge key': [
      {'x.yaml': 'defaults: &base\n  delete: 1\njobs:\n  photos:\n    <<: *base\n    source: /s\n    target: /t'},
      [
        'x.yaml:2: defaults.delete: expected true or false, found number 1',
        'x.yaml:2: jobs.photos.delete: expected true or false, found number 1',
      ],
    ],
    'broken YAML': [{'x.yaml': 'jobs:\n  a: 1\n b: 2'}, ['x.yaml:3: expected a key with ": ", indented like the keys around it']],
    'an interval beside cron': [
      {'x.yaml': job('every: 5m', 'cron: 0 3 * * *')},
      ['x.yaml:5: jobs.photos.every: cannot be used with cron; choose one of them (or add watch: true)'],
    ],
    'an interval beside times, in the defaults': [
      {'x.yaml': `defaults:\n  at: "03:00"\n  every: 5m\n${job()}`},
      ['x.yaml:3: defaults.every: cannot be used with at; choose one of them (or add watch: true)'],
    ],
    'both ways to compare, one from the defaults': [
      {'x.yaml': `${job('checksum: true')}\ndefaults: {sizeOnly: true}`},
      ['x.yaml:6: defaults.sizeOnly: cannot be used with checksum; choose one of them'],
    ],
    'one metrics file for two jobs': [
      {'x.yaml': 'defaults:\n  metrics: m.prom\njobs:\n  a: {source: /s, target: /t}\n  b: {source: /s, target: /t}'},
      [
        'x.yaml:2: defaults.metrics: the jobs "a" and "b" would write the same file; end the path with "/" to get a folder with one file for each job',
      ],
    ],
    'one metrics file that two jobs name': [
      {
        'x.yaml':
          'jobs:\n  a: {source: /s, target: /t, metrics: m.prom}\n  b:\n    source: /s\n    target: /t\n    metrics: ./m.prom',
      },
      [
        'x.yaml:6: jobs.b.metrics: the jobs "a" and "b" would write the same file; end the path with "/" to get a folder with one file for each job',
      ],
    ],
    'in an extended file': [
      {'x.yaml': `extends: more/y.yaml\n${job('fsync: no')}`, 'more/y.yaml': 'defaults:\n  log: ${NO}'},
      [
        'x.yaml:6: jobs.photos.fsync: expected one of none, end, each, found string "no"',
        'more/y.yaml:2: defaults.log: the environment variable "NO" is not set',
      ],
    ],
    'of an extended file that is broken': [
      {'x.yaml': 'extends: y.yaml', 'y.yaml': '\na: ['},
      ['y.yaml:2: the closing ] of a list or } of an object is missing'],
    ],
    'once of a file that is extended twice': [
      {'x.yaml': 'extends: [y.yaml, y.yaml]', 'y.yaml': 'job: {}'},
      ['y.yaml:1: job: unknown key, did you mean "jobs"?'],
    ],
    'what an extended job lacks, where the job is named last': [
      {'x.yaml': 'extends: y.yaml\njobs:\n  a:\n    target: /t', 'y.yaml': 'jobs:\n  a: {delete: false}'},
      ['x.yaml:3: jobs.a.source: missing, expected string'],
    ],
    'a file that extends itself': [{'x.yaml': '#\nextends: ./x.yaml'}, ['x.yaml:2: extends: x.yaml extends itself']],
    'a ring': [
      {'x.yaml': 'extends: y.yaml', 'y.yaml': 'extends: [z.yaml]', 'z.yaml': 'extends:\n  - ok.yaml\n  - x.yaml', 'ok.yaml': ''},
      ['z.yaml:3: extends[1]: x.yaml extends itself, through y.yaml and z.yaml'],
    ],
    'a missing file': [{'x.yaml': 'extends: y.yaml'}, ['x.yaml:1: extends: y.yaml does not exist']],
    'a folder': [{'x.yaml': 'extends: folder'}, ['x.yaml:1: extends: folder cannot be read (EISDIR)']],
    'a file of no known kind': [
      {'x.yaml': 'extends: y.ini', 'y.ini': 'x'},
      ['y.ini: ".ini" is not an extension of a config file'],
    ],
    'a package.json without our key': [
      {'x.yaml': 'extends: package.json', 'package.json': '{}'},
      ['x.yaml:1: extends: package.json has no key "dirsync"'],
    ],
    'no text': [
      {'x.yaml': 'extends: [1]'},
      ['x.yaml:1: extends[0]: expected string, found number 1, put a string that looks like a number in quotes'],
    ],
    'an unset variable in extends': [
      {'x.yaml': 'extends: ${NO}/x.yaml'},
      ['x.yaml:1: extends: the environment variable "NO" is not set'],
    ],
    'too many files': [
      {'x.yaml': `extends: [${Array(101).fill('y.yaml').join(', ')}, z.yaml]`, 'y.yaml': ''},
      ['x.yaml:1: extends[100]: more than 100 files'],
    ],
  };
  for (const [name, [files, told]] of Object.entries(cases)) {
    it(name, async () => expect(await toldOf(files)).to.deep.equal(told));
  }

  const right: Readonly<Record<string, string>> = {
    'an interval beside times, where the source is watched': job('every: 1d', 'at: "03:00"', 'watch: true'),
    'an interval over times of the defaults': `defaults: {at: "03:00"}\n${job('every: 1d')}`,
    'a metrics folder by its slash':
      'defaults: {metrics: new/}\njobs: {a: {source: /s, target: /t}, b: {source: /s, target: /t}}',
    'a metrics folder that exists':
      'defaults: {metrics: folder}\njobs: {a: {source: /s, target: /t}, b: {source: /s, target: /t}}',
    'sizes alone over content': `defaults: {checksum: true}\n${job('checksum: false', 'sizeOnly: true')}`,
  };
  for (const [name, content] of Object.entries(right)) {
    it(`${name} is none`, async () => expect(await toldOf({'x.yaml': content})).to.deep.equal([]));
  }

  it('a ring by a symlink ends', async () => {
    const cwd = temp();
    symlinkSync('.', path.join(cwd, 'sub'));
    writeFileSync(path.join(cwd, 'x.yaml'), 'extends: sub/x.yaml');
    expect((await toldIn(cwd, 'x.yaml')).join()).to.match(/: extends: .*(more than 100 files|\(ELOOP\))$/);
  });

  it('lines are found in a large file of many mistakes at once', async () => {
    const jobs = Array.from({length: 9000}, (_, i) => `  j${i}: {sorce: /s, target: /t}`);
    const started = performance.now();
    const told = await toldOf({'x.yaml': `jobs:\n${jobs.join('\n')}`});
    expect(told).to.have.length(51);
    expect(told[0]).to.equal('x.yaml:2: jobs.j0.sorce: unknown key, did you mean "source"?');
    expect(performance.now() - started).to.be.below(10_000);
  });

  it('the reference shows a mistake as it is reported', () => {
    const page = readFileSync(new URL('../../../docs/config.md', import.meta.url), 'utf8');
    expect(page).to.contain('jobs.photos.exclud: unknown key, did you mean "exclude"?');
  });
});
