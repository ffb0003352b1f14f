/** Real trees on real file systems, compared by both judges: `npm run test:trees`. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {differences, needFidelityTools, sparseDifference, treeFigures} from '../support/fidelity.js';
import {cannotMount, FILESYSTEMS, mountedFilesystem} from '../support/filesystems.js';
import {bash, call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';

const MINUTE = 60_000;
const SUITE = 'bookworm';

interface RealTree {
  readonly name: string;
  /** Gives the tree's folder, made in this one if need be, or the reason why there is none. */
  readonly make: (folder: string) => {readonly root: string} | {readonly reason: string};
}

const TREES: readonly RealTree[] = [
  {
    name: 'a Debian root',
    make(folder) {
      if (!has('debootstrap')) return {reason: 'debootstrap is not installed'};
      const mirror = debianMirror();
      if (mirror === undefined) return {reason: `apt knows no mirror of ${SUITE}`};
      const root = path.join(folder, 'debian');
      const args = ['--variant=minbase', SUITE, root, mirror];
      const {status, stdout, stderr} = spawnSync('debootstrap', args, {encoding: 'utf8', timeout: 20 * MINUTE, env: withSbin()});
      return status === 0 ? {root} : {reason: `debootstrap ended with ${status}: ${(stdout + stderr).trim().split('\n').at(-1)}`};
    },
  },
  {
    name: 'the Linux source',
    make(folder) {
      const archive = fs.existsSync('/usr/src')
        ? fs.readdirSync('/usr/src').find((name) => /^linux-source-.*\.tar\.xz$/.test(name))
        : undefined;
      if (archive === undefined) return {reason: "Debian's package linux-source is not installed"};
      const root = path.join(folder, 'linux');
      fs.mkdirSync(root);
      call('tar', ['-xJf', path.join('/usr/src', archive), '-C', root]);
      return {root};
    },
  },
  {
    name: 'node_modules',
    make() {
      return {root: fileURLToPath(new URL('../../../node_modules', import.meta.url))};
    },
  },
];

function withSbin(): NodeJS.ProcessEnv {
  return {...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`};
}

/** Where this machine gets its packages from. */
function debianMirror(): string | undefined {
  if (!has('apt-get')) return undefined;
  const lines = bash(`apt-get indextargets --format '$(CODENAME) $(SITE)' 'Created-By: Packages' || true`, '/').split('\n');
  return lines
    .map((line) => line.split(' '))
    .find(([codename, site]) => codename === SUITE && site !== undefined && site !== '')?.[1];
}

describe('real trees', function () {
  this.timeout(30 * MINUTE);
  const rows: Record<string, string | number>[] = [];
  const made = new Map<string, ReturnType<RealTree['make']>>();
  let folder = '';

  before(function () {
    const reason = cannotMount();
    if (reason !== undefined) skip(this, reason);
    needFidelityTools(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dirsync-trees-'));
  });

  after(() => {
    if (folder !== '') {
      // debootstrap may have left its /proc mounted.
      for (const at of mountsBelow(folder).reverse()) call('umount', ['-l', '--', at], {env: withSbin()});
      call('rm', ['-rf', '--one-file-system', '--', folder]);
    }
    if (rows.length > 0) console.table(rows);
  });

  function mountsBelow(root: string): string[] {
    const targets = call('findmnt', ['--list', '--noheadings', '--output', 'TARGET']).split('\n');
    return targets.filter((at) => at.startsWith(`${root}/`));
  }

  for (const type of FILESYSTEMS) {
    describe(type, () => {
      const filesystem = mountedFilesystem(type, {mebibytes: 4096});

      for (const {name, make} of TREES) {
        it(name, function () {
          if (!made.has(name)) made.set(name, make(folder));
          const tree = made.get(name) as ReturnType<typeof make>;
          if ('reason' in tree) skip(this, tree.reason);
          const {root: source} = tree;
          const target = filesystem.folder();
          const started = performance.now();
          const apply = dirsync(['apply', source, target, '--yes', '--fsync', 'none'], {timeout: 20 * MINUTE});
          const seconds = ((performance.now() - started) / 1000).toFixed(1);
          expect(apply.code, apply.stderr + apply.stdout.slice(-3000)).to.equal(0);
          const found = differences(source, target, {directoryLinks: type !== 'btrfs'});
          const holes = sparseDifference(source, target);
          const second = dirsync(['plan', source, target, '--detailed-exitcode', '--json'], {timeout: 20 * MINUTE});
          const left = (JSON.parse(second.stdout) as {actions: unknown[]}).actions.length;
          const {paths, linked, attributed, special} = treeFigures(source);
          rows.push({
            tree: name,
            'file system': type,
            paths,
            'with links': linked,
            'with xattrs': attributed,
            'FIFOs, devices': special,
            'apply, s': seconds,
            differences: found.length + holes.length,
            'second plan': left,
          });
          expect([...found, ...holes].slice(0, 50)).to.deep.equal([]);
          expect({code: second.code, left}).to.deep.equal({code: 0, left: 0});
          call('find', [target, '-mindepth', '1', '-delete']);
        });
      }
    });
  }
});
