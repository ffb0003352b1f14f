/** The judges are judged first: they say nothing about a faithful copy, and each single damage makes one of them speak. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {differences, type FidelityOptions, needFidelityTools, sparseDifference} from '../support/fidelity.js';
import {type Abilities, abilities, makeOddTree} from '../support/odd-tree.js';
import {bash, call} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

interface Damage {
  readonly title: string;
  /** A script of bash, run in the copy. */
  readonly does: string;
  /** A part of what is said. */
  readonly says: string;
  readonly needs?: keyof Abilities;
  /** With these options nothing is said. */
  readonly unless?: FidelityOptions;
}

const SECTIONS = ['modes', 'times', 'owners', 'links', 'symlinks', 'xattrs', 'acls', 'specials', 'names', 'plain'];
// Whatever a script does besides, the folder's own time is put back: of the damage alone is to be spoken.
const quietly = (folder: string, script: string) =>
  `touch -r ${folder} /tmp/$$.ref; ${script}; touch -r /tmp/$$.ref ${folder}; rm /tmp/$$.ref`;

const DAMAGES: readonly Damage[] = [
  {
    title: 'a byte of content',
    does: 'touch -r plain/text ref; echo tExt >plain/text; touch -r ref plain/text; rm ref',
    says: 'plain/text',
  },
  {title: 'a file too few', does: quietly('plain', 'rm plain/text'), says: './plain/text: missing in the target'},
  {title: 'a file too many', does: quietly('plain', 'touch plain/extra'), says: './plain/extra: only in the target'},
  {title: 'an empty folder too few', does: quietly('plain', 'rmdir plain/empty-folder'), says: './plain/empty-folder: missing'},
  {
    title: 'a mode',
    does: 'chmod 0645 modes/file-0644',
    says: './modes/file-0644: mode 644, in the target 645',
    unless: {mode: false},
  },
  {title: 'a setuid bit', does: 'chmod 0755 modes/file-4755', says: 'mode 4755', unless: {mode: false}},
  {title: "a folder's sticky bit", does: 'chmod 0777 modes/folder-1777', says: 'mode 1777', unless: {mode: false}},
  {title: "a FIFO's mode", does: 'chmod 0640 specials/private-pipe', says: 'mode 600', unless: {mode: false}},
  {
    title: 'a nanosecond of a file',
    does: 'touch -d @1700000000.123456788 times/file-1',
    says: './times/file-1: mtime',
    unless: {timeWindow: 1n},
  },
  {
    title: 'a microsecond of a folder, where one nanosecond does not count',
    does: 'touch -d @1700000000.123455789 times/folder-1',
    says: './times/folder-1: mtime',
    unless: {times: false},
  },
  {
    title: "a symlink's time",
    does: 'touch -h -d @1700000000 times/link-1',
    says: './times/link-1: mtime',
    unless: {times: false},
  },
  {
    title: 'half a second before 1970',
    does: 'touch -d @-1 times/file-6',
    says: './times/file-6: mtime',
    unless: {timeWindow: 500_000_000n},
  },
  {title: "the root's time", does: 'touch .', says: '.: mtime', unless: {times: false}},
  {
    title: 'a group',
    does: 'chgrp 99 owners/file-1234:4321',
    says: 'owner 1234:4321, in the target 1234:99',
    needs: 'owner',
    unless: {owner: false},
  },
  {
    title: "a symlink's owner",
    does: 'chown -h 1:4321 owners/link-1234:4321',
    says: 'owner 1234',
    needs: 'owner',
    unless: {owner: false},
  },
  {
    title: 'a hard link that became a copy',
    does: quietly('links/b', 'cp -a links/b/two copy; mv -f copy links/b/two'),
    says: './links/b/two: same inode as ./links/a/one, in the target ./links/b/two',
    unless: {hardlinks: false},
  },
  {
    title: 'equal files that became one inode',
    does: quietly('links/b', 'ln -f links/a/equal links/b/equal'),
    says: 'same inode as ./links/b/equal, in the target ./links/a/equal',
    unless: {hardlinks: false},
  },
  {
    title: 'linked FIFOs that became two',
    does: quietly('links/b', 'rm links/b/pipe; mkfifo links/b/pipe; touch -r links/a/pipe links/b/pipe'),
    says: './links/b/pipe: same inode as',
    unless: {hardlinks: false},
  },
  {
    title: 'a further name, forgotten in the state folder',
    does: 'mkdir .dirsync; ln plain/text .dirsync/forgotten',
    says: './plain/text: link count 1, in the target 2',
    unless: {hardlinks: false},
  },
  {
    title: "a symlink's text",
    does: quietly('symlinks', "cp -a symlinks/dash ref; ln -sfn -- '-m' symlinks/dash; touch -h -r ref symlinks/dash; rm ref"),
    says: './symlinks/dash: link -n, in the target -m',
  },
  {
    title: 'a symlink that became its file',
    does: 'cp --remove-destination symlinks/folder/file symlinks/to-file',
    says: 'kind l, in the target f',
  },
  {
    title: "an xattr's value",
    does: 'setfattr -n user.binary -v 0x00ff000a0d5c23 xattrs/file',
    says: 'user.binary 0x00ff000a0d5c22',
    needs: 'xattrs',
    unless: {xattrs: false},
  },
  {
    title: 'an empty xattr lost',
    does: 'setfattr -x user.empty xattrs/file',
    says: 'user.empty',
    needs: 'xattrs',
    unless: {xattrs: false},
  },
  {
    title: 'an xattr added',
    does: 'setfattr -n user.more -v 1 plain',
    says: './plain: user.more absent',
    needs: 'xattrs',
    unless: {xattrs: false},
  },
  {
    title: 'an xattr of an odd name lost',
    does: "setfattr -x $'user.bytes-\\xff\\xc3' xattrs/file",
    says: 'user.bytes-\\xff\\xc3',
    needs: 'xattrs',
    unless: {xattrs: false},
  },
  {
    title: "a symlink's trusted xattr lost",
    does: 'setfattr -h -x trusted.of-link xattrs/link',
    says: './xattrs/link: trusted.of-link',
    needs: 'trusted',
    unless: {xattrs: ['user', 'security']},
  },
  {
    title: 'a file capability lost',
    does: 'setfattr -x security.capability xattrs/capable',
    says: 'security.capability',
    needs: 'capabilities',
    unless: {xattrs: ['user']},
  },
  {
    title: 'an entry of an ACL',
    does: 'setfacl -m u:1234:r-- acls/user && setfacl -m m::rw acls/user',
    says: './acls/user: ACL',
    needs: 'acls',
    unless: {acls: false},
  },
  {
    title: 'a default ACL lost',
    does: 'setfacl -k acls/default',
    says: './acls/default: ACL',
    needs: 'acls',
    unless: {acls: false},
  },
  {
    title: 'a FIFO that became a file',
    does: quietly('specials', 'rm specials/pipe; touch specials/pipe'),
    says: 'kind p, in the target f',
    unless: {specials: false},
  },
  {
    title: 'a socket lost',
    does: quietly('specials', 'rm specials/socket'),
    says: './specials/socket: missing',
    unless: {specials: false},
  },
  {
    title: 'a device number',
    does: quietly(
      'specials',
      'cp -a specials/null ref; rm specials/null; mknod -m 666 specials/null c 1 5; touch -r ref specials/null; rm ref',
    ),
    says: './specials/null: device 1:3, in the target 1:5',
    needs: 'devices',
    unless: {devices: false},
  },
  {
    title: 'a block device that became a character device',
    does: quietly(
      'specials',
      'cp -a specials/disk ref; rm specials/disk; mknod -m 660 specials/disk c 8 1; touch -r ref specials/disk; rm ref',
    ),
    says: './specials/disk: kind b, in the target c',
    needs: 'devices',
    unless: {devices: false},
  },
  {
    title: 'a byte of a name',
    does: quietly('names', "mv $'names/\\x80' $'names/\\x81'"),
    says: './names/\\x80: missing in the target',
  },
  {
    title: 'a name in another normal form',
    does: quietly('names', "mv $'names/nfd-e\\xcc\\x81' $'names/nfd-\\xc3\\xa9'"),
    says: './names/nfd-\\xc3\\xa9: only in the target',
  },
  {
    title: 'a folder that is named like the state folder',
    does: quietly('names', 'rm -r names/.dirsync'),
    says: './names/.dirsync/file: missing',
  },
];

