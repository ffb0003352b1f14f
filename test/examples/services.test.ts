import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {Ajv} from 'ajv';
import {expect} from 'chai';
import {parse} from 'yaml';
import {Running} from '../support/cli.js';
import {environment, example, installDirsync, started, writeFile} from '../support/examples.js';
import {listeners} from '../support/listen.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {readTree, writeTree} from '../support/tree.js';

const UPDATE = process.env.UPDATE_GOLDEN === '1';
const UNITS = ['dirsync-photos.service', 'dirsync-photos.timer'];
const KEY = '0123456789';

/** The machine of the example in a folder: its config, and the folders that are named there. */
function machine(folder: string, address = 'https://hc-ping.com'): Record<string, string> {
  const names = Object.fromEntries(
    ['/srv/photos', '/mnt/backup/photos', '/var/log/dirsync'].map((name) => {
      fs.mkdirSync(folder + name, {recursive: true});
      return [name, folder + name];
    }),
  );
  writeFile(`${folder}/etc/dirsync.yaml`, example('systemd/dirsync.yaml', {...names, 'https://hc-ping.com': address}));
  installDirsync(`${folder}/bin`);
  return environment(folder);
}

describe('examples/*.yaml', () => {
  const temp = tempDirs();
  const SCHEMA = JSON.parse(fs.readFileSync(new URL('../../../dist/schema/config.json', import.meta.url), 'utf8'));

  for (const name of ['dirsync.config.yaml', 'systemd/dirsync.yaml', 'nas/dirsync.config.yaml']) {
    it(`${name} is a config without mistakes`, () => {
      const isValid = new Ajv({strict: true, allowUnionTypes: true}).compile(SCHEMA);
      expect(isValid(parse(example(name))), JSON.stringify(isValid.errors)).to.equal(true);
      const folder = temp();
      installDirsync(`${folder}/bin`);
      const file = path.join(folder, 'dirsync.config.yaml');
      fs.writeFileSync(file, example(name));
      const end = started(['dirsync', 'config', '--config', file], folder, {...environment(folder), PING_KEY: KEY});
      expect(end).to.include({code: 0, stderr: ''});
      expect(end.stdout, 'addresses are not shown').not.to.include(KEY);
    });
  }
});

