import fs from 'node:fs';
import {expect} from 'chai';
import {printServices, type ServiceOptions} from '../../../src/app/setup/service.js';
import {jobsFolder} from '../../support/jobs-folder.js';
import {refusal} from '../../support/refusal.js';
import {tempDirs} from '../../support/temp.js';

const CONFIG = `jobs:
  daily: {source: s, target: t, at: "03:00"}
  often: {source: s, target: u, every: 10m}
  never: {source: s, target: v}
  secret: {source: "\${FROM_HERE}/s", target: w, every: 1h}
`;

describe('app/setup/service', () => {
  const temp = tempDirs();
  before(() => {
    process.env.FROM_HERE = '/somewhere';
  });
  after(() => {
    delete process.env.FROM_HERE;
  });
  const given = () => {
    const {config, at} = jobsFolder(temp(), CONFIG, {s: {}, out: {}});
    const print = (jobs: readonly string[], options: Partial<ServiceOptions> = {}) =>
      printServices(jobs, config, {form: 'systemd', user: true, out: undefined, force: false, ...options});
    return {config, at, print};
  };

  it('prints what the scheduler needs, each file with its path, and tells nothing beside it', async () => {
    const {config, print} = given();
    const {text, told} = await print(['daily']);
    expect(told).to.equal('');
    expect(text).to.include('[Service]').and.include('[Timer]').and.include(config).and.include('--once');
    expect(text.match(/^# \/.*\/systemd\/user\/.*daily.*$/gm)).to.have.length.greaterThan(1);
    expect((await print(['daily', 'often'], {form: 'cron', user: false})).text)
      .to.match(/^0 3 .*daily/m)
      .and.match(/often/);
    expect((await print(['daily'], {form: 'launchd'})).text).to.match(/^<\?xml/);
  });

  it('asks for the variables of its config, and for no others', async () => {
    expect((await given().print(['secret'])).text)
      .to.include('FROM_HERE')
      .and.not.include('XDG_CONFIG_HOME');
  });

  describe('is refused', () => {
    const refused: readonly [title: string, jobs: readonly string[], options: Partial<ServiceOptions>, code: string][] = [
      ['for a job without a schedule', ['never'], {}, 'USAGE'],
      ['for a job that there is not', ['nobody'], {}, 'JOB_UNKNOWN'],
      ['for cron, of a user', ['daily'], {form: 'cron', user: true}, 'USAGE'],
      ['for cron, into files', ['daily'], {form: 'cron', user: false, out: '/tmp'}, 'USAGE'],
      ['for several lists of launchd that are printed', ['daily', 'often'], {form: 'launchd'}, 'USAGE'],
      ['for a folder that is not there', ['daily'], {out: '/none/such'}, 'SERVICE_UNWRITABLE'],
    ];
    for (const [title, jobs, options, code] of refused) {
      it(title, async () => {
        const error = await refusal(() => given().print(jobs, options));
        expect(error.code).to.equal(code);
        expect(error.hint).to.be.a('string');
      });
    }
  });

  describe('written into a folder', () => {
    it('tells where they are and what comes next, and may be written again', async () => {
      const {at, print} = given();
      for (let time = 0; time < 2; time++) {
        const {text, told} = await print(['daily', 'often'], {out: at('out')});
        expect(text).to.equal('');
        for (const name of fs.readdirSync(at('out'))) expect(told).to.include(`Wrote ${at('out', name)}`);
        expect(told).to.include('systemctl --user').and.include('Move them to ');
      }
      expect(fs.readdirSync(at('out')).length).to.be.at.least(4);
    });

    it('a file that is already the same is not written again', async () => {
      const {at, print} = given();
      await print(['daily'], {out: at('out')});
      const inodes = () => fs.readdirSync(at('out')).map((name) => fs.statSync(at('out', name)).ino);
      const before = inodes();
      await print(['daily'], {out: at('out'), force: true});
      expect(inodes()).to.deep.equal(before);
    });

    it('one that is there and differs is left, with all others, unless it may be replaced', async () => {
      const {at, print} = given();
      await print(['daily'], {out: at('out')});
      const [first = '', ...others] = fs.readdirSync(at('out'));
      for (const name of others) fs.rmSync(at('out', name));
      fs.writeFileSync(at('out', first), 'mine');
      const {code, detail} = await refusal(() => print(['daily'], {out: at('out')}));
      expect([code, detail.includes(at('out', first))]).to.deep.equal(['SERVICE_UNWRITABLE', true]);
      expect(fs.readdirSync(at('out'))).to.deep.equal([first]);
      await print(['daily'], {out: at('out'), force: true});
      expect(fs.readFileSync(at('out', first), 'utf8')).to.not.equal('mine');
    });
  });
});
