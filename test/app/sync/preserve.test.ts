import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type Preserving, preservingIn} from '../../../src/app/sync/preserve.js';
import {toByteName} from '../../../src/core/name.js';
import {PRESERVABLE, type Preservable, type Preserved} from '../../../src/core/plan.js';
import {XATTR_NAMESPACES} from '../../../src/core/xattr.js';
import {platform} from '../../../src/platform/choose.js';
import {writeTimeFacts} from '../../../src/state/times.js';
import {skip} from '../../support/skip.js';
import {tempDirs} from '../../support/temp.js';
import {asNobody} from '../../support/user.js';

const NOTHING: Preserved = {
  mode: false,
  owner: false,
  groups: [],
  times: false,
  xattrs: [],
  acls: false,
  symlinks: 'kept',
  hardlinks: false,
  showsLinks: true,
  sparse: false,
  specials: false,
  devices: false,
};

describe('app/sync/preserve', () => {
  const temp = tempDirs();
  let target: string;

  beforeEach(() => {
    target = temp();
    fs.chmodSync(target, 0o755);
  });

  const preserving = (wanted: readonly Preservable[] = PRESERVABLE, at = target) => preservingIn(toByteName(at), wanted);
  const own = () => [...new Set([process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])])];

  describe('with the posix backend', () => {
    before(function () {
      if (!platform().preservesAll) skip(this, 'there is no posix backend');
    });

    it('by root: all that the target has', function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root may all');
      const {preserved, read, fileSystem} = preserving();
      expect(preserved).to.deep.equal({
        mode: true,
        owner: true,
        groups: 'any',
        times: true,
        xattrs: fileSystem.preserves.xattrs,
        acls: fileSystem.preserves.acls,
        symlinks: 'kept',
        hardlinks: true,
        showsLinks: true,
        sparse: true,
        specials: true,
        devices: true,
      });
      expect(read).to.deep.equal({xattrs: XATTR_NAMESPACES, acls: true});
    });

    it('by others: no owner, the groups they are in, no devices, the attributes of users', () => {
      const {preserved, read, fileSystem} = asNobody(() => preserving());
      expect(preserved).to.deep.equal({
        mode: true,
        owner: false,
        groups: own(),
        times: true,
        xattrs: fileSystem.preserves.xattrs.filter((each) => each === 'user'),
        acls: fileSystem.preserves.acls,
        symlinks: 'kept',
        hardlinks: true,
        showsLinks: true,
        sparse: true,
        specials: true,
        devices: false,
      });
      // So that those of the system can be counted.
      expect(read).to.deep.equal({xattrs: XATTR_NAMESPACES, acls: true});
    });

    it('nothing where nothing is wanted, and then no attribute is read', () => {
      for (const {preserved, read} of [preserving([]), asNobody(() => preserving([]))]) {
        expect(preserved).to.deep.equal(NOTHING);
        expect(read).to.deep.equal({xattrs: [], acls: false});
      }
    });

    const one: Record<Preservable, readonly (keyof Preserved)[]> = {
      mode: ['mode'],
      owner: ['owner', 'groups'],
      times: ['times'],
      xattrs: ['xattrs'],
      acls: ['acls'],
      hardlinks: ['hardlinks'],
      sparse: ['sparse'],
      specials: ['specials', 'devices'],
    };
    for (const wanted of PRESERVABLE) {
      it(`${wanted} alone`, () => {
        const [all, {preserved}] = [preserving().preserved, preserving([wanted])];
        const expected = Object.fromEntries(one[wanted].map((key) => [key, all[key]]));
        expect(preserved).to.deep.equal({...NOTHING, ...expected});
      });
    }
  });

  it('with the portable backend: what Node can set', () => {
    const code = `const {preservingIn} = await import(${JSON.stringify(new URL('../../../src/app/sync/preserve.js', import.meta.url).href)});
      const {preserved, read} = preservingIn(${JSON.stringify(toByteName(target))}, ${JSON.stringify(PRESERVABLE)});
      console.log(JSON.stringify({preserved, read}));`;
    const env = {...process.env, DIRSYNC_PLATFORM: 'portable'};
    const {stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', code], {env, encoding: 'utf8'});
    const {preserved, read} = JSON.parse(stdout || JSON.stringify(stderr)) as Pick<Preserving, 'preserved' | 'read'>;
    const isRoot = process.geteuid?.() === 0;
    expect(preserved).to.deep.equal({
      ...NOTHING,
      mode: true,
      owner: isRoot,
      groups: isRoot ? 'any' : own(),
      times: true,
      hardlinks: true,
    });
    expect(read).to.deep.equal({xattrs: [], acls: false});
  });

  describe('the target', () => {
    const facts = {resolution: 100n, range: {}};
    const note = (at: string) => {
      const root = platform().openRoot(toByteName(at));
      writeTimeFacts(platform(), root, facts);
      platform().close(root);
    };

    it('tells how it keeps times', () => {
      expect(preserving().times).to.deep.equal(preserving().fileSystem.times);
      note(target);
      expect(preserving().times).to.deep.equal(facts);
    });

    it('that is missing is like the folder above it, but for what was learnt of that', () => {
      note(target);
      const missing = preserving(PRESERVABLE, path.join(target, 'a/b'));
      expect(missing.fileSystem).to.deep.equal(preserving().fileSystem);
      expect(missing.times).to.deep.equal(missing.fileSystem.times);
    });

    it('below a file is like the folder that holds the file', () => {
      fs.writeFileSync(path.join(target, 'file'), '');
      expect(preserving(PRESERVABLE, path.join(target, 'file/a')).fileSystem).to.deep.equal(preserving().fileSystem);
    });

    it('may have a name that is not UTF-8', () => {
      const name = Buffer.concat([Buffer.from(`${target}/`), Buffer.from([0xff])]);
      fs.mkdirSync(name);
      const found = preservingIn(toByteName(`${target}/\udcff`), PRESERVABLE);
      expect(found.fileSystem).to.deep.equal(preserving().fileSystem);
    });
  });
});
