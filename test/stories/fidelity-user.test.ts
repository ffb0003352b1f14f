/** What arrives for a user without root: all but what only root may give, which is said; read-only folders are no hindrance. */
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {dirsync, NOBODY, startDirsync} from '../support/cli.js';
import {applied, appliedAsSaved, arrived, nothingLeft, planOf} from '../support/faithful.js';
import {differences, type FidelityOptions, needFidelityTools} from '../support/fidelity.js';
import {abilities, changeOddTree, makeOddTree} from '../support/odd-tree.js';
import {bash} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

const JUDGED: FidelityOptions = {owner: false, xattrs: ['user'], devices: false};

function userPair(root: string) {
  const pair = {root, source: path.join(root, 'source'), target: path.join(root, 'target'), cli: {uid: NOBODY}};
  for (const folder of [pair.source, pair.target]) fs.mkdirSync(folder);
  if (NOBODY !== undefined) for (const folder of [root, pair.source, pair.target]) fs.chownSync(folder, NOBODY, NOBODY);
  return pair;
}

describe('story: everything arrives as it was, for a user who is not root', function () {
  this.timeout(120_000);
  const temp = tempDirs();

  before(function () {
    needFidelityTools(this);
  });

  it('a fresh target, then a bit of everything changed', () => {
    const {source, target, cli, root} = userPair(temp());
    const sync = {source, target, cli};
    makeOddTree(source, {uid: NOBODY});
    expect(planOf(sync).header.warnings, 'nothing is lost that this user has').to.deep.equal([]);
    applied(sync);
    arrived(sync, JUDGED);
    changeOddTree(source, {uid: NOBODY});
    appliedAsSaved(sync, root);
    arrived(sync, JUDGED);
  });

  it('what only root may give is said once, and is no problem', function () {
    if (NOBODY === undefined) skip(this, 'only root may give files to other users');
    const {source, target, cli} = userPair(temp());
    const sync = {source, target, cli};
    const can = abilities(source);
    makeOddTree(source, {uid: NOBODY, sections: ['plain', 'specials']});
    bash(
      `echo theirs >theirs; chown 1234:4321 theirs; mkdir folder; echo x >folder/also; chown -R 5:6 folder
      echo c >capable; chmod 0755 capable
      if ((CAPABILITIES)); then setfattr -n security.capability -v 0x0100000202000000000000000000000000000000 capable; fi
      if ((DEVICES)); then mknod -m 666 null c 1 3; mknod -m 666 disk b 8 1; fi`,
      source,
      {env: {CAPABILITIES: can.capabilities ? '1' : '0', DEVICES: can.devices ? '1' : '0'}},
    );
    const {warnings} = planOf(sync).header;
    const told = (word: RegExp) => warnings.filter((warning) => word.test(warning));
    expect(told(/owner/i), 'owners').to.have.length(1);
    if (can.devices) {
      expect(told(/device/i), 'devices').to.have.length(1);
      expect(told(/device/i)[0], 'counted').to.match(/\b2\b/);
    }
    if (can.capabilities) expect(told(/capabilit|security|xattr|attribute/i), 'capabilities').to.have.length(1);
    const {stdout, code} = dirsync(['plan', source, target], cli);
    expect(code).to.equal(0);
    for (const warning of warnings) expect(stdout.split(warning), warning).to.have.length(2);
    applied(sync);
    arrived(sync, JUDGED);
    for (const device of ['null', 'disk']) expect(fs.existsSync(path.join(target, device))).to.equal(false);
  });
});

