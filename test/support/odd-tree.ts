/**
 * A tree with everything unusual that a file system can hold. Only programs of the system make it, because it is used to judge what
 * dirsync keeps. Each section is a separate folder.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {bash, call, has} from './shell.js';
import {removeTree} from './temp.js';

/** The abilities of the user and of the file system of a tree. */
export interface Abilities {
  /** Files can be given to other users. */
  readonly owner: boolean;
  readonly devices: boolean;
  /** All device numbers; XFS keeps only small ones. */
  readonly wideDevices: boolean;
  readonly trusted: boolean;
  readonly capabilities: boolean;
  readonly xattrs: boolean;
  readonly acls: boolean;
  /** The target of a symlink can have 4000 bytes; XFS allows 1024. */
  readonly longLinks: boolean;
  /** Files and folders that their owner cannot read. */
  readonly unreadable: boolean;
  /** Files of 1 GiB that are almost only a hole. */
  readonly sparse: boolean;
}

/** The abilities of this user in this folder, found by tests. */
export function abilities(folder: string, uid?: number): Abilities {
  const trial = fs.mkdtempSync(path.join(folder, 'trial-'));
  const user = uid === undefined ? {} : {uid, gid: uid};
  if (uid !== undefined) fs.chownSync(trial, uid, uid);
  const works = (script: string) => {
    const env = {...process.env, LC_ALL: 'C'};
    return spawnSync('bash', ['-ec', script], {cwd: trial, env, ...user}).status === 0;
  };
  try {
    return {
      owner: works('touch o && chown 1234:4321 o'),
      devices: works('mknod d c 1 3'),
      wideDevices: works('mknod w c 4095 1048575'),
      trusted: works('touch t && setfattr -n trusted.t -v 1 t'),
      capabilities: works('touch c && setfattr -n security.capability -v 0x0100000202000000000000000000000000000000 c'),
      xattrs: works('touch x && setfattr -n user.x -v 1 x'),
      acls: works('touch a && setfacl -m u:1234:r a'),
      longLinks: works(`ln -s "$(printf '%04000d' 7)" l`),
      unreadable: (uid ?? process.geteuid?.()) === 0,
      sparse: works('truncate -s 1G s && [ $(stat -c %b s) = 0 ]'),
    };
  } finally {
    removeTree(trial);
  }
}

/** Abilities that both have. */
export function common(a: Abilities, b: Partial<Abilities>): Abilities {
  return Object.fromEntries(Object.entries(a).map(([name, can]) => [name, can && b[name as keyof Abilities] !== false])) as never;
}

