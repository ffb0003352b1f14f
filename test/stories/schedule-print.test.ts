// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files hold such texts.
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, type CliResult, dirsync, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';

describe('story: schedule print', () => {
  const temp = tempDirs();
  let folder: string;
  beforeEach(() => {
    folder = temp();
    for (const name of ['source', 'target', 'units']) fs.mkdirSync(path.join(folder, name));
    const jobs = [
      'photos: {at: "03:00", timezone: Europe/Berlin}',
      'notes: {every: 7m, log: log/notes.log}',
      'live: {watch: true, heartbeat: "https://hc.example/${HC_ID}"}',
      'once: {}',
      '-odd: {every: 5m}',
    ];
    const text = ['defaults: {source: source, target: target}', 'jobs:', ...jobs.map((job) => `  ${job}`)].join('\n');
    fs.writeFileSync(path.join(folder, 'dirsync.config.yaml'), text);
  });

  function print(args: readonly string[], options: CliOptions = {}): CliResult {
    return dirsync(['schedule', 'print', ...args], {
      cwd: folder,
      ...options,
      env: {HC_ID: 'secret', HOME: '/home/ada', XDG_STATE_HOME: '/home/ada/state', ...options.env},
    });
  }

  it('prints units to be put where they say', () => {
    const {code, stdout, stderr} = withoutChange(folder, () => print(['--systemd', 'photos', 'live']));
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expect(stdout.match(/^# \/etc\/systemd\/system\/.*$/gm)).to.deep.equal([
      '# /etc/systemd/system/dirsync-photos.service',
      '# /etc/systemd/system/dirsync-photos.timer',
      '# /etc/systemd/system/dirsync-live.service',
    ]);
    expect(stdout).to.include(`run photos --config ${folder}/dirsync.config.yaml --once\n`);
    expect(stdout).to.include(`run live --config ${folder}/dirsync.config.yaml\n`);
    expect(stdout).to.include('OnCalendar=*-*-* 03:00:00 Europe/Berlin\n');
    expect(stdout).to.include(`ReadWritePaths=-${folder}/target -/home/ada/state/dirsync\n`);
    expect(stdout).to.include('Environment=XDG_STATE_HOME=/home/ada/state\n');
    expect(stdout, 'the name of a variable of the config, not its value').to.include('# HC_ID\n').and.not.include('secret');
  });

  it('writes units, and never over others', () => {
    const write = (...more: string[]) => print(['--systemd', 'photos', 'notes', '--out', 'units', ...more]);
    const units = path.join(folder, 'units');
    const first = write();
    expect({code: first.code, stdout: first.stdout}).to.deep.equal({code: 0, stdout: ''});
    expect(first.stderr).to.include(`Wrote ${units}/dirsync-notes.timer\n`);
    expect(first.stderr).to.include(`\n  mkdir -p /home/ada/state/dirsync\n  mkdir -p ${folder}/log\n`);
    expect(first.stderr).to.include('systemctl daemon-reload && systemctl enable --now dirsync-photos.timer dirsync-notes.timer');
    expect(fs.readdirSync(units).sort()).to.deep.equal([
      'dirsync-notes.service',
      'dirsync-notes.timer',
      'dirsync-photos.service',
      'dirsync-photos.timer',
    ]);
    const timer = path.join(units, 'dirsync-notes.timer');
    fs.appendFileSync(timer, '# mine\n');
    fs.rmSync(path.join(units, 'dirsync-photos.timer'));
    const refused = withoutChange(units, () => write());
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include(`${timer} already exists with different content`);
    expect(write('--force').code).to.equal(0);
    expect(fs.readFileSync(timer, 'utf8')).not.to.include('# mine');
    expect(fs.readdirSync(units)).to.have.length(4);
  });

  it('takes a job whose name looks like a flag', () => {
    const {stdout} = print(['--cron', '--', '-odd']);
    expect(stdout).to.match(/^\*\/5 \* \* \* \* .* run --config \S+ --once -- -odd$/m);
  });

  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a job without a schedule', ['--systemd', 'once'], /the job "once" has no schedule\n.*`every`/],
    ['an unknown job', ['--systemd', 'photo'], /did you mean "photos"/],
    ['no form', ['photos'], /one of --cron, --launchd or --systemd is needed/],
    ['two forms', ['--cron', '--systemd', 'photos'], /--systemd and --cron cannot be used together/],
    ['no job', ['--cron'], /JOB is missing/],
    ['an interval that cron does not know', ['--cron', 'notes'], /does not fall on the same times/],
    ['a folder for cron', ['--cron', 'photos', '--out', 'units'], /do not work with --cron/],
    ['two lists of launchd in one', ['--launchd', 'notes', 'live'], /holds only one job/],
    ['a folder that is not there', ['--systemd', 'photos', '--out', 'nowhere'], /nowhere \(ENOENT\)/],
  ];
  for (const [name, args, words] of refused) {
    it(`refuses ${name}`, () => {
      const {code, stdout, stderr} = withoutChange(folder, () => print(args));
      expect({code, stdout}).to.deep.equal({code: 1, stdout: ''});
      expect(stderr).to.match(words);
    });
  }
});