describe('story: read-only folders and files of a user who is not root', function () {
  this.timeout(120_000);
  const temp = tempDirs();

  before(function () {
    needFidelityTools(this);
  });

  /** Both trees hold closed folders; in the target each has something to change, to delete and to add. */
  function closedPair(files = 1) {
    const {root, source, target, cli} = userPair(temp());
    const many = (folder: string, text: string) =>
      `for ((i = 0; i < ${files}; i++)); do echo "${text} $i" >${folder}/many-$i; done`;
    bash(
      `umask 022
      for top in source target; do
        for mode in 0555 0500; do
          mkdir -p $top/$mode/in/side; echo same >$top/$mode/same; touch -d @1500000000 $top/$mode/same
        done
      done
      for mode in 0555 0500; do
        echo 'new text' >source/$mode/changed; echo old >target/$mode/changed; chmod 0000 target/$mode/changed
        echo 'new text' >source/$mode/in/side/changed; echo old >target/$mode/in/side/changed; chmod 0444 target/$mode/in/side/changed
        echo new >source/$mode/added; mkdir source/$mode/new-folder; echo x >source/$mode/new-folder/x
        echo gone >target/$mode/gone; chmod 0000 target/$mode/gone; mkdir target/$mode/gone-folder; echo x >target/$mode/gone-folder/x
        echo file >source/$mode/kind; mkdir target/$mode/kind; echo x >target/$mode/kind/x
        mkdir source/$mode/a-folder; echo x >source/$mode/a-folder/x; echo file >target/$mode/a-folder
        ln source/$mode/same source/$mode/linked
        echo same >source/$mode/time; echo same >target/$mode/time; touch -d @1500000001 source/$mode/time; touch -d @5 target/$mode/time
        chmod 0400 source/$mode/time; chmod 0000 target/$mode/time
        ${many('source/$mode', 'wanted')}
        ${many('target/$mode', 'older text')}
        chmod 0555 target/$mode/gone-folder target/$mode/kind
        chmod $mode {source,target}/$mode/in/side {source,target}/$mode/in {source,target}/$mode
      done`,
      root,
      {uid: NOBODY},
    );
    return {root, source, target, cli};
  }

  it('are updated, and closed again', () => {
    const sync = closedPair();
    applied(sync);
    arrived(sync, JUDGED);
  });

  it('are updated by a saved plan', () => {
    const sync = closedPair();
    appliedAsSaved(sync, sync.root);
    arrived(sync, JUDGED);
  });

  it('are deleted with all that is in them', () => {
    const sync = closedPair();
    bash('chmod -R u+rwx . && rm -r 0555 0500', sync.source, {uid: NOBODY});
    applied(sync);
    arrived(sync, JUDGED);
  });

  it('lose their content only, where the folder stays', () => {
    const sync = closedPair();
    bash('chmod -R u+rwx . && rm -r 0555/* 0500/* && chmod 0555 0555 . && chmod 0500 0500', sync.source, {uid: NOBODY});
    applied(sync);
    arrived(sync, JUDGED);
  });

  it('are opened by a change of mode that comes with it', () => {
    const sync = closedPair();
    bash('chmod 0700 0555; chmod 0711 0500; chmod 0755 .', sync.source, {uid: NOBODY});
    applied(sync);
    arrived(sync, JUDGED);
  });

  it('stay open where a killed run has left them so, and the source has them so', () => {
    const sync = userPair(temp());
    const {source, target, cli} = sync;
    bash('mkdir folder; echo x >folder/file; chmod 0755 folder; touch -d @1 folder/file folder .', source, {uid: NOBODY});
    bash(
      `cp -a ../source/. .
      run=.dirsync/tmp/20260101T000000000Z-000000; mkdir -p -m 0700 $run
      echo '{"opened":{"path":"folder","mode":365}}' >$run/traces-0; touch -d @1 .`,
      target,
      {uid: NOBODY},
    );
    expect(dirsync(['apply', source, target, '--yes'], cli).code).to.equal(0);
    expect(differences(source, target, JUDGED)).to.deep.equal([]);
    expect(fs.existsSync(path.join(target, '.dirsync/tmp'))).to.equal(false);
  });

  it('that a killed run has left open are no drift of the plan that it was carrying out, and are closed', () => {
    const sync = userPair(temp());
    const {source, target, cli} = sync;
    const plan = path.join(path.dirname(target), 'plan');
    bash('mkdir folder; echo x >folder/file; touch -d @1 folder/file; cp -a folder ../target', source, {uid: NOBODY});
    bash('chmod 0555 folder', target, {uid: NOBODY});
    bash('echo new >folder/added; chmod 0555 folder', source, {uid: NOBODY});
    expect(dirsync(['plan', source, target, '--out', plan], cli).code).to.equal(0);
    bash(
      `chmod 0755 folder; run=.dirsync/tmp/20260101T000000000Z-000000; mkdir -p -m 0700 $run
      echo '{"opened":{"path":"folder","mode":365}}' >$run/traces-0`,
      target,
      {uid: NOBODY},
    );
    const {code, stdout} = dirsync(['apply', plan], cli);
    expect({code, stdout}).to.deep.include({code: 0});
    expect(differences(source, target, JUDGED)).to.deep.equal([]);
    expect(fs.statSync(path.join(target, 'folder')).mode & 0o777).to.equal(0o555);
  });

  const FILES = 3000;
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`${signal} in the middle: the next apply puts everything right`, async () => {
      const sync = closedPair(FILES);
      const {source, target, cli} = sync;
      const mode = (folder: string) => (fs.statSync(path.join(target, folder)).mode & 0o7777).toString(8);
      let interrupted = 0;
      for (const wait of [0, 15, 40, 100, 200]) {
        const before = changed(target);
        const running = startDirsync(['apply', source, target, '--yes', '--allow', 'too-many-deletes'], cli);
        await running.until(() => changed(target) > before).catch(() => {});
        await delay(wait);
        const {code} = await running.kill(signal);
        if (code === 0) break;
        interrupted++;
        if (signal === 'SIGINT') {
          expect(code).to.equal(130);
          expect([mode('0555'), mode('0500')], 'closed again').to.deep.equal(['555', '500']);
        }
      }
      expect(interrupted, 'times interrupted').to.be.greaterThan(0);
      applied(sync);
      expect(differences(source, target, JUDGED)).to.deep.equal([]);
      nothingLeft(sync);
      expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing but the id and the journals').to.have.members([
        'abilities.json',
        'id.json',
        'last.manifest',
        'runs',
      ]);
    });
  }

  /** How many files, of some that are looked at, are no longer what they were. */
  function changed(target: string): number {
    const samples = Array.from({length: FILES / 100}, (_, i) => [`0555/many-${i * 100}`, `0500/many-${i * 100}`]).flat();
    return samples.filter((at) => fs.readFileSync(path.join(target, at), 'utf8').startsWith('wanted')).length;
  }

  it('the root itself, which an apply closed, is no hindrance to the next', () => {
    const sync = userPair(temp());
    bash('echo one >file; chmod 0555 .', sync.source, {uid: NOBODY});
    applied(sync);
    arrived(sync, JUDGED);
    bash('chmod 0755 .; echo another >file; echo new >added; chmod 0555 .', sync.source, {uid: NOBODY});
    applied(sync);
    arrived(sync, JUDGED);
  });
});