const SECTIONS: Readonly<Record<string, string>> = {
  modes: `
    for mode in 0644 0600 0444 0400 0755 0711 4755 2755 1644 6711 7777; do echo "$mode" >"file-$mode"; chmod "$mode" "file-$mode"; done
    echo other >file-0444-again; chmod 0444 file-0444-again
    for mode in 0555 0500 0700 0755 1777 2775 3775; do
      mkdir "folder-$mode"; echo in >"folder-$mode/file"; mkdir "folder-$mode/sub"; echo deep >"folder-$mode/sub/file"
      chmod "$mode" "folder-$mode"
    done
    if ((UNREADABLE)); then
      for mode in 0000 0200 0111; do echo "$mode" >"file-$mode"; chmod "$mode" "file-$mode"; done
      for mode in 0000 0300; do mkdir "folder-$mode"; echo in >"folder-$mode/file"; chmod "$mode" "folder-$mode"; done
    fi`,

  // The folder's own times are set at the very end.
  times: `
    i=0
    for time in 1700000000.123456789 1700000000.000000001 1700000000.999999999 0 -1 -0.5 -0.000000001 -1000000000.25 \\
      2147483647 2147483648.5 4102444800.000000001 4294967296 13569465600.987654321; do
      i=$((i + 1)); echo "$time" >"file-$i"; ln -s "file-$i" "link-$i"; mkdir "folder-$i"; echo in >"folder-$i/in"
      touch -h -d "@$time" "file-$i" "link-$i" "folder-$i/in" "folder-$i"
    done`,

  owners: `
    if ((OWNER)); then
      for owner in 0:0 1234:4321 65534:65534 4294967294:4294967294 0:7; do
        echo "$owner" >"file-$owner"; mkdir "folder-$owner"; ln -s x "link-$owner"; mkfifo "pipe-$owner"
        chown -h "$owner" "file-$owner" "folder-$owner" "link-$owner" "pipe-$owner"
      done
      echo suid >suid; chown 1234:4321 suid; chmod 6755 suid
    fi`,

  links: `
    mkdir a b b/c
    echo two >a/one; ln a/one b/two
    echo three >first; ln first a/second; ln first b/c/third
    ln -s text a/symlink; ln -P a/symlink b/symlink
    mkfifo a/pipe; ln a/pipe b/pipe
    echo same >a/equal; echo same >b/equal; touch -d @1600000000 a/equal b/equal
    : >a/empty; ln a/empty b/empty`,

  symlinks: `
    mkdir folder; echo in >folder/file
    ln -s nowhere dangling; ln -s /etc absolute; ln -s folder to-folder; ln -s folder/file to-file; ln -s . self; ln -s .. above
    ln -s loop loop; ln -s $'bytes-\\xff\\xfe\\x80' not-utf8; ln -s $'new\\nline\\x1b[31m' control; ln -s -- '-n' dash; ln -s ' ' space
    ln -s "//a/./b/../c//" untidy; ln -s "$(printf '%01000d' 7)" long
    if ((LONGLINKS)); then ln -s "$(printf '%04000d' 7)" longer; fi`,

  xattrs: `
    echo content >file; mkdir folder; ln -s file link; echo executable >capable; chmod 0755 capable; : >empty
    if ((XATTRS)); then
      for at in file folder empty; do setfattr -n user.plain -v "of $at" "$at"; done
      setfattr -n user.empty file; setfattr -n user.binary -v 0x00ff000a0d5c22 file; setfattr -n user.binary -v 0x00 folder
      echo big >big; setfattr -n user.big -v "0x$(printf 'a5%.0s' {1..3000})" big
      setfattr -n $'user.bytes-\\xff\\xc3' -v odd file; setfattr -n $'user.new\\nline = "x"' -v odd file
      for i in 1 2 3 4 5 6 7 8 9; do setfattr -n "user.many.$i" -v "$i" empty; done
    fi
    if ((TRUSTED)); then
      setfattr -n trusted.plain -v yes file; setfattr -n trusted.plain -v yes folder; setfattr -h -n trusted.of-link -v 0x0001ff link
    fi
    if ((CAPABILITIES)); then setfattr -n security.capability -v 0x0100000202000000000000000000000000000000 capable; fi`,

  acls: `
    if ((ACLS)); then
      for at in user group mask masked many exec; do echo "$at" >"$at"; done
      setfacl -m u:1234:rw- user; setfacl -m g:4321:r-x group; setfacl -m u:1234:rwx,m::r-- mask
      setfacl -m u:1234:rwx,g:4321:rwx,m::--- masked; setfacl -m u:1:r,u:2:w,u:3:x,g:1:rw,g:2:-,u:4294967294:rx many
      chmod 2755 exec; setfacl -m u:1234:--x exec
      mkdir default both inside; setfacl -d -m u:1234:rwx,g:4321:r-x default
      setfacl -m u:1234:rwx both; setfacl -d -m u:77:r--,m::r-x both; echo inherits >both/file; mkdir both/folder
      setfacl -d -m o::--- inside; chmod 3775 inside; echo x >inside/file
      mkdir readonly; echo x >readonly/file; setfacl -m u:1234:r-x readonly; setfacl -m u:99:r-- readonly/file; chmod 0555 readonly
    fi`,

  specials: `
    mkfifo pipe; mkfifo -m 0600 private-pipe; mkdir folder; mkfifo folder/pipe
    perl -e 'use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die; bind($s, sockaddr_un("socket")) or die "bind: $!"'
    chmod 0640 socket
    if ((DEVICES)); then
      mknod -m 0666 null c 1 3; mknod -m 0660 disk b 8 1; mknod -m 0600 large c 511 262143; mknod -m 0600 zero b 0 0
    fi
    if ((WIDEDEVICES)); then mknod -m 0600 larger c 4095 1048575; fi
    for at in pipe socket folder/pipe; do touch -d @1234567890.5 "$at"; done`,

  sparse: `
    at() { perl -e 'open(F, "+<", $ARGV[0]) or die; sysseek(F, $ARGV[1], 0); syswrite(F, $ARGV[2] x $ARGV[3])' "$@"; }
    for name in start middle end hole; do : >"$name"; truncate -s 8M "$name"; done
    at start 7340032 s 1048576; at middle 0 m 65536; at middle 8323072 m 65536; at end 0 e 65536
    head -c 1000000 /dev/zero >zeros; printf 'x%.0s' {1..5000} >plain
    : >odd; truncate -s 3000001 odd; at odd 1500000 o 3
    if ((SPARSE)); then : >huge; truncate -s 1G huge; at huge 0 h 4096; at huge 536870912 h 100000; at huge 1073737728 h 4096; fi`,

  names: `
    put() { echo "$1" >"./$1"; }
    put $'not-utf8-\\xff\\xfe'; put $'cut-\\xe2\\x82'; put $'surrogate-\\xed\\xa0\\x80'; put $'\\x80'
    put $'new\\nline'; put $'tab\\there'; put $'cr\\rhere'; put $'escape\\x1b[31mred\\x1b[0m'; put $'bell\\a'; put $'del\\x7f'; put $'c1-\\xc2\\x9b'
    put 'single'\\''quote'; put 'double"quote'; put 'back\\slash'; put 'back\\nslash'; put '$HOME'; put '\`id\`'; put '*'; put '[a-z]?'; put '!x'; put '#x'
    put '-n'; put '--delete'; put ' leading'; put 'trailing '; put 'dot.'; put '...'; put ' '; put '~'; put 'a:b'; put 'con'; put '%s%n'
    put $'\\xef\\xbb\\xbfbom'; put $'\\xef\\xbb\\xbf'; put $'nfc-\\xc3\\xa9'; put $'nfd-e\\xcc\\x81'; put $'bidi-\\xe2\\x80\\xae'; put $'wide-\\xf0\\x9f\\x98\\x80'
    put UPPER; put upper; put __proto__; put constructor
    put "$(printf '%0255d' 1)"; put "$(printf '\\xff%.0s' {1..255})"
    put .dirsync-like; put dirsync; put .DIRSYNC; mkdir .dirsync; echo inside >.dirsync/file
    mkdir $'folder-\\xff'; echo in >$'folder-\\xff/in-\\xfe'; mkdir $'line\\nfolder'; echo in >$'line\\nfolder/in'; ln -s x $'link-\\xff'; mkfifo $'pipe-\\xff\\n'
    ln $'not-utf8-\\xff\\xfe' $'linked-\\xff'`,

  plain: `
    : >empty; mkdir empty-folder; echo text >text; head -c 300000 /dev/urandom >random; mkdir -p deep/er/and/deeper; echo x >deep/er/and/deeper/file`,
};

