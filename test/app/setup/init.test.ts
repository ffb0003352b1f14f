import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type InitOptions, initConfig} from '../../../src/app/setup/init.js';
import {findJob, loadConfig} from '../../../src/config/load.js';
import {withoutTerminal} from '../../support/captured.js';
import {refusal, refusalCode} from '../../support/refusal.js';
import {context} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

describe('app/setup/init', () => {
  withoutTerminal();
  const temp = tempDirs();
  const cwd = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = temp();
    fs.mkdirSync(path.join(folder, 's'));
    process.chdir(folder);
  });
  afterEach(() => process.chdir(cwd));

  const FULL: InitOptions['given'] = {job: 'j', source: 's', target: 't'};
  const init = (given: InitOptions['given'] = FULL, options: Partial<InitOptions> = {}) =>
    initConfig({file: undefined, force: false, given, ...options}, context());
  const jobIn = async (file: string) => {
    const config = await loadConfig({cwd: folder, file, env: {HOME: folder}});
    return findJob(config, 'j');
  };

  it('writes a config that can be read, and tells what comes next', async () => {
    const told = await init();
    expect(await jobIn('dirsync.config.yaml')).to.include({source: path.join(folder, 's'), target: path.join(folder, 't')});
    expect(told).to.include('dirsync plan j').and.not.include('--config');
  });

  it('beside the folders, paths stay as they were typed', async () => {
    await init();
    expect(fs.readFileSync('dirsync.config.yaml', 'utf8')).to.match(/^ +source: '?s'?$/m);
  });

  it('in another place, paths still lead where they were typed, and the next step names it', async () => {
    fs.mkdirSync(path.join(folder, 'conf'));
    const told = await init({...FULL, log: 'x.log'}, {file: 'conf/my.yaml'});
    const {source, log} = await jobIn('conf/my.yaml');
    expect([source, log]).to.deep.equal([path.join(folder, 's'), path.join(folder, 'x.log')]);
    expect(told).to.include('--config ');
  });

  it('a name that could be a flag is told as a word', async () => {
    expect(await init({...FULL, job: '-j'})).to.match(/dirsync run -- '?-j/);
  });

  describe('is refused, and nothing is written', () => {
    const refused: readonly [title: string, given: InitOptions['given'], says: RegExp][] = [
      ['without an answer and nobody to ask', {job: 'j', source: 's'}, /--target/],
      ['for a source that is not there', {...FULL, source: 'none'}, /^--source: /],
      ['for a source on another machine', {...FULL, source: 'host:/x'}, /^--source: /],
      ['for a target that is the source', {...FULL, target: './s'}, /^--target: /],
      ['for a target in the source', {...FULL, target: 's/t'}, /^--target: /],
      ['for a target that holds the source', {...FULL, target: '.'}, /^--target: /],
      ['for a log that is a folder', {...FULL, log: 's'}, /^--log: /],
      ['for a time that is none', {...FULL, when: 'at', at: ['25:00']}, /^--at: /],
      ['for an interval that is none', {...FULL, when: 'every', every: 'soon'}, /^--every: /],
    ];
    for (const [title, given, says] of refused) {
      it(title, async () => {
        const error = await refusal(() => init(given));
        expect(error.code).to.equal('USAGE');
        expect(error.detail).to.match(says);
        expect(fs.readdirSync(folder)).to.deep.equal(['s']);
      });
    }

    it('for a file of another kind', async () => {
      expect(await refusalCode(() => init(FULL, {file: 'x.json'}))).to.equal('USAGE');
    });

    it('in a folder that is not there', async () => {
      expect(await refusalCode(() => init(FULL, {file: 'none/x.yaml'}))).to.equal('CONFIG_UNWRITABLE');
    });
  });

  describe('where there is a config already', () => {
    it('it is replaced only where that is asked for', async () => {
      fs.writeFileSync('dirsync.config.yaml', 'mine');
      expect(await refusalCode(init)).to.equal('CONFIG_UNWRITABLE');
      expect(fs.readFileSync('dirsync.config.yaml', 'utf8')).to.equal('mine');
      await init(FULL, {force: true});
      expect(await jobIn('dirsync.config.yaml')).to.have.property('source');
    });

    it('under another name, it is not hidden', async () => {
      fs.writeFileSync('.dirsyncrc', 'mine');
      for (const force of [false, true]) expect((await refusal(() => init(FULL, {force}))).detail).to.include('.dirsyncrc');
      await init(FULL, {file: 'other.yaml'});
    });

    it('a package.json is one where it has a key of ours, or cannot be read', async () => {
      fs.writeFileSync('package.json', '{"name": "x"}');
      await init();
      fs.rmSync('dirsync.config.yaml');
      for (const text of ['{"dirsync": {}}', '{']) {
        fs.writeFileSync('package.json', text);
        expect(await refusalCode(init)).to.equal('CONFIG_UNWRITABLE');
      }
    });
  });
});