describe('story: the judges of fidelity', function () {
  this.timeout(120_000);
  const temp = tempDirs();
  let can: Abilities;

  before(function () {
    needFidelityTools(this);
    if (process.platform !== 'linux') skip(this, 'the tools are those of Linux');
  });

  function copied(sections: readonly string[], copy = 'cp') {
    const root = temp();
    const pair = {source: path.join(root, 'source'), target: path.join(root, 'target')};
    for (const folder of Object.values(pair)) fs.mkdirSync(folder);
    can = abilities(root);
    makeOddTree(pair.source, {can, sections});
    if (copy === 'cp') call('cp', ['-a', '--sparse=always', `${pair.source}/.`, pair.target]);
    else call('rsync', ['-aHAXS', '--numeric-ids', '--modify-window=-1', `${pair.source}/`, `${pair.target}/`]);
    return pair;
  }

  for (const copy of ['cp', 'rsync']) {
    it(`say nothing about a copy by ${copy}, and pass over the folder .dirsync in its root`, () => {
      const {source, target} = copied([...SECTIONS, 'sparse'], copy);
      bash('mkdir .dirsync; echo state >.dirsync/file; touch -r "$SOURCE" .', target, {env: {SOURCE: source}});
      expect(differences(source, target)).to.deep.equal([]);
      expect(sparseDifference(source, target)).to.deep.equal([]);
    });
  }

  it('each damage is spoken of, and passed over where it is asked for', () => {
    const {source, target} = copied(SECTIONS);
    const unseen: string[] = [];
    for (const {title, does, says, needs, unless} of DAMAGES) {
      if (needs !== undefined && !can[needs]) continue;
      bash(
        `shopt -s dotglob; touch -r . /tmp/$$.root; ${does}; ${says.startsWith('.: ') ? ':' : 'touch -r /tmp/$$.root .'}; rm /tmp/$$.root`,
        target,
      );
      const said = differences(source, target);
      if (!said.some((line) => line.includes(says))) unseen.push(`${title}: ${said.join('; ') || 'nothing said'}`);
      if (unless !== undefined) {
        const more = differences(source, target, unless);
        if (more.length > 0) unseen.push(`${title}, passed over: ${more.join('; ')}`);
      }
      call('find', [target, '-mindepth', '1', '-delete']);
      call('cp', ['-a', `${source}/.`, target]);
    }
    expect(unseen).to.deep.equal([]);
  });

  it('holes that are filled are told', () => {
    const {source, target} = copied(['sparse']);
    fs.writeFileSync(path.join(target, 'sparse/hole'), Buffer.alloc(8 << 20));
    expect(sparseDifference(source, target)).to.deep.equal(['./sparse/hole: 0 bytes on disk, in the target 8388608']);
  });
});
