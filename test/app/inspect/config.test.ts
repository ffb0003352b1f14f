import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type ShowConfigOptions, showConfig} from '../../../src/app/inspect/config.js';
import {refusalCode} from '../../support/refusal.js';
import {tempDirs} from '../../support/temp.js';

describe('app/inspect/config', () => {
  const temp = tempDirs();
  function folderWith(files: Record<string, string>): string {
    const folder = temp();
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
    return folder;
  }
  const show = (cwd: string, options: Partial<ShowConfigOptions> = {}) =>
    showConfig({cwd, env: {HOME: cwd}, file: undefined, jobs: [], flags: {filters: []}, builtIn: false, ...options});

  const CONFIG =
    'defaults:\n  excludeCaches: true\njobs:\n  a: {source: s, target: t}\n  b: {source: s, target: u, excludeCaches: false}\n';

  it('tells all jobs, or those that are named, in that order', async () => {
    const cwd = folderWith({'dirsync.config.yaml': CONFIG});
    expect((await show(cwd)).jobs.map(({name}) => name)).to.deep.equal(['a', 'b']);
    expect((await show(cwd, {jobs: ['b']})).jobs.map(({name}) => name)).to.deep.equal(['b']);
    expect(await refusalCode(() => show(cwd, {jobs: ['c']}))).to.equal('JOB_UNKNOWN');
  });

  it('tells of each setting who says it, and what nobody said only where that is asked for', async () => {
    const cwd = folderWith({'dirsync.config.yaml': CONFIG});
    const of = async (job: string, key: string, options: Partial<ShowConfigOptions> = {}) =>
      (await show(cwd, {jobs: [job], ...options})).jobs[0]?.settings.find((each) => each.key === key);
    expect(await of('a', 'excludeCaches')).to.deep.include({value: true});
    expect((await of('a', 'excludeCaches'))?.origin).to.include({from: 'defaults', line: 2});
    expect((await of('b', 'excludeCaches'))?.origin.from).to.equal('job');
    const flags = {filters: [], excludeCaches: true};
    expect((await of('b', 'excludeCaches', {flags}))?.origin.from).to.equal('flag');
    expect(await of('a', 'delete')).to.equal(undefined);
    expect((await of('a', 'delete', {builtIn: true}))?.origin.from).to.equal('default');
  });

  it('tells the files that it is made of, the strongest first', async () => {
    const cwd = folderWith({
      'dirsync.config.yaml': `extends: ./base.yaml\n${CONFIG}`,
      'base.yaml': 'defaults: {excludeCaches: false}\n',
    });
    const {file, files} = await show(cwd);
    expect(file).to.equal(path.join(cwd, 'dirsync.config.yaml'));
    expect(files).to.deep.equal([file, path.join(cwd, 'base.yaml')]);
  });

  it('is refused where there is none, and where it has mistakes', async () => {
    expect(await refusalCode(() => show(folderWith({})))).to.equal('CONFIG_UNREADABLE');
    expect(await refusalCode(() => show(folderWith({'dirsync.config.yaml': 'jobs: 1\n'})))).to.equal('CONFIG_INVALID');
    expect(await refusalCode(() => show(folderWith({}), {file: 'none.yaml'}))).to.equal('CONFIG_UNREADABLE');
  });
});
