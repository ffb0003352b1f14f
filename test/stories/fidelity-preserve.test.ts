/** `--preserve` and `--no-preserve`: what is not preserved is neither compared nor set. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {applied, appliedAsSaved, nothingLeft, planOf, type Sync} from '../support/faithful.js';
import {bytesOnDisk, differences, type FidelityOptions, needFidelityTools} from '../support/fidelity.js';
import {type Abilities, abilities} from '../support/odd-tree.js';
import {bash, call} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

const ALL = ['mode', 'owner', 'times', 'xattrs', 'acls', 'hardlinks', 'sparse', 'specials'] as const;
type Word = (typeof ALL)[number];

interface Case {
  readonly without: Word;
  readonly title: string;
  /** Scripts of bash. */
  readonly source: string;
  readonly target: string;
  readonly needs?: keyof Abilities;
  readonly judged: FidelityOptions;
  readonly check: (sync: Sync) => void;
}

const modeOf = (at: string) => fs.lstatSync(at).mode & 0o7777;
const ownerOf = (at: string) => `${fs.lstatSync(at).uid}:${fs.lstatSync(at).gid}`;
const text = (at: string) => fs.readFileSync(at, 'utf8');
const attributesOf = (at: string) => call('getfattr', ['--absolute-names', '-d', '-m-', '--only-values', at]);
const aclOf = (at: string) => call('getfacl', ['-p', '-n', '-c', '--skip-base', at]).trim();