describe('examples/systemd', () => {
  const temp = tempDirs();

  it('holds the units that are printed for its config', function () {
    if (process.geteuid?.() !== 0) skip(this, 'the units are those that root prints');
    const folder = temp();
    const env = {...machine(folder), HOME: `${folder}/root`, PING_KEY: KEY};
    const args = ['schedule', 'print', '--systemd', 'photos', '--config', `${folder}/etc/dirsync.yaml`, '--out', folder];
    const printed = started(['dirsync', ...args], folder, env);
    expect(printed, printed.stderr).to.include({code: 0, stdout: ''});
    for (const name of UNITS) {
      const text = fs
        .readFileSync(path.join(folder, name), 'utf8')
        .replace(/^Environment=HOME=.*\n/m, '')
        .replace(process.execPath, '/usr/bin/node')
        .replace(/^(Documentation=file:\/\/).*\/docs/m, '$1/usr/local/lib/node_modules/dirsync/docs')
        .replace(`${folder}/bin`, '/usr/local/bin')
        .replaceAll(folder, '')
        // The folders of the test may lie in one that it hides.
        .replace(/^(?:# No PrivateTmp=:.*|PrivateTmp=yes)$/m, 'PrivateTmp=yes')
        .replace(/^# These folders do not exist yet.*\n/m, '')
        .replace(/(ProtectSystem=strict\n)(.*\n)((?:Protect.*\n)+)PrivateTmp=yes\n/, '$1$2PrivateTmp=yes\n$3');
      if (UPDATE) fs.writeFileSync(new URL(`../../../examples/systemd/${name}`, import.meta.url), text);
      expect(example(`systemd/${name}`), 'UPDATE_GOLDEN=1 writes it anew').to.equal(text);
    }
  });

  it('and nas hold units that systemd takes', function () {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip(this, 'systemd-analyze is missing');
    const folder = temp();
    const here = {'/usr/bin/node': process.execPath};
    const files = [
      ...UNITS.map((name) => [name, example(`systemd/${name}`, name.endsWith('.service') ? here : {})]),
      ['dirsync-nas.service', example('nas/dirsync-nas.service', {'/usr/local/bin/dirsync': process.execPath})],
    ].map(([name = '', text = '']) => {
      const file = path.join(folder, name);
      fs.writeFileSync(file, text);
      return file;
    });
    const args = ['--system', '--recursive-errors=no', '--man=no', 'verify', ...files];
    const {status, stderr} = spawnSync('systemd-analyze', args, {encoding: 'utf8'});
    // It reads what else is installed, and complains of that too.
    expect({status, ours: stderr.split('\n').filter((line) => line.includes('dirsync'))}).to.deep.equal({status: 0, ours: []});
  });
});

interface Crontab {
  readonly env: Record<string, string>;
  readonly commands: readonly {readonly times: string; readonly command: string; readonly input: string}[];
}

/** As crontab(5) has it: the first `%` without a backslash ends the command, and the rest is its stdin; `\%` is `%`. */
function readCrontab(text: string): Crontab {
  const env: Record<string, string> = {};
  const commands = text.split('\n').flatMap((line) => {
    if (/^\s*(?:#|$)/.test(line)) return [];
    const [setting, name = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (setting !== undefined) {
      env[name] = value;
      return [];
    }
    const [, times = '', rest = ''] = /^((?:\S+\s+){4}\S+)\s+(.*)$/.exec(line) ?? [];
    const [command = '', ...input] = rest.split(/(?<!\\)%/).map((part) => part.replaceAll('\\%', '%'));
    return [{times, command, input: input.join('\n')}];
  });
  return {env, commands};
}

describe('examples/cron', () => {
  const temp = tempDirs();
  const listen = listeners();

  async function installed() {
    const {url, heard} = await listen(200);
    const folder = temp();
    const machineEnv = machine(folder, url);
    const text = example('cron/crontab', {'/etc/dirsync.yaml': `${folder}/etc/dirsync.yaml`, '/var/log': `${folder}/var/log`});
    const {env, commands} = readCrontab(text);
    // What cron sets, with the programs of the test before the PATH of the crontab.
    const all = {...env, HOME: machineEnv.HOME ?? '', SHELL: '/bin/sh', LOGNAME: 'root', PATH: `${machineEnv.PATH}:${env.PATH}`};
    return {folder, heard, env, commands, all};
  }

  /** What cron would mail, if anything. */
  async function mailed(command: string, cwd: string, env: Record<string, string>): Promise<string> {
    const {stdout, stderr} = await new Running(spawn('/bin/sh', ['-c', command], {cwd, env})).ended;
    return stdout + stderr;
  }

  it('backs up without a word, and mails what went wrong', async () => {
    const {folder, heard, env, commands, all} = await installed();
    expect(env).to.have.all.keys('MAILTO', 'PATH', 'PING_KEY');
    expect(commands.map(({times, input}) => ({times, input}))).to.deep.equal([
      {times: '30 2 * * *', input: ''},
      {times: '0 5 * * 0', input: ''},
    ]);
    const [nightly, weekly] = commands.map(({command}) => command) as [string, string];
    writeTree(`${folder}/srv/photos/a`, {'100%': '1', b: '2'});
    expect(await mailed(nightly, folder, all)).to.equal('');
    expect(Object.keys(readTree(`${folder}/mnt/backup/photos`))).to.include.members(['a/100%', 'a/b']);
    expect(heard.map((call) => call.path)).to.deep.equal([`/${KEY}/photos/start`, `/${KEY}/photos`]);

    expect(await mailed(weekly, folder, all), 'all is the same').to.equal('');
    const flipped = `${folder}/mnt/backup/photos/a/b`;
    const {atime, mtime} = fs.statSync(flipped);
    fs.writeFileSync(flipped, '!');
    fs.utimesSync(flipped, atime, mtime);
    const mail = await mailed(weekly, folder, all);
    const [, file = ''] = /^Exit code 2, see (.*\/check-\d{4}-\d\d-\d\d\.txt)\n$/.exec(mail) ?? [];
    expect(fs.readFileSync(file, 'utf8'), mail).to.match(/~ update +a\/b .*content/);

    fs.rmSync(`${folder}/srv/photos/a`, {recursive: true});
    const halted = await mailed(nightly, folder, all);
    expect(halted)
      .to.match(/^Exit code 5\n/)
      .and.include('source-empty');
    expect(fs.existsSync(flipped), 'nothing is deleted').to.equal(true);
    expect(heard.at(-1)?.path).to.equal(`/${KEY}/photos/fail`);
  });

  it('has the times of the config', () => {
    const folder = temp();
    const env = {...machine(folder), PING_KEY: KEY};
    const {stdout} = started(
      ['dirsync', 'schedule', 'print', '--cron', 'photos', '--config', `${folder}/etc/dirsync.yaml`],
      folder,
      env,
    );
    expect(readCrontab(stdout).commands[0]?.times).to.equal(readCrontab(example('cron/crontab')).commands[0]?.times);
  });
});
