import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {needFidelityTools} from '../support/fidelity.js';
import {mountedFilesystem} from '../support/filesystems.js';
import {bash} from '../support/shell.js';

describe('story: attributes that the target does not take', () => {
  // More than a block of 4 KiB, which ext4 has for all of them; tmpfs has no such limit.
  const from = mountedFilesystem('tmpfs');
  const to = mountedFilesystem('ext4');

  before(function () {
    needFidelityTools(this);
  });

  it('are a problem of their paths, and all else of these is kept', () => {
    const [source, target] = [from.folder(), to.folder()];
    bash(
      `echo content >file; mkdir folder; echo inside >folder/inside; ln -s nowhere symlink; mkfifo pipe; echo plain >plain
      value=$(head -c 6000 /dev/zero | tr '\\0' x)
      setfattr -n user.large -v "$value" file folder; setfattr -h -n trusted.large -v "$value" symlink pipe
      chmod 0640 file pipe; chmod 0750 folder; touch -h -d @1600000000.123456789 file symlink pipe folder`,
      source,
    );
    const {code, stdout} = dirsync(['apply', source, target, '--yes']);
    expect(code).to.equal(3);
    for (const at of ['file', 'folder', 'pipe', 'symlink']) {
      expect(stdout).to.match(new RegExp(`! XATTRS_NOT_KEPT +${at} \\(target\\): the target does not accept all`));
      const [had, has] = [source, target].map((root) => fs.lstatSync(path.join(root, at), {bigint: true}));
      expect(has?.mode, at).to.equal(had?.mode);
      expect(has?.mtimeNs, at).to.equal(had?.mtimeNs);
    }
    expect(fs.readFileSync(path.join(target, 'file'), 'utf8')).to.equal('content\n');
    expect(fs.readlinkSync(path.join(target, 'symlink'))).to.equal('nowhere');
    expect(fs.readdirSync(path.join(target, '.dirsync'))).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);

    const {stdout: next} = dirsync(['plan', source, target, '--json']);
    const {actions} = JSON.parse(next) as {actions: {kind: string; path: string; reasons: string[]}[]};
    expect(actions.filter(({reasons}) => reasons.includes('xattrs')).map(({kind, path}) => `${kind} ${path}`)).to.deep.equal(
      ['file', 'folder', 'pipe', 'symlink'].map((at) => `attrs ${at}`),
    );
  });
});
