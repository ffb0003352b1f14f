import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {Abilities} from '../../src/core/abilities.js';
import {CODE, type Stat} from '../../src/core/block.js';
import {type ByteName, fromByteName, toByteName} from '../../src/core/name.js';
import type {TimeFacts} from '../../src/core/times.js';
import {platform} from '../../src/platform/choose.js';
import {type Attributes, type Folder, type Platform, SystemError} from '../../src/platform/platform.js';
import {Views} from '../../src/platform/views.js';
import {learnAbilities, readAbilities} from '../../src/state/abilities.js';
import {readTimeFacts} from '../../src/state/times.js';
import {ABLE} from '../support/plan.js';
import {instead} from '../support/platform.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {asNobody} from '../support/user.js';

const refused = (code: string) => () => {
  throw new SystemError(code, 'refused');
};

type Methods = (real: Platform) => Partial<Platform>;

/** Attributes are set without those that `drop` takes away. */
const setting =
  (drop: (attributes: Attributes, code: number) => Attributes): Methods =>
  (real) => ({
    setAttributes: (folder, name, code, attributes) => real.setAttributes(folder, name, code, drop(attributes, code)),
    setOnFile: (file, attributes) => real.setOnFile(file, drop(attributes, CODE.file)),
  });

/** What is looked at looks otherwise. */
const showing =
  (change: (stat: Stat, name: string) => void): Methods =>
  (real) => ({
    stat(folder, name, stat) {
      const isThere = real.stat(folder, name, stat);
      if (isThere) change(stat, name);
      return isThere;
    },
  });

interface Case {
  readonly methods: Methods;
  readonly found: Partial<Abilities>;
  readonly times?: TimeFacts;
}

/** A file takes what its size says; it is taken from the room that there is, or is not. */
const takingSpace =
  ({isTaken}: {isTaken: boolean}): Methods =>
  (real) => {
    let taken = 0;
    return {
      lengthen(file, size) {
        real.lengthen(file, size);
        if (isTaken) taken += size;
      },
      bytesOnDisk: () => 2 ** 30,
      volume(folder) {
        const volume = real.volume(folder);
        return {...volume, room: {block: 4096, freeForRoot: 0, freeInodes: undefined, free: 2 ** 30 - taken}};
      },
    };
  };

