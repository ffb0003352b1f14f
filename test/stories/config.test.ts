// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files hold such texts.
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';

describe('stories/config', () => {
  const temp = tempDirs();
  let cwd: string;
  const env = {WEBHOOK: 'https://me:pass@hooks.example:8443/services/secret?token=secret'};

  beforeEach(() => {
    cwd = temp();
    put(
      'dirsync.config.yaml',
      `extends: base.json
defaults:
  heartbeat: {success: "https://hc.example/secret", timeout: 5s}
  hooks: {onFailure: "curl -fsS 'https://hc.example/secret/fail' | tee log"}
jobs:
  photos:
    source: photos
    at: ["03:00"]
    exclude: ["*.tmp", /cache dir/]
  notes: {source: /n, target: /m, webhook: "\${WEBHOOK}"}
`,
    );
    put('base.json', '{\n  "defaults": {"fsync": "none", "checksum": true},\n  "jobs": {\n    "photos": {"target": "t"}\n  }\n}');
  });

  function put(name: string, content: string): void {
    writeFileSync(path.join(cwd, name), content);
  }

  const show = (...args: readonly string[]) => {
    const {code, stdout, stderr} = dirsync(['config', ...args], {cwd, env});
    return {code, text: stdout.replaceAll(cwd, '~'), stderr: stderr.replaceAll(cwd, '~')};
  };

  /** The width of columns depends on the name of the folder. */
  const spaced = (text: string) => text.replaceAll(/(?<=\S) {2,}/g, '  ');

  it('shows what holds for a job, and where it was said', () => {
    expect({...show('photos'), text: spaced(show('photos').text)}).to.deep.equal({
      code: 0,
      stderr: '',
      text: `~/dirsync.config.yaml
  extends ~/base.json

photos
  source  ~/photos  job  dirsync.config.yaml:7
  target  ~/t  job  base.json:4
  exclude  *.tmp, "/cache dir/"  job  dirsync.config.yaml:9
  checksum  true  defaults  base.json:2
  at  03:00  job  dirsync.config.yaml:8
  heartbeat.success  https://hc.example/…  defaults  dirsync.config.yaml:3
  heartbeat.timeout  5s  defaults  dirsync.config.yaml:3
  hooks.onFailure  "curl -fsS 'https://hc.example/…' | tee log"  defaults  dirsync.config.yaml:4
  fsync  none  defaults  base.json:2
`,
    });
  });

  it('shows flags over it', () => {
    const {code, text} = show(
      'photos',
      '--every',
      '5m',
      '--size-only',
      '-o',
      'other',
      '--exclude',
      '*.o',
      '--no-preserve',
      'owner',
    );
    expect(code).to.equal(0);
    expect(text)
      .to.match(/^ {2}target +~\/other +flag$/m)
      .and.match(/^ {2}every +5m +flag$/m)
      .and.match(/^ {2}sizeOnly +true +flag$/m)
      .and.match(/^ {2}noPreserve +owner +flag$/m)
      .and.match(/^ {2}filters +"--exclude \*\.o" +flag$/m)
      .and.match(/^ {2}exclude +\*\.tmp/m)
      .and.not.match(/^ {2}(?:at|checksum) /m);
  });

  it('shows what nobody said, if asked', () => {
    expect(show('photos').text).not.to.match(/ default$/m);
    expect(show('photos', '--defaults').text)
      .to.match(/^ {2}delete +true +default$/m)
      .and.match(/^ {2}hooks\.timeout +5m +default$/m)
      .and.match(/^ {2}fsync +none +defaults /m);
  });

  it('shows all jobs, as JSON too, and no secret', () => {
    const texts = [show(), show('--json'), show('--defaults'), show('notes')].map(({text}) => text);
    for (const text of texts)
      expect(text)
        .to.contain('https://hooks.example:8443/…')
        .and.not.match(/secret|pass|token/);
    const document = JSON.parse(show('--json').text);
    expect(document).to.deep.include({format: 1, type: 'settings', file: '~/dirsync.config.yaml'});
    expect(document.files).to.deep.equal(['~/dirsync.config.yaml', '~/base.json']);
    expect(Object.keys(document.jobs)).to.deep.equal(['photos', 'notes']);
    const {settings, origins} = document.jobs.notes;
    expect([settings.webhook, origins.webhook]).to.deep.equal([
      'https://hooks.example:8443/…',
      {from: 'job', file: '~/dirsync.config.yaml', line: 10},
    ]);
    expect(Object.keys(settings)).to.deep.equal(Object.keys(origins));
  });

  const refused: Readonly<Record<string, readonly [args: readonly string[], says: string]>> = {
    'an unknown job': [['phtos'], '"phtos" is not in ~/dirsync.config.yaml\n  did you mean "photos"? it has photos, notes'],
    'a wrong flag': [['photos', '--every', '5x'], '"5x" is not an interval'],
    'two folders': [['/a', '/b'], '"/a" is not in ~/dirsync.config.yaml'],
    'a file that is absent': [['--config', 'no.yaml'], '~/no.yaml (ENOENT)'],
  };
  for (const [name, [args, says]] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      const {code, text, stderr} = show(...args);
      expect([code, text]).to.deep.equal([1, '']);
      expect(stderr).to.contain(says);
    });
  }

  it('tells mistakes', () => {
    put('base.json', '{\n  "job": {}\n}');
    const {code, stderr} = show();
    expect([code, stderr]).to.deep.equal([
      1,
      'Error: The config file has a mistake: ~/base.json:2: job: unknown key, did you mean "jobs"?\n' +
        '~/dirsync.config.yaml:6: jobs.photos.target: missing, expected string\n',
    ]);
  });

  it('says where it looked when there is no config', () => {
    const {code, stderr} = dirsync(['config'], {cwd: temp()});
    expect(code).to.equal(1);
    expect(stderr).to.contain('no config file was found here').and.contain('--config');
  });
});
