import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {
  checkForSaved,
  checkTimes,
  configOf,
  neitherJobNorPlan,
  salvagedNames,
  salvagedNotices,
  settingsOf,
  type Typed,
  targetOf,
} from '../../src/app/typed.js';
import type {SettingFlags} from '../../src/config/settings.js';
import {DirsyncError} from '../../src/core/errors.js';
import {refusal, refusalCode} from '../support/refusal.js';
import {tempDirs} from '../support/temp.js';

describe('app/typed', () => {
  const temp = tempDirs();
  let folder: string;
  let config: string;
  const cwd = process.cwd();

  beforeEach(() => {
    folder = temp();
    config = path.join(folder, 'dirsync.config.yaml');
    fs.writeFileSync(
      config,
      'defaults:\n  excludeCaches: true\njobs:\n  photos: {source: photos, target: copy}\n  music: {source: music, target: copy2}\n',
    );
    for (const name of ['photos', 'here']) fs.mkdirSync(path.join(folder, name));
    fs.writeFileSync(path.join(folder, 'file'), '');
    // Words are found from here, as where somebody types them.
    process.chdir(folder);
  });
  afterEach(() => process.chdir(cwd));

  const typed = (words: readonly string[], flags: Partial<SettingFlags> = {}, fields: Partial<Typed> = {}): Typed => ({
    words,
    flags: {filters: [], ...flags},
    config: undefined,
    format: undefined,
    events: false,
    all: false,
    ...fields,
  });

  describe('comes to settings', () => {
    it('of two folders, with the defaults of no config', async () => {
      const settings = await settingsOf(typed(['here', 'there']));
      expect(settings).to.include({source: 'here', target: 'there', excludeCaches: false});
    });

    it('of two folders and a config that is named, with its defaults', async () => {
      expect(await settingsOf(typed(['here', 'there'], {}, {config}))).to.include({source: 'here', excludeCaches: true});
    });

    it('of a job, which a flag changes', async () => {
      const settings = await settingsOf(typed(['photos'], {target: '/elsewhere'}));
      expect(settings).to.include({source: path.join(folder, 'photos'), target: '/elsewhere', excludeCaches: true});
    });

    const refused: readonly [title: string, words: readonly string[], code: string, says: RegExp][] = [
      ['one folder', ['./here'], 'USAGE', /only one folder/],
      ['one file', ['./file'], 'USAGE', /is a file/],
      ['a folder as if it were a job', ['here'], 'JOB_UNKNOWN', /"here"/],
      ['a path that is not there', ['no/such'], 'USAGE', /only one folder/],
      ['two jobs, as folders that are not there', ['music', 'photos'], 'USAGE', /are jobs/],
      ['a job and a folder that is new', ['music', 'new'], 'USAGE', /music is a job/],
    ];
    for (const [title, words, code, says] of refused) {
      it(`but not of ${title}`, async () => {
        const error = await refusal(() => settingsOf(typed(words)));
        expect(error.code).to.equal(code);
        expect(error.detail).to.match(says);
        expect(error.hint).to.be.a('string');
      });
    }

    it('a word that is no job tells what else of that name there is', async () => {
      const hint = async (word: string) => (await refusal(() => settingsOf(typed([word])))).hint;
      expect(await hint('here')).to.match(/folder with that name/);
      expect(await hint('file')).to.match(/file with that name/);
      expect(await hint('none')).to.not.match(/with that name/);
    });

    it('two folders need no config that can be read', async () => {
      fs.writeFileSync(config, 'jobs: [');
      expect(await settingsOf(typed(['none', 'there']))).to.include({source: 'none'});
    });
  });

  describe('times are checked, also where nothing uses them', () => {
    const refused: readonly [Partial<SettingFlags>, code: string][] = [
      [{every: '1 parsec'}, 'INTERVAL_INVALID'],
      [{at: ['03:00', '25:00']}, 'USAGE'],
      [{activeHours: ['late']}, 'USAGE'],
      [{cron: ['* * *']}, 'SCHEDULE_INVALID'],
      [{timezone: 'Mars/Olympus'}, 'SCHEDULE_INVALID'],
      [{debounce: 'soon'}, 'USAGE'],
      [{jitter: '-1s'}, 'USAGE'],
    ];
    for (const [flags, code] of refused) {
      it(JSON.stringify(flags), async () => {
        expect(await refusalCode(() => checkTimes({filters: [], ...flags}))).to.equal(code);
        expect(await refusalCode(() => settingsOf(typed(['here', 'there'], flags)))).to.equal(code);
      });
    }
    it('and are fine where they are', () =>
      checkTimes({filters: [], every: '1h', at: ['03:00'], cron: ['0 3 * * *'], timezone: 'UTC'}));
  });

  describe('the target alone', () => {
    it('is the second folder, that of a flag, or that of a job', async () => {
      expect(await targetOf(typed(['here', 'there']))).to.equal('there');
      expect(await targetOf(typed([], {target: 't'}))).to.equal('t');
      expect(await targetOf(typed(['photos'])), 'though there is a folder of that name').to.equal(path.join(folder, 'copy'));
      expect(await targetOf(typed(['here']))).to.equal('here');
      expect(await targetOf(typed(['./photos']))).to.equal('./photos');
      expect(await targetOf(typed(['no/such']))).to.equal('no/such');
    });

    it('is not given twice, nor not at all', async () => {
      expect(await refusalCode(() => targetOf(typed(['here'], {target: 't'})))).to.equal('USAGE');
      expect(await refusalCode(() => targetOf(typed([])))).to.equal('USAGE');
      expect(await refusalCode(() => targetOf(typed(['none'])))).to.equal('JOB_UNKNOWN');
    });
  });

  describe('for a saved plan', () => {
    const refused: readonly [title: string, Partial<SettingFlags>, config: string | undefined, says: string][] = [
      ['a filter', {filters: [{flag: 'exclude-from', value: 'x'}]}, undefined, '--exclude-from '],
      ['what is compared', {checksum: true}, undefined, '--checksum '],
      ['what is not to be done', {delete: false}, undefined, '--no-delete '],
      ['a flag of several words', {oneFileSystem: true}, undefined, '--one-file-system '],
      ['a config', {}, 'c.yaml', '--config '],
      ['what becomes of files that grow', {live: 'copy'}, undefined, '--live '],
      ['a form of no log', {logFormat: 'json'}, undefined, '--log-format '],
      ['a level of no log', {logLevel: 'warn'}, undefined, '--log-level '],
    ];
    for (const [title, flags, file, says] of refused) {
      it(`${title} is refused`, async () => {
        const error = await refusal(() => checkForSaved(typed(['x.plan'], flags, {config: file})));
        expect(error.code).to.equal('USAGE');
        expect(error.detail).to.include(says);
      });
    }
    it('what says how it is applied is fine', () => {
      checkForSaved(typed(['x.plan'], {allow: ['source-empty'], fsync: 'each', rate: '1M', log: 'x', logFormat: 'json'}));
    });
  });

  it('a word of apply that is neither a job nor a plan file is told as what it looks like', () => {
    const unknown = new DirsyncError('JOB_UNKNOWN', 'd', 'it has a');
    expect(neitherJobNorPlan('nightly', unknown)).to.include({code: 'JOB_UNKNOWN', detail: 'd'});
    expect(neitherJobNorPlan('nightly', unknown).hint).to.match(/^it has a; ./);
    expect(neitherJobNorPlan('x\x1b.PLAN', unknown)).to.include({code: 'PLAN_UNREADABLE'});
    expect(neitherJobNorPlan('x\x1b.PLAN', unknown).detail).to.not.include('\x1b');
  });

  describe('of a config with mistakes', () => {
    beforeEach(() =>
      fs.writeFileSync(config, 'jobs:\n  photos: {source: 1, log: p.log}\n  music: {target: x}\ndefaults: {log: all.log}\n'),
    );

    it('the names of its jobs are still known', async () => {
      expect(await refusalCode(() => configOf({config: undefined}))).to.equal('CONFIG_INVALID');
      expect(await salvagedNames(typed([]))).to.deep.equal(['photos', 'music']);
    });

    it('and who is to be told, of a job or of all', async () => {
      const log = async (words: readonly string[], fields: Partial<Typed> = {}) =>
        (await salvagedNotices(typed(words, {}, fields)))?.log?.file;
      expect(await log(['photos'])).to.equal(path.join(folder, 'p.log'));
      expect(await log(['music'])).to.equal(path.join(folder, 'all.log'));
      expect(await log(['a', 'b'], {config}), 'two folders').to.equal(path.join(folder, 'all.log'));
      expect(await salvagedNotices(typed(['a', 'b']))).to.equal(undefined);
      expect(await salvagedNotices(typed([]))).to.equal(undefined);
    });
  });
});