const cases: Record<string, Case> = {
  'modes are set without a word, and not kept': {
    methods: setting(({mode: _, ...attributes}) => attributes),
    found: {mode: false},
  },
  'chmod is not known': {
    methods: setting((attributes) => (attributes.mode === undefined ? attributes : refused('ENOSYS')())),
    found: {mode: false},
  },
  'all files belong to one user': {
    methods: setting(({uid: _, gid: __, ...attributes}) => attributes),
    found: {owner: false},
  },
  'files cannot be given away': {
    methods: setting((attributes, code) =>
      attributes.uid === undefined || code === CODE.symlink ? attributes : refused('EPERM')(),
    ),
    found: {owner: false},
  },
  'a time is set with the access time alone': {
    methods: setting(({mtime, ...attributes}) => (attributes.withAccess ? {...attributes, mtime} : attributes)),
    found: {times: 'with-access'},
  },
  'a time is lost when the file is closed or renamed': {
    methods: (real) => ({setOnFile: (file, {mtime: _, ...attributes}) => real.setOnFile(file, attributes)}),
    found: {times: 'placed'},
  },
  'no time is kept': {
    methods: setting(({mtime: _, ...attributes}) => attributes),
    found: {times: 'none', symlinks: 'bare'},
  },
  'times are kept to two seconds': {
    methods: showing((stat) => {
      stat.seconds -= stat.seconds % 2;
      stat.nanoseconds = 0;
    }),
    found: {},
    times: {resolution: 2_000_000_000n, range: {}},
  },
  'there are no symbolic links': {methods: () => ({makeSymlink: refused('ENOSYS')}), found: {symlinks: 'none'}},
  'what is set on a symbolic link is set on what it leads to': {
    methods: setting((attributes, code) => (code === CODE.symlink ? refused('ENOENT')() : attributes)),
    found: {symlinks: 'bare'},
  },
  'there are no hard links': {methods: () => ({makeLink: refused('EPERM')}), found: {hardlinks: 'none'}},
  'two names show two inodes': {
    methods: showing((stat, name) => {
      stat.inodeLow += name.length + (name === 'other' ? 1 : 0);
    }),
    found: {hardlinks: 'hidden'},
  },
  'some characters and endings are refused': {
    methods: (real) => ({
      writeFile(folder, name, content) {
        if (['\u0001', ':', '?'].some((letter) => name.includes(letter)) || name.endsWith('.'))
          throw new SystemError('EINVAL', 'openat');
        real.writeFile(folder, name, content);
      },
    }),
    found: {names: {refused: '\u0001:?', ends: '.', letters: 'bytes'}},
  },
  'names of Unicode alone': {
    methods: (real) => ({
      writeFile: (folder, name, content) => (name.includes('\xff') ? refused('EILSEQ')() : real.writeFile(folder, name, content)),
    }),
    found: {names: {refused: '', ends: '', letters: 'unicode'}},
  },
  'names of so many units of UTF-16': {
    methods: (real) => ({
      writeFile(folder, name, content) {
        if (fromByteName(name).length > 143) throw new SystemError('ENAMETOOLONG', 'openat');
        if (!name.startsWith('\xc3\xa9\xc3')) real.writeFile(folder, name, content);
      },
      names: (folder) => [...real.names(folder), toByteName('\u00e9'.repeat(143))],
    }),
    found: {longestName: {length: 143, of: 'units'}},
  },
  'names of ASCII alone': {
    methods: (real) => ({
      writeFile: (folder, name, content) =>
        /[^\0-\x7f]/.test(name) ? refused('EPERM')() : real.writeFile(folder, name, content),
    }),
    found: {names: {refused: '', ends: '', letters: 'ascii'}},
  },
  'a name is taken and another is shown': {
    methods: (real) => ({names: (folder) => real.names(folder).map((name) => name.replace('*', '_') as ByteName)}),
    found: {names: {refused: '*', ends: '', letters: 'bytes'}},
  },
  'a hole takes space': {methods: takingSpace({isTaken: true}), found: {holes: false}},
  'a hole is told to take space, and does not': {methods: takingSpace({isTaken: false}), found: {}},
  'no file is made longer than what is written to it': {methods: () => ({lengthen: refused('EPERM')}), found: {holes: false}},
  'there are no FIFOs': {methods: () => ({makeNode: refused('EIO')}), found: {specials: false}},
};