const CASES: readonly Case[] = [
  {
    without: 'mode',
    title: "a new file gets the source's less the umask, and no setuid; an existing one keeps its own",
    source: `echo new >new; chmod 6777 new; mkdir folder; chmod 3777 folder; echo same >same; touch -d @5 same; chmod 0755 same
      echo changed >changed; chmod 0777 changed; mkdir kept; chmod 0700 kept; echo x >private; chmod 0600 private`,
    target: `echo same >same; touch -d @5 same; chmod 0640 same; echo old >changed; chmod 0640 changed; mkdir kept; chmod 0751 kept`,
    judged: {mode: false},
    check({target}) {
      const umask = process.umask();
      expect(modeOf(path.join(target, 'new')), 'new').to.equal(0o777 & ~umask);
      expect(modeOf(path.join(target, 'folder')) & 0o777, 'folder').to.equal(0o777 & ~umask);
      expect(modeOf(path.join(target, 'private')), 'private').to.equal(0o600 & ~umask);
      expect(modeOf(path.join(target, 'same')), 'same').to.equal(0o640);
      expect(modeOf(path.join(target, 'changed')), 'changed').to.equal(0o640);
      expect(modeOf(path.join(target, 'kept')), 'kept').to.equal(0o751);
    },
  },
  {
    without: 'owner',
    title: 'new files are those of who runs it; of others nothing is said',
    source: `echo new >new; mkdir folder; ln -s x link; echo same >same; touch -d @5 same; chown -hR 1234:4321 .`,
    target: `echo same >same; touch -d @5 same; chown 77:88 same`,
    needs: 'owner',
    judged: {owner: false},
    check(sync) {
      const {target} = sync;
      for (const at of ['new', 'folder', 'link']) {
        expect(ownerOf(path.join(target, at)), at).to.equal(`${process.geteuid?.()}:${process.getegid?.()}`);
      }
      expect(ownerOf(path.join(target, 'same'))).to.equal('77:88');
    },
  },
  {
    without: 'times',
    title: "files of equal size are copied again only when the source's is newer",
    source: `echo newer >newer; touch -d @1600000000 newer; echo older >older; touch -d @1500000000 older
      echo fresh >fresh; touch -d @1500000000 fresh; mkdir folder; touch -d @1500000000 folder; ln -s x link; touch -h -d @1500000000 link
      echo longer than before >size; touch -d @1500000000 size`,
    target: `echo NEWER >newer; touch -d @1500000000 newer; echo OLDER >older; touch -d @1600000000 older
      echo short >size; touch -d @1600000000 size`,
    judged: {times: false},
    check({target}) {
      expect(text(path.join(target, 'newer'))).to.equal('newer\n');
      expect(text(path.join(target, 'older'))).to.equal('OLDER\n');
      expect(text(path.join(target, 'size'))).to.equal('longer than before\n');
      for (const at of ['fresh', 'newer', 'folder', 'link']) {
        expect(fs.lstatSync(path.join(target, at)).mtimeMs, at).to.be.greaterThan(1_700_000_000_000);
      }
      expect(fs.lstatSync(path.join(target, 'older')).mtimeMs).to.equal(1_600_000_000_000);
      // The judges say that the content of this one differs, as it shall.
      call('cp', ['-p', path.join(target, '../source/older'), path.join(target, 'older')]);
    },
  },
  {
    without: 'xattrs',
    title: 'they are left alone',
    source: `echo new >new; setfattr -n user.new -v 1 new; echo same >same; touch -d @5 same; setfattr -n user.a -v source same`,
    target: `echo same >same; touch -d @5 same; setfattr -n user.b -v target same`,
    needs: 'xattrs',
    judged: {xattrs: false},
    check({target}) {
      expect(attributesOf(path.join(target, 'new'))).to.equal('');
      expect(attributesOf(path.join(target, 'same'))).to.equal('target');
    },
  },
  {
    without: 'acls',
    title: 'they are left alone',
    source: `echo new >new; chmod 0664 new; setfacl -m u:1234:rw new; mkdir folder; chmod 0755 folder; setfacl -d -m u:1234:rwx folder
      echo same >same; touch -d @5 same; chmod 0664 same; setfacl -m u:1234:r same`,
    target: `echo same >same; touch -d @5 same; chmod 0664 same; setfacl -m u:99:r,m::rw same`,
    needs: 'acls',
    judged: {acls: false},
    check({target}) {
      expect(aclOf(path.join(target, 'new'))).to.equal('');
      expect(aclOf(path.join(target, 'folder'))).to.equal('');
      expect(aclOf(path.join(target, 'same')))
        .to.contain('user:99:r--')
        .and.to.not.contain('1234');
    },
  },
  {
    without: 'hardlinks',
    title: 'names become files of their own',
    source: `echo linked >a; ln a b; mkdir folder; ln a folder/c; ln -s x link; ln -P link link2; mkfifo pipe; ln pipe pipe2`,
    target: ``,
    judged: {hardlinks: false},
    check({target}) {
      const names = ['a', 'b', 'folder/c', 'link', 'link2', 'pipe', 'pipe2'];
      const inodes = names.map((at) => fs.lstatSync(path.join(target, at)));
      expect(inodes.map(({nlink}) => nlink)).to.deep.equal(names.map(() => 1));
      expect(new Set(inodes.map(({ino}) => ino)).size).to.equal(names.length);
    },
  },
  {
    without: 'sparse',
    title: 'holes are written as zeros',
    source: `truncate -s 4M hole; truncate -s 4M end; printf x | dd of=end conv=notrunc status=none`,
    target: ``,
    needs: 'sparse',
    judged: {},
    check({target}) {
      call('sync', ['-f', target]);
      for (const at of ['hole', 'end']) expect(bytesOnDisk(path.join(target, at)), at).to.be.at.least(4 << 20);
    },
  },
  {
    without: 'specials',
    title: 'they are left out, and what is at their path in the target stays',
    source: `mkfifo new pipe other; perl -e 'use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un("socket")) or die'
      if [ $(id -u) = 0 ]; then mknod null c 1 3; fi; echo file >file`,
    target: `echo 'a file' >pipe; mkdir other; echo x >other/in; mkfifo -m 0600 socket; ln -s x null`,
    judged: {specials: false},
    check({target}) {
      expect(fs.existsSync(path.join(target, 'new'))).to.equal(false);
      expect(text(path.join(target, 'pipe'))).to.equal('a file\n');
      expect(text(path.join(target, 'other/in'))).to.equal('x\n');
      expect(modeOf(path.join(target, 'socket'))).to.equal(0o600);
      expect(text(path.join(target, 'file'))).to.equal('file\n');
    },
  },
];

