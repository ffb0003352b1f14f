import {createHash} from 'node:crypto';
import {expect} from 'chai';
import {attributesOf, isMade, isOfXattrs, setsAccess} from '../../src/apply/attributes.js';
import {SourceError, type World} from '../../src/apply/check.js';
import type {Step} from '../../src/apply/step.js';
import type {Abilities} from '../../src/core/abilities.js';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import type {PlanOptions} from '../../src/core/plan.js';
import {TimeLearner} from '../../src/core/times.js';
import {ACL_ACCESS, digestValue, UNREADABLE_XATTR} from '../../src/core/xattr.js';
import {SystemError} from '../../src/platform/platform.js';
import {ABLE, act, file, folder, header, NOON, symlink} from '../support/plan.js';

interface Given {
  readonly policy?: Partial<PlanOptions>;
  readonly abilities?: Abilities;
  readonly takesXattrs?: boolean;
  /** The volume on which a path lies; that of the root by default. */
  readonly volume?: string;
  /** What the source has as the value of each attribute. */
  readonly inSource?: string | undefined;
}

const task = (action: Action, {policy, abilities, takesXattrs, volume = 'root', inSource}: Given = {}): Step => {
  const world = {
    policy: {...header.options, owner: true, groups: 'any', ...policy},
    abilities,
    target: {volumeAt: () => volume, rootVolume: 'root'},
    source: {find: () => ({folder: {}, name: 'a'})},
    platform: {xattr: () => (inSource === undefined ? undefined : Buffer.from(inSource))},
  } as unknown as World;
  return {action, world, umask: 0o027, learner: new TimeLearner(), ...(takesXattrs !== undefined && {takesXattrs})} as Step;
};

const attrs = (before = file(), after = file()): Action => ({
  kind: 'attrs',
  path: 'a' as RelPath,
  reasons: ['mode'],
  before,
  after,
});
const set = (action: Action, given: Given = {}, isNew = action.before === undefined) =>
  attributesOf(task(action, given), {isNew});