export const SECTION_NAMES: readonly string[] = Object.keys(SECTIONS);

export interface OddOptions {
  readonly can?: Abilities;
  /** All by default. */
  readonly sections?: readonly string[];
  /** The owner of all entries. */
  readonly uid?: number | undefined;
}

/** Makes the tree, or some sections of it, in an empty folder. */
export function makeOddTree(root: string, {uid, can = abilities(root, uid), sections = SECTION_NAMES}: OddOptions = {}): void {
  const env = Object.fromEntries(Object.entries(can).map(([name, yes]) => [name.toUpperCase(), yes ? '1' : '0']));
  for (const section of sections) {
    const script = SECTIONS[section];
    if (script === undefined) throw new Error(`no such section: ${section}`);
    const folder = path.join(root, section);
    fs.mkdirSync(folder);
    if (uid !== undefined) fs.chownSync(folder, uid, uid);
    // Files and folders get the same modes whatever the tester's umask.
    bash(`umask 022${script}`, folder, {env, uid});
  }
  // Adding entries changed the times of folders: each gets its own time.
  bash(
    `i=0; find . -xdev -depth -type d ! -path './times/?*' -print0 | while IFS= read -r -d '' at; do
      i=$((i + 1)); touch -h -d "@$((1500000000 + i)).$((100000000 + i))" "$at"
    done`,
    root,
    {uid},
  );
}

