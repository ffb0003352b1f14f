import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, planned, withoutChange} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {hasTmux, openTerminal, RESTORED, type Terminal} from '../support/tmux.js';

describe('story: init', () => {
  const temp = tempDirs();
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  const read = () => fs.readFileSync(at('dirsync.config.yaml'), 'utf8');
  beforeEach(() => {
    folder = temp();
    fs.mkdirSync(at('pics/inside'), {recursive: true});
    fs.writeFileSync(at('pics/a.jpg'), 'a');
  });

  const init = (...args: string[]) => dirsync(['init', ...args], {cwd: folder});

  it('by flags: the config is there, and its job can be planned', () => {
    const {code, stdout, stderr} = init(
      '--job',
      'my pics',
      '-i',
      'pics',
      '-o',
      'copy',
      '--exclude',
      'a,b',
      '--at',
      '03:00',
      '-l',
      'x.log',
    );
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(stdout).to.include(`Wrote ${at('dirsync.config.yaml')}. Next:\n  dirsync plan 'my pics' `);
    expect(planned(['my pics'], {cwd: folder})).to.deep.equal(['mkdir .', 'create a.jpg', 'mkdir inside']);
  });

  it('a relative path stays what it was where it was typed', () => {
    fs.mkdirSync(at('configs'));
    expect(init('--job', 'j', '-i', 'pics', '-o', 'copy', '--config', 'configs/mine.yaml').code).to.equal(0);
    expect(planned(['j', '--config', 'configs/mine.yaml'], {cwd: folder})).to.include('create a.jpg');
  });

  const usual = ['--job', 'j', '-i', 'pics', '-o', 'copy'];
  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['missing flags without a terminal', ['-i', 'pics'], /--job, --target must be given/],
    ['no source', ['--job', 'j', '-i', 'nope', '-o', 'copy'], /--source: The source does not exist: .*nope/],
    ['a file as source', ['--job', 'j', '-i', 'pics/a.jpg', '-o', 'copy'], /--source: The source is not a folder/],
    ['the source as target', ['--job', 'j', '-i', 'pics', '-o', './pics/'], /--target: it is the source folder/],
    ['a target in the source', ['--job', 'j', '-i', 'pics', '-o', 'pics/inside/x'], /--target: it is inside the source folder/],
    ['a source in the target', ['--job', 'j', '-i', 'pics', '-o', '.'], /the source folder is inside it/],
    ['a source on another machine', ['--job', 'j', '-i', 'nas:pics', '-o', 'copy'], /--source: A folder on another machine/],
    ['a target on another machine', ['--job', 'j', '-i', 'pics', '-o', 'sftp://nas/x'], /--target: .*write \.\/sftp:/],
    ['a line break', ['--job', 'a\nb', '-i', 'pics', '-o', 'copy'], /--job: "a\\nb" contains a control character/],
    ['a wrong interval', [...usual, '--every', '5'], /--every: "5" is not an interval/],
    ['two kinds of times', [...usual, '--every', '5m', '--watch'], /--every and --watch cannot be used together/],
    ['a log that is a folder', [...usual, '-l', 'pics'], /--log: pics is a folder/],
    ['another ending', [...usual, '--config', 'x.json'], /does not end in \.yaml/],
    ['a folder that is not there', [...usual, '--config', 'no/x.yaml'], /x\.yaml \(ENOENT\)/],
  ];
  for (const [name, args, words] of refused) {
    it(`refuses ${name}`, () => {
      const {code, stderr} = withoutChange(folder, () => init(...args));
      expect(code).to.equal(1);
      expect(stderr).to.match(words);
    });
  }

  it('leaves a config that is there, also one of another name', () => {
    fs.writeFileSync(at('package.json'), '{"name": "x"}');
    expect(init(...usual).code, 'a package.json of something else is none').to.equal(0);
    expect(withoutChange(folder, () => init(...usual)).stderr).to.include('dirsync.config.yaml already exists\n');
    const old = read();
    expect(init(...usual, '--watch', '--force').code).to.equal(0);
    expect(read()).to.not.equal(old);
    expect(read()).to.include('\n    watch: true\n');
    fs.rmSync(at('dirsync.config.yaml'));
    for (const [name, content] of [
      ['.dirsyncrc', 'jobs: {}'],
      ['package.json', '{"dirsync": {}}'],
      ['dirsync.config.mjs', 'broken('],
    ] as const) {
      fs.writeFileSync(at(name), content);
      const {code, stderr} = withoutChange(folder, () => init(...usual, '--force'));
      expect(code).to.equal(1);
      expect(stderr).to.include(`${name} already exists, and a folder has only one config`);
      fs.rmSync(at(name));
    }
    expect(fs.readdirSync(folder)).to.have.members(['pics']);
  });

  describe('on a terminal', () => {
    const opened: Terminal[] = [];
    before(function () {
      if (!hasTmux()) skip(this, 'tmux is missing');
    });
    afterEach(() => {
      for (const terminal of opened.splice(0)) terminal.close();
    });

    function open(...args: string[]): Terminal {
      const terminal = openTerminal(['init', ...args], {cwd: folder, width: 100, height: 60});
      opened.push(terminal);
      return terminal;
    }

    it('asks, tells of mistakes at once, and writes what was answered', async () => {
      const terminal = open();
      await terminal.shows('› Folder to copy from');
      terminal.type('nope');
      terminal.press('Enter');
      await terminal.shows('! The source does not exist');
      terminal.press('C-u');
      terminal.type('pics');
      terminal.press('Enter');
      await terminal.shows('› Folder to copy to');
      terminal.type('pics/inside');
      terminal.press('Enter');
      await terminal.shows('! it is inside the source folder');
      terminal.press('C-u');
      terminal.type('nas:copy');
      terminal.press('Enter');
      await terminal.shows('! A folder on another machine');
      terminal.press('C-u');
      terminal.type('copy');
      terminal.press('Enter');
      await terminal.shows('› Name of the job      pics▏');
      terminal.press('Enter');
      await terminal.shows('› Leave out');
      terminal.type('*.tmp, /cache/');
      terminal.press('Enter');
      await terminal.shows('‹ by hand ›');
      terminal.press('Right', 'Right');
      await terminal.shows('‹ at times of day ›');
      terminal.press('Enter');
      await terminal.shows('› At');
      terminal.type('25:00');
      terminal.press('Enter');
      await terminal.shows('! "25:00" is not a time of the day');
      terminal.press('C-u');
      terminal.type('03:00');
      terminal.press('Enter');
      await terminal.shows('› Log file');
      terminal.press('Enter');
      await terminal.shows('› URL to call');
      terminal.press('Enter');
      expect(await terminal.ended()).to.equal(0);
      expect(terminal.screen()).to.include('dirsync plan pics').and.not.include('›');
      expect(terminal.state()).to.deep.equal(RESTORED);
      expect(read()).to.include("\n    exclude:\n      - '*.tmp'\n      - '/cache/'\n").and.include("\n    at: ['03:00']\n");
      expect(planned(['pics'], {cwd: folder})).to.include('create a.jpg');
    });

    for (const [name, key] of [
      ['Ctrl-C', 'C-c'],
      ['Esc', 'Escape'],
    ] as const) {
      it(`${name} leaves, and nothing is written`, async () => {
        const terminal = open('-i', 'pics');
        expect(await terminal.shows('› Folder to copy to')).to.not.include('Folder to copy from  ');
        terminal.type('copy');
        await terminal.shows('copy▏');
        terminal.press(key);
        expect(await terminal.ended()).to.equal(130);
        expect(terminal.state()).to.deep.equal(RESTORED);
        expect(fs.readdirSync(folder)).to.deep.equal(['pics']);
      });
    }
  });
});
