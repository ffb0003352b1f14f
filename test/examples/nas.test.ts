import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliResult, Running} from '../support/cli.js';
import {environment, example, installDirsync, writeFile, writeProgram} from '../support/examples.js';
import {makeImage, mounts, needMounts, toolOf} from '../support/filesystems.js';
import {listeners} from '../support/listen.js';
import {call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {readTree, writeTree} from '../support/tree.js';

const JOBS = ['documents', 'photos', 'media'];

describe('examples/nas', () => {
  const folders: string[] = [];
  // Before the folder is removed: what an example left mounted would be emptied with it.
  afterEach(() => {
    for (const folder of folders.splice(0)) if (isMounted(folder)) call('umount', ['-l', folder]);
  });
  const mounted = mounts();
  const temp = tempDirs();
  const listen = listeners();
  before(function () {
    needMounts(this);
    for (const tool of [toolOf('ext4'), 'mountpoint']) if (!has(tool)) skip(this, `${tool} is not installed`);
  });

  /** A NAS in a folder, with its disk as an image beside. */
  async function nas() {
    const {url, heard} = await listen(200);
    const folder = temp();
    const [disk, usb, logged] = [`${folder}/disk`, `${folder}/mnt/usb`, `${folder}/logged`] as const;
    makeImage('ext4', disk, 64);
    fs.mkdirSync(usb, {recursive: true});
    folders.push(usb);
    for (const each of ['var/log/dirsync', 'var/lib/prometheus/node-exporter'])
      fs.mkdirSync(path.join(folder, each), {recursive: true});
    for (const job of JOBS) writeTree(`${folder}/srv/${job}`, {folder: {[job]: 'text'}, 'x.part': ''});
    const config = `${folder}/etc/dirsync/dirsync.config.yaml`;
    const names = {
      '/mnt/usb': usb,
      'LABEL=backup': disk,
      '/srv/': `${folder}/srv/`,
      '/var/': `${folder}/var/`,
      'https://hc-ping.com': url,
    };
    writeFile(config, example('nas/dirsync.config.yaml', names));
    installDirsync(`${folder}/bin`);
    writeProgram(`${folder}/bin/logger`, `printf '%s\\n' "$*" >>'${logged}'`);
    const env = {...environment(folder), PING_KEY: 'key'};

    /** Runs each job once; the disk must not stay mounted. */
    async function run(...args: string[]): Promise<CliResult & {heard: string[]; logged: string}> {
      heard.splice(0);
      fs.writeFileSync(logged, '');
      const command = ['run', ...args, '--once', '--config', config];
      const end = await new Running(spawn('dirsync', command, {cwd: '/', env})).ended;
      expect(isMounted(usb), 'it is mounted no longer').to.equal(false);
      expect(fs.readdirSync(usb), 'nothing is below the mount point').to.deep.equal([]);
      return {...end, heard: heard.map((one) => one.path), logged: fs.readFileSync(logged, 'utf8')};
    }

    /** What is on the disk. */
    function onDisk(): string[] {
      mounted.image(disk, `${folder}/look`);
      const found = Object.keys(readTree(`${folder}/look`)).filter((at) => /^\w+\/folder\//.test(at));
      mounted.undo();
      return found;
    }

    return {folder, disk, usb, run, onDisk};
  }

  it('mounts the disk for each job, and unmounts it', async () => {
    const {folder, run, onDisk} = await nas();
    const end = await run('--all');
    expect(end, end.stderr).to.deep.include({code: 0, logged: ''});
    expect(onDisk()).to.deep.equal(JOBS.map((job) => `${job}/folder/${job}`).sort());
    expect(end.heard).to.deep.equal(JOBS.flatMap((job) => [`/key/nas-${job}/start`, `/key/nas-${job}`]));
    expect(fs.readdirSync(`${folder}/var/lib/prometheus/node-exporter`)).to.have.members(
      JOBS.map((job) => `dirsync-${job}.prom`),
    );
    expect(fs.readFileSync(`${folder}/var/log/dirsync/nas.log`, 'utf8')).to.include('documents');
  });

  it('tells that the disk is missing, and writes nothing where it should be', async () => {
    const {folder, disk, run, onDisk} = await nas();
    expect((await run('--all')).code).to.equal(0);
    fs.writeFileSync(`${folder}/srv/photos/new`, 'n');
    fs.renameSync(disk, `${disk}.elsewhere`);
    const end = await run('--all');
    expect(end.code).to.equal(1);
    expect(end.stderr).to.include('The command before the run failed; nothing was changed');
    expect(end.heard).to.deep.equal(JOBS.flatMap((job) => [`/key/nas-${job}/start`, `/key/nas-${job}/fail`]));
    for (const job of JOBS) expect(end.logged).to.match(new RegExp(`^-t dirsync -p user.err ${job}, .*before`, 'm'));
    const metrics = fs.readFileSync(`${folder}/var/lib/prometheus/node-exporter/dirsync-photos.prom`, 'utf8');
    expect(metrics).to.match(/^dirsync_last_run_result\{job="photos",result="failed"\} 1$/m);
    fs.renameSync(`${disk}.elsewhere`, disk);
    expect((await run('photos')).code).to.equal(0);
    expect(onDisk()).to.have.length(JOBS.length);
  });

  it('takes a disk that is mounted already', async () => {
    const {disk, usb, run, onDisk} = await nas();
    call('mount', [disk, usb]);
    expect((await run('media')).code).to.equal(0);
    expect(onDisk()).to.deep.equal(['media/folder/media']);
  });

  it('leaves another disk alone', async () => {
    const {disk, run, onDisk} = await nas();
    expect((await run('photos')).code).to.equal(0);
    fs.rmSync(disk);
    makeImage('ext4', disk, 64);
    const end = await run('photos');
    expect(end.code).to.equal(5);
    expect(end.heard.at(-1)).to.equal('/key/nas-photos/fail');
    expect(end.logged).to.include('photos, ');
    expect(onDisk()).to.deep.equal([]);
  });
});

function isMounted(folder: string): boolean {
  return spawnSync('mountpoint', ['-q', folder]).status === 0;
}