describe('apply/attributes', () => {
  it('sets all that is kept, and nothing that is not', () => {
    const made = act.create('a', file(0, {mode: 0o4755, uid: 7, gid: 8}));
    expect(set(made)).to.include({mode: 0o4755, uid: 7, gid: 8, mtime: NOON});
    const none: Given = {policy: {mode: true, owner: false, groups: [9], times: false}};
    expect(set(made, none)).to.include({mode: 0o4755, uid: undefined, gid: undefined, mtime: undefined});
    expect(set(made, {policy: {owner: false, groups: [8]}})).to.include({uid: undefined, gid: 8});
  });

  it('sets nothing on a link if it would be set on its target', () => {
    expect(set(act.create('a', symlink('x')), {policy: {symlinks: 'bare'}})).to.deep.equal({});
    expect(set(act.create('a', symlink('x')))).to.include({mode: undefined, mtime: NOON});
  });

  describe('if modes are not preserved', () => {
    const policy = {mode: false};

    it('new entries get the usual mode of new files', () => {
      expect(set(act.create('a', file(0, {mode: 0o4777})), {policy}).mode).to.equal(0o750);
      expect(set(act.mkdir('a'), {policy}).mode).to.equal(0o750);
      const replaced: Action = {kind: 'replace', path: 'a' as RelPath, reasons: ['kind'], before: folder(), after: file()};
      expect(set(replaced, {policy}).mode).to.equal(0o640);
    });

    it('existing entries keep their mode', () => {
      expect(set(act.update('a', file(0, {mode: 0o600}), file(1, {mode: 0o777})), {policy}).mode).to.equal(0o600);
      expect(set(attrs(folder({mode: 0o700}), folder()), {policy}).mode).to.equal(undefined);
    });
  });

  it('sets no modes if there are none, except on a disk that is mounted in the target', () => {
    const abilities = {...ABLE, mode: false};
    expect(set(act.create('a'), {abilities}).mode).to.equal(undefined);
    expect(set(act.create('a'), {abilities, volume: 'other'}).mode).to.equal(0o644);
  });

  it('distinguishes entries of a different kind than before', () => {
    expect([act.create('a'), attrs(), attrs(folder(), file()), act.delete('a')].map(isMade)).to.deep.equal([
      true,
      false,
      true,
      true,
    ]);
  });

  it('sets an access time if a modification time is not kept without it', () => {
    const times = (['open', 'with-access', 'placed', 'none'] as const).map((times) => setsAccess({...ABLE, times}));
    expect([setsAccess(undefined), ...times]).to.deep.equal([false, false, true, true, true]);
    expect(set(act.create('a'), {abilities: {...ABLE, times: 'placed'}}).withAccess).to.equal(true);
  });

  it('learns from times that show something new, if times are preserved', () => {
    const odd = act.create('a', file(0, {mtime: NOON + 1n}));
    const of = task(odd);
    const {readBack} = attributesOf(of, {isNew: true});
    readBack?.(NOON);
    expect(of.learner.facts()).to.not.equal(undefined);
    expect(set(act.create('a', file(0, {mtime: 0n}))).readBack).to.be.a('function');
    expect(set(act.create('a', file(0, {mtime: NOON}))).readBack).to.equal(undefined);
    expect(set(odd, {policy: {times: false}}).readBack).to.equal(undefined);
  });

  describe('extended attributes', () => {
    const having = (xattrs: Record<string, string>) => act.create('a', file(0, {xattrs}));
    const values = (action: Action, given: Given = {}, isNew?: boolean) =>
      set(action, given, isNew).xattrs?.values.map(([name, value]) => [name, Buffer.from(value).toString()]);
    const X = {'user.x': Buffer.from('one').toString('base64')};

    it('are set if there are any, and on entries that may have had others', () => {
      expect(values(having(X))).to.deep.equal([['user.x', 'one']]);
      expect(set(having({})).xattrs).to.equal(undefined);
      expect(values(having({}), {}, false)).to.deep.equal([]);
    });

    it('are set only as far as they are kept, and the target takes them', () => {
      const all = {...X, 'trusted.y': '', [ACL_ACCESS]: ''};
      const kept = (policy: Partial<PlanOptions>) => values(having(all), {policy})?.map(([name]) => name);
      expect(kept({xattrs: ['user'], acls: false})).to.deep.equal(['user.x']);
      expect(kept({xattrs: [], acls: true})).to.deep.equal([ACL_ACCESS]);
      expect(kept({xattrs: [], acls: false})).to.equal(undefined);
      expect(set(having(X), {takesXattrs: false}).xattrs).to.equal(undefined);
    });

    it('that are long are read again, and must be those of the plan', () => {
      const long = {'user.x': digestValue(createHash('sha256').update('long').digest('hex'))};
      expect(values(having(long), {inSource: 'long'})).to.deep.equal([['user.x', 'long']]);
      for (const inSource of ['other', undefined]) {
        expect(() => values(having(long), {inSource}))
          .to.throw(SourceError)
          .with.property('code', 'ESTALE');
      }
    });

    it('that could not be read are the refusal of the source', () => {
      expect(() => values(having({'user.x': UNREADABLE_XATTR})))
        .to.throw(SourceError)
        .with.property('code', 'EACCES');
    });

    it('distinguishes a refusal of the target from other errors', () => {
      const refusals = [
        new SystemError('ENOSPC', 'fsetxattr'),
        new SystemError('EOPNOTSUPP', 'setxattr'),
        new SystemError('EIO', 'fsetxattr'),
        new SystemError('ENOSPC', 'write'),
        new SystemError('EPERM', 'getxattr'),
        new Error('setxattr'),
      ];
      expect(refusals.map(isOfXattrs)).to.deep.equal([true, true, false, false, false, false]);
    });
  });
});