describe('story: what is not preserved', () => {
  const temp = tempDirs();

  before(function () {
    needFidelityTools(this);
  });

  function pair(source: string, target: string) {
    const root = temp();
    const sync = {root, source: path.join(root, 'source'), target: path.join(root, 'target')};
    for (const [folder, script] of Object.entries({source, target})) {
      fs.mkdirSync(path.join(root, folder));
      // The root's own attributes are no matter of these cases.
      bash(`umask 022\n${script}\nchmod 0755 .; touch -d @1000000000 .`, path.join(root, folder));
    }
    return sync;
  }

  const ways: Readonly<Record<string, (word: Word) => readonly string[]>> = {
    '--no-preserve': (word) => ['--no-preserve', word],
    '--preserve the others': (word) => ['--preserve', ALL.filter((other) => other !== word).join(',')],
    '--no-preserve, by a saved plan': (word) => ['--no-preserve', word],
  };

  for (const {without, title, source, target, needs, judged, check} of CASES) {
    for (const [way, flags] of Object.entries(ways)) {
      it(`${without}: ${title} (${way})`, function () {
        const made = temp();
        if (needs !== undefined && !abilities(made)[needs]) skip(this, `${needs} cannot be made here`);
        const sync = {...pair(source, target), flags: flags(without)};
        if (way.includes('saved')) appliedAsSaved(sync, sync.root);
        else applied(sync);
        nothingLeft(sync);
        check(sync);
        const said = differences(sync.source, sync.target, judged);
        // What stays at the path of something left out is not in the source.
        expect(said.filter((line) => without !== 'specials' || !/\b(other|pipe|socket|null)\b/.test(line))).to.deep.equal([]);
      });
    }
  }

  it('all of it: content and names alone', () => {
    const script = `echo a >a; ln a b; chmod 4711 a; touch -d @5 a; truncate -s 1M hole; mkdir folder; echo x >folder/x; ln -s y link; mkfifo pipe`;
    const sync = {...pair(script, ''), flags: ['--no-preserve', ALL.join(',')]};
    applied(sync);
    nothingLeft(sync);
    const loose: FidelityOptions = {
      mode: false,
      owner: false,
      times: false,
      xattrs: false,
      acls: false,
      hardlinks: false,
      specials: false,
    };
    expect(differences(sync.source, sync.target, loose)).to.deep.equal([]);
  });

  it('may be given more than once', () => {
    const sync = {
      ...pair('echo a >a; ln a b; mkfifo pipe', ''),
      flags: ['--no-preserve', 'hardlinks', '--no-preserve', 'specials'],
    };
    applied(sync);
    expect(fs.readdirSync(sync.target).sort()).to.deep.equal(['.dirsync', 'a', 'b']);
    expect(fs.statSync(path.join(sync.target, 'a')).nlink).to.equal(1);
  });

  it('what is not preserved on purpose is no warning', () => {
    const sync = {...pair('mkfifo pipe; echo a >a', ''), flags: ['--no-preserve', 'specials']};
    expect(planOf(sync).header.warnings).to.deep.equal([]);
  });

  for (const flag of ['--preserve', '--no-preserve']) {
    it(`${flag} refuses a word that it does not know, and names those that it does`, () => {
      const {source, target} = pair('echo a >a', '');
      const {code, stderr} = dirsync(['plan', source, target, flag, 'mode,onwer']);
      expect(code).to.equal(1);
      expect(stderr).to.contain('onwer');
      for (const word of ALL) expect(stderr).to.contain(word);
    });
  }
});