describe('state/abilities', () => {
  const temp = tempDirs();
  let target: string;
  let root: Folder;
  before(function () {
    if (!platform().preservesAll) skip(this, 'there is no posix backend');
    if (process.geteuid?.() !== 0) skip(this, 'only root may give files away');
  });
  beforeEach(() => {
    target = temp();
    root = platform().openRoot(toByteName(target));
  });
  afterEach(() => platform().close(root));

  const note = () => path.join(target, '.dirsync/abilities.json');

  it('finds and notes that the target can hold everything, and leaves nothing else', () => {
    expect(readAbilities(platform(), root)).to.equal(undefined);
    expect(learnAbilities(platform(), root)).to.deep.equal({abilities: ABLE, times: undefined});
    expect(readAbilities(platform(), root)).to.deep.equal(ABLE);
    expect(fs.readdirSync(path.dirname(note()))).to.deep.equal(['abilities.json']);
    expect(learnAbilities(platform(), root), 'once is enough').to.equal(undefined);
    const noFifos = instead(platform(), {makeNode: refused('EPERM')});
    expect(learnAbilities(noFifos, root, true)?.abilities).to.deep.equal({...ABLE, specials: false});
    expect(readAbilities(platform(), root)).to.deep.equal({...ABLE, specials: false});
  });

  for (const [title, {methods, found, times}] of Object.entries(cases)) {
    it(title, () => {
      const tried = learnAbilities(instead(platform(), methods(platform())), root);
      expect(tried).to.deep.equal({abilities: {...ABLE, ...found}, times});
      expect(readAbilities(platform(), root)).to.deep.equal({...ABLE, ...found});
      const noted = times === undefined ? ['abilities.json'] : ['abilities.json', 'times.json'];
      expect(fs.readdirSync(path.dirname(note()))).to.deep.equal(noted);
    });
  }

  it('tries names without escapes, even if refused names are escaped', () => {
    const refusing = cases['some characters and endings are refused'] as Case;
    const views = new Views(instead(platform(), refusing.methods(platform())));
    const escaped = {refused: '\u0001:?', ends: '.', letters: 'bytes'} as const;
    views.show(root, {names: escaped});
    expect(learnAbilities(views, root)?.abilities.names).to.deep.equal(escaped);
    views.show(root, {});
  });

  it('is tried again after a different mount, but not on a full disk', () => {
    learnAbilities(platform(), root);
    const other = instead(platform(), {fileSystem: (folder) => ({...platform().fileSystem(folder), mounted: 'fuse.x 12'})});
    expect(readAbilities(other, root)).to.equal(undefined);
    const full = instead(other, {makeLink: refused('ENOSPC')});
    expect(() => learnAbilities(full, root)).to.throw('ENOSPC');
    expect(readAbilities(platform(), root), 'the old note stays').to.deep.equal(ABLE);
    expect(fs.readdirSync(path.dirname(note()))).to.deep.equal(['abilities.json']);
    expect(learnAbilities(other, root)?.abilities).to.deep.equal(ABLE);
  });

  it('a user other than root tries to give a file to one of its groups', () => {
    fs.chmodSync(target, 0o777);
    const byNobody = (groups: readonly number[], act: () => void) => {
      const before = process.getgroups?.() ?? [];
      process.setgroups?.([...groups]);
      try {
        asNobody(act);
      } finally {
        process.setgroups?.(before);
      }
    };
    const refusing = instead(
      platform(),
      setting((attributes) => (attributes.gid === undefined ? attributes : refused('EPERM')()))(platform()),
    );
    byNobody([12_345], () => {
      expect(learnAbilities(platform(), root)?.abilities.owner).to.equal(true);
      expect(learnAbilities(refusing, root, true)?.abilities.owner).to.equal(false);
    });
  });
  for (const method of ['setAttributes', 'setOnFile', 'makeSymlink', 'makeLink', 'makeNode', 'names'] as const) {
    it(`is not known if the connection breaks in ${method}, and tried again`, () => {
      expect(learnAbilities(instead(platform(), {[method]: refused('ETIMEDOUT')}), root)).to.equal(undefined);
      expect(readAbilities(platform(), root)).to.equal(undefined);
      expect(fs.readdirSync(path.dirname(note()))).to.deep.equal([]);
      expect(learnAbilities(platform(), root)?.abilities).to.deep.equal(ABLE);
    });
  }

  it('how times are kept is noted before the rest, so that a run killed in between leaves nothing half known', () => {
    const [coarse] = Object.values(cases).filter(({times}) => times !== undefined) as [Case];
    const killed = instead(platform(), {
      ...coarse.methods(platform()),
      move(options) {
        if (options.as === 'abilities.json') throw new Error('killed');
        platform().move(options);
      },
    });
    expect(() => learnAbilities(killed, root)).to.throw('killed');
    expect(readTimeFacts(platform(), root)).to.deep.equal(coarse.times);
    expect(readAbilities(platform(), root)).to.equal(undefined);
    expect(learnAbilities(platform(), root)).to.deep.equal({abilities: ABLE, times: undefined});
    expect(readTimeFacts(platform(), root), 'what was learnt in another way is forgotten').to.equal(undefined);
  });

  it('knows nothing if the mount is not known', () => {
    const other = instead(platform(), {fileSystem: (folder) => ({...platform().fileSystem(folder), mounted: undefined})});
    expect(learnAbilities(other, root)).to.equal(undefined);
    expect(fs.existsSync(note())).to.equal(false);
  });

  for (const [title, change] of Object.entries<(known: Record<string, unknown>) => unknown>({
    'a word that is none': (known) => ({...known, symlinks: 'some'}),
    'a fact is missing': ({owner: _, ...known}) => known,
    'the longest name is missing, as in older notes': ({longestName: _, ...known}) => known,
    'a longest name of nothing': (known) => ({...known, longestName: {length: 0, of: 'bytes'}}),
    'a number for yes': (known) => ({...known, mode: 1}),
    'a list': () => [],
    nothing: () => null,
  })) {
    it(`ignores an invalid note: ${title}`, () => {
      learnAbilities(platform(), root);
      fs.writeFileSync(note(), JSON.stringify(change(JSON.parse(fs.readFileSync(note(), 'utf8')))));
      expect(readAbilities(platform(), root)).to.equal(undefined);
      expect(learnAbilities(platform(), root)?.abilities).to.deep.equal(ABLE);
    });
  }
});
