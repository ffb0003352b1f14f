import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {systemdUnits} from '../../src/service/systemd.js';
import {dirsync} from '../support/cli.js';
import {service} from '../support/service.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

/** The settings of the service, which no systemd is needed to read. */
function setting(key: string, folder: string): string {
  const {files} = systemdUnits(service({target: folder, writes: [folder]}), '/etc/systemd/system');
  return new RegExp(`^${key}=(.*)$`, 'm').exec(files[0]?.text ?? '')?.[1] ?? '';
}

describe('story: the walls of the service', () => {
  const temp = tempDirs();
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  beforeEach(function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root makes devices');
    folder = temp();
    for (const name of ['source/inside', 'target', 'state', 'logs']) fs.mkdirSync(at(name), {recursive: true});
    fs.writeFileSync(at('source/setuid'), 'x');
    fs.chownSync(at('source/setuid'), 12, 34);
    fs.chmodSync(at('source/setuid'), 0o4751);
    fs.linkSync(at('source/setuid'), at('source/inside/link'));
    spawnSync('mknod', [at('source/device'), 'b', '7', '99']);
    spawnSync('mkfifo', [at('source/fifo')]);
    spawnSync('setfattr', ['-n', 'trusted.note', '-v', '1', at('source/setuid')]);
  });

  const run = (under: readonly string[]) =>
    dirsync(['run', at('source'), at('target'), '-l', at('logs/log')], {under, env: {XDG_STATE_HOME: at('state')}});

  function expectWhole(): void {
    const device = fs.statSync(at('target/device'));
    expect({rdev: device.rdev, isDevice: device.isBlockDevice()}).to.deep.equal({
      rdev: fs.statSync(at('source/device')).rdev,
      isDevice: true,
    });
    expect(fs.statSync(at('target/setuid'))).to.include({uid: 12, gid: 34, mode: 0o104751, nlink: 2});
  }

  it('makes only system calls that it may make', function () {
    const trace = at('trace');
    if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) skip(this, 'strace is missing or may not trace');
    const groups = setting('SystemCallFilter', folder).split(' ');
    const listed = spawnSync('systemd-analyze', ['syscall-filter'], {encoding: 'utf8'});
    if (listed.status !== 0) skip(this, 'systemd-analyze is missing');
    const members = new Map(
      listed.stdout.split('\n\n').map((block) => {
        const [name = '', ...lines] = block
          .trim()
          .split('\n')
          .map((line) => line.trim());
        return [name, lines.filter((line) => !line.startsWith('#'))] as const;
      }),
    );
    const callsOf = (name: string): string[] => (name.startsWith('@') ? (members.get(name) ?? []).flatMap(callsOf) : [name]);
    const {code} = run(['strace', '-f', '-qq', '-o', trace]);
    expect(code).to.equal(0);
    expectWhole();
    const made = new Set([...fs.readFileSync(trace, 'latin1').matchAll(/^\d+ +([a-z]\w*)\(/gm)].map(([, name = '']) => name));
    const allowed = new Set(groups.flatMap(callsOf));
    expect([...made].filter((name) => !allowed.has(name))).to.deep.equal([]);
    expect(made).to.include('mknodat');
  });

  it('does its work with those rights, and nothing else to be written', function () {
    const rights = setting('CapabilityBoundingSet', folder)
      .split(' ')
      .map((name) => `+${name.slice('CAP_'.length).toLowerCase()}`);
    // As ProtectSystem=strict and ReadWritePaths= do it: all mounts are read-only, but for binds of these folders.
    const walls = `
      set -e
      mount --make-rprivate /
      for folder in ${['target', 'state', 'logs'].map(at).join(' ')}; do mount --bind $folder $folder; done
      awk '{print $5}' /proc/self/mountinfo | grep -vE '^(/proc|/sys|/dev)|^${folder}/' | while read -r mount; do
        mount -o remount,bind,ro "$mount" 2>/dev/null || :
      done
      if touch ${at('source/x')} 2>/dev/null; then exit 99; fi
      exec setpriv --bounding-set=-all,${rights.join(',')} --inh-caps=-all --no-new-privs -- "$@"`;
    if (spawnSync('unshare', ['-m', 'setpriv', '--no-new-privs', 'mount', '--make-rprivate', '/']).status !== 0) {
      skip(this, 'unshare or setpriv is missing, or may not mount');
    }
    const {code, stderr} = run(['unshare', '-m', 'bash', '-c', walls, 'walls']);
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    expectWhole();
    expect(fs.readdirSync(at('state/dirsync/targets'))).to.have.length(1);
  });
});