/** Some entries of the tree in a different state: changed, added or removed. */
const CHANGES: Readonly<Record<string, string>> = {
  modes: `
    chmod 0700 file-0644; chmod u-s file-4755; chmod 4644 file-0600; chmod u+w file-0444; echo changed >>file-0444; chmod 0444 file-0444; chmod 0777 folder-0755
    chmod u+w folder-0555; echo new >folder-0555/new; rm folder-0555/file; chmod 0555 folder-0555
    chmod 0700 folder-0500; echo edited >folder-0500/file; chmod 0500 folder-0500; chmod -t folder-1777`,
  times: `
    touch -d @1700000000.123456790 file-1; touch -h -d @-77.5 link-2; touch -d @13000000000.5 folder-3; touch -d @5.000000005 file-6`,
  owners: `
    if ((OWNER)); then chown -h 77:88 file-0:0 link-0:0 folder-1234:4321 pipe-0:7; chown 0:0 suid; chmod 6755 suid; fi`,
  links: `
    ln first added; rm b/two; echo four >>b/c/third; ln -P a/symlink symlink-added; rm b/pipe; rm b/equal; ln a/equal b/equal
    rm a/empty; : >a/empty`,
  symlinks: `
    ln -sfn elsewhere dangling; rm self; mkdir self; echo in >self/in; rm -r folder; ln -s /usr folder; ln -sfn $'\\xfe' not-utf8`,
  xattrs: `
    if ((XATTRS)); then
      setfattr -n user.plain -v 'another' file; setfattr -x user.empty file; setfattr -n user.added -v new folder
      setfattr -n user.binary -v 0x00ff000a0d5c23 file; setfattr -x user.big big; setfattr -n user.new -v x empty
    fi
    if ((TRUSTED)); then setfattr -h -n trusted.of-link -v 0x02 link; setfattr -x trusted.plain folder; fi
    if ((CAPABILITIES)); then
      setfattr -x security.capability capable; echo c >now; chmod 0755 now
      setfattr -n security.capability -v 0x0100000202000000000000000000000000000000 now
    fi`,
  acls: `
    if ((ACLS)); then
      setfacl -m u:1234:r-- user; setfacl -b group; setfacl -m m::rwx mask; setfacl -x u:2 many; setfacl -k default
      setfacl -d -m u:5:rwx inside; setfacl -m g:5:r readonly
    fi`,
  specials: `
    rm pipe; echo 'a file' >pipe; rm folder/pipe; mkdir folder/pipe; rm socket; mkfifo socket; chmod 0604 private-pipe
    if ((DEVICES)); then rm null; mknod -m 0666 null c 1 5; rm disk; mknod -m 0660 disk c 8 1; chmod 0600 zero; fi`,
  sparse: `
    at() { perl -e 'open(F, "+<", $ARGV[0]) or die; sysseek(F, $ARGV[1], 0); syswrite(F, $ARGV[2] x $ARGV[3])' "$@"; }
    at hole 4194304 h 100; truncate -s 4M start; truncate -s 16M end; at plain 100 p 10; at zeros 0 z 1
    if ((SPARSE)); then at huge 805306368 h 4096; fi`,
  names: `
    mv $'not-utf8-\\xff\\xfe' $'renamed-\\xff\\n'; echo more >>$'new\\nline'; rm '*'; echo star >'**'; mv UPPER Upper; rm -r $'folder-\\xff'
    echo file >$'folder-\\xff'; echo edited >.dirsync/file`,
  plain: `
    echo text >empty; rm text; mkdir text; echo in >text/in; rmdir empty-folder; rm -r deep; echo file >deep`,
};

/** Changes a part of each section of a tree of `makeOddTree`. */
export function changeOddTree(root: string, {uid, can = abilities(root, uid), sections = SECTION_NAMES}: OddOptions = {}): void {
  const env = Object.fromEntries(Object.entries(can).map(([name, yes]) => [name.toUpperCase(), yes ? '1' : '0']));
  for (const section of sections) {
    const folder = path.join(root, section);
    bash(`umask 022${CHANGES[section]}\ntouch -d @1650000000.75 .`, folder, {env, uid});
  }
}

/** Undoes what `changeOddTree` did to special files: a file becomes a FIFO again. */
export function restoreSpecials(root: string): void {
  bash(
    `rm pipe; mkfifo pipe; rmdir folder/pipe; mkfifo folder/pipe; rm socket
    perl -e 'use Socket; socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die; bind($s, sockaddr_un("socket")) or die'`,
    path.join(root, 'specials'),
  );
}

/** `levels` nested folders, each with a file, with names of this length: with 200 bytes, 30 levels exceed PATH_MAX. */
export function makeDeepTree(root: string, levels: number, nameLength = 1): void {
  const script = `
    use strict; chdir $ARGV[0] or die; my ($levels, $name) = ($ARGV[1], 'd' x $ARGV[2]);
    for my $level (1 .. $levels) {
      mkdir $name or die "mkdir: $!"; chdir $name or die "chdir: $!";
      open(my $f, '>', 'file') or die; print $f "level $level\\n"; close $f;
      utime 1500000000, 1500000000 + $level, 'file';
      symlink 'file', 'link';
    }
    for my $level (1 .. $levels) { chdir '..' or die; utime 1400000000, 1400000000 + $level, $name; }`;
  call('perl', ['-e', script, root, `${levels}`, `${nameLength}`]);
}

/** Empty and small files, this many of them in one folder. */
export function makeWideFolder(root: string, files: number): void {
  const script = `
    chdir $ARGV[0] or die;
    for my $i (1 .. $ARGV[1]) { open(F, '>', "file $i") or die; print F $i unless $i % 50; close F; }`;
  call('perl', ['-e', script, root, `${files}`]);
}

/** Removes a tree that is too deep for paths. */
export function removeDeepTree(root: string): void {
  bash('chmod -R u+rwx . 2>/dev/null || true; find . -mindepth 1 -delete', root);
}

export function needOddTools(): string | undefined {
  const missing = ['setfattr', 'setfacl', 'mkfifo', 'mknod', 'perl', 'bash', 'truncate'].find((tool) => !has(tool));
  return missing === undefined ? undefined : `${missing} is not installed`;
}
