import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {Action, ActionKind} from '../../src/core/action.js';
import {CODE} from '../../src/core/block.js';
import type {WaveStep} from '../../src/plan/waves.js';
import {type MoveOptions, type Platform, SystemError} from '../../src/platform/platform.js';
import {steppedClock} from '../support/clock.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {ABLE} from '../support/plan.js';
import {instead} from '../support/platform.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, dir, file, hardlink, holdings, readTree, symlink, type Tree, writeTree} from '../support/tree.js';
import {type ActionOptions, BACKENDS, type OneWorker, type PerformOptions, workers} from '../support/worker.js';

/** Copied in more than one piece, with another look at the source. */
const LONG = 'x'.repeat(2 * 1024 * 1024);
const NEW = file('newer', {mtime: DEFAULT_MTIME + 1_000_000_000n});

type Change = (trees: {readonly source: string; readonly target: string}) => void;

interface Case extends ActionOptions, Pick<PerformOptions, 'approach'> {
  readonly title: string;
  readonly step: WaveStep;
  readonly kind: ActionKind;
  /** `a` unless said otherwise. */
  readonly path?: string;
  readonly source: Tree;
  readonly target: Tree;
  readonly change?: Change;
  readonly result: string;
  /** What the target is in the end, but for times; as it was before the step where nothing is said. */
  readonly leaves?: Tree;
}

const inTarget =
  (act: (target: string) => void): Change =>
  ({target}) =>
    act(target);
const inSource =
  (act: (source: string) => void): Change =>
  ({source}) =>
    act(source);
const writes = (name: string, text: string) => (root: string) => fs.writeFileSync(path.join(root, name), text);
const removes = (name: string) => (root: string) => fs.rmSync(path.join(root, name), {recursive: true});
const away = (name: string) => (root: string) => fs.renameSync(path.join(root, name), `${root}-away`);

const cases: Case[] = [
  {title: 'makes a folder', step: 'folders', kind: 'mkdir', source: {a: {}}, target: {}, result: 'done', leaves: {a: {}}},
  {
    title: 'finds a folder there',
    step: 'folders',
    kind: 'mkdir',
    source: {a: {}},
    target: {},
    change: inTarget((target) => fs.mkdirSync(path.join(target, 'a'))),
    result: 'already-done',
  },
  {
    title: 'makes no folder where a file has come',
    step: 'folders',
    kind: 'mkdir',
    source: {a: {}},
    target: {},
    change: inTarget(writes('a', 'mine')),
    result: 'skipped: drift of the target',
  },
  {
    title: 'makes no folder that is gone from the source',
    step: 'folders',
    kind: 'mkdir',
    source: {a: {}},
    target: {},
    change: inSource(removes('a')),
    result: 'skipped: drift of the source',
  },
  {
    title: 'puts no folder in the place of a file that was edited',
    step: 'folders',
    kind: 'replace',
    source: {a: {}},
    target: {a: 'old'},
    change: inTarget(writes('a', 'mine')),
    result: 'skipped: drift of the target',
  },
  {title: 'writes a new file', step: 'writes', kind: 'create', source: {a: NEW}, target: {}, result: 'done', leaves: {a: NEW}},
  {
    title: 'writes a symlink',
    step: 'writes',
    kind: 'create',
    source: {a: symlink('there')},
    target: {},
    result: 'done',
    leaves: {a: symlink('there')},
  },
  {
    title: 'writes a file over the old one',
    step: 'writes',
    kind: 'update',
    source: {a: NEW},
    target: {a: 'old'},
    result: 'done',
    leaves: {a: NEW},
  },
  {
    title: 'puts a symlink in the place of a file',
    step: 'writes',
    kind: 'replace',
    source: {a: symlink('there')},
    target: {a: 'old'},
    result: 'done',
    leaves: {a: symlink('there')},
  },
  ...(['saved', 'fresh'] as const).map(
    (approach): Case => ({
      title: `writes no new file over one that has come, of a ${approach} plan`,
      step: 'writes',
      kind: 'create',
      source: {a: NEW},
      target: {},
      approach,
      change: inTarget(writes('a', 'mine')),
      result: 'skipped: drift of the target',
    }),
  ),
  {
    title: 'writes no new file where a symlink has come, nor through it',
    step: 'writes',
    kind: 'create',
    source: {a: NEW},
    target: {other: 'other'},
    approach: 'fresh',
    change: inTarget((target) => fs.symlinkSync('other', path.join(target, 'a'))),
    result: 'skipped: drift of the target',
  },
  {
    title: 'finds the new file there',
    step: 'writes',
    kind: 'create',
    source: {a: NEW},
    target: {},
    approach: 'fresh',
    change: inTarget((target) => writeTree(target, {a: NEW})),
    result: 'already-done',
  },
  {
    title: 'does not write over a file that was edited',
    step: 'writes',
    kind: 'update',
    source: {a: NEW},
    target: {a: 'old'},
    approach: 'fresh',
    change: inTarget(writes('a', 'mine')),
    result: 'skipped: drift of the target',
  },
  {
    title: 'does not write what was approved as another',
    step: 'writes',
    kind: 'update',
    source: {a: NEW},
    target: {a: 'old'},
    change: inSource(writes('a', 'the newest')),
    result: 'skipped: drift of the source',
  },
  {
    title: 'writes what nobody approved as it is by now',
    step: 'writes',
    kind: 'update',
    source: {a: NEW},
    target: {a: 'old'},
    approach: 'fresh',
    change: inSource((source) => {
      fs.rmSync(path.join(source, 'a'));
      writeTree(source, {a: file('the newest', {mtime: DEFAULT_MTIME})});
    }),
    result: 'done',
    leaves: {a: 'the newest'},
  },
  {
    title: 'keeps the old file of one that is gone',
    step: 'writes',
    kind: 'update',
    source: {a: NEW},
    target: {a: 'old'},
    approach: 'fresh',
    change: inSource(removes('a')),
    result: 'failed: VANISHED',
  },
  {
    title: 'gives a file its further name',
    step: 'links',
    kind: 'link',
    path: 'b',
    leader: 'a',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'same', b: 'old'},
    result: 'done',
    leaves: {a: 'same', b: hardlink('a')},
  },
  {
    title: 'gives no further name to a file of another size than the source’s',
    step: 'links',
    kind: 'link',
    path: 'b',
    leader: 'a',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'another', b: 'old'},
    result: 'failed: DEPENDS',
  },
  {
    title: 'gives no further name to what is not there',
    step: 'links',
    kind: 'link',
    path: 'b',
    leader: 'a',
    source: {a: 'same', b: hardlink('a')},
    target: {b: 'old'},
    result: 'failed: DEPENDS',
  },
  {
    title: 'gives no further name in the place of a file that was edited',
    step: 'links',
    kind: 'link',
    path: 'b',
    leader: 'a',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'same', b: 'old'},
    change: inTarget(writes('b', 'mine')),
    result: 'skipped: drift of the target',
  },
  {title: 'deletes a file', step: 'deletes', kind: 'delete', source: {}, target: {a: 'old'}, result: 'done', leaves: {}},
  {
    title: 'deletes a symlink, not what it points to',
    step: 'deletes',
    kind: 'delete',
    source: {b: 'b'},
    target: {a: symlink('b'), b: 'b'},
    result: 'done',
    leaves: {b: 'b'},
  },
  {
    title: 'deletes no file that was edited',
    step: 'deletes',
    kind: 'delete',
    source: {},
    target: {a: 'old'},
    change: inTarget(writes('a', 'mine')),
    result: 'skipped: drift of the target',
  },
  {
    title: 'deletes no file that is back in the source',
    step: 'deletes',
    kind: 'delete',
    source: {},
    target: {a: 'old'},
    change: inSource(writes('a', 'back')),
    result: 'skipped: drift of the source',
  },
  {title: 'removes an empty folder', step: 'emptied', kind: 'rmdir', source: {}, target: {a: {}}, result: 'done', leaves: {}},
  {
    title: 'removes no folder with something in it',
    step: 'emptied',
    kind: 'rmdir',
    source: {},
    target: {a: {mine: 'mine'}},
    result: 'failed: NOT_EMPTY',
  },
  {
    title: 'sets what is known of a file',
    step: 'attrs',
    kind: 'attrs',
    source: {a: file('same', {mode: 0o600})},
    target: {a: 'same'},
    result: 'done',
    leaves: {a: file('same', {mode: 0o600})},
  },
  {
    title: 'sets nothing on a file that was edited',
    step: 'attrs',
    kind: 'attrs',
    source: {a: file('same', {mode: 0o600})},
    target: {a: 'same'},
    change: inTarget(writes('a', 'mine')),
    result: 'skipped: drift of the target',
  },
  {
    title: 'sets what is known of a folder in the end',
    step: 'settle',
    kind: 'attrs',
    source: {a: dir({}, {mode: 0o700})},
    target: {a: {b: ''}},
    result: 'done',
    leaves: {a: dir({b: ''}, {mode: 0o700})},
  },
  {
    title: 'sets nothing on a file that stands where a folder was made',
    step: 'settle',
    kind: 'mkdir',
    source: {a: {}},
    target: {},
    change: inTarget(writes('a', 'mine')),
    result: 'skipped: drift of the target',
  },
];

/** What may happen in the target while the file `d/a` is copied: none of it may be lost. */
const duringCopy: {title: string; target: Tree; kind: ActionKind; change: Change; leaves: Tree}[] = [
  {
    title: 'the old file is edited',
    kind: 'update',
    target: {d: {a: 'old'}},
    change: inTarget(writes('d/a', 'mine')),
    leaves: {d: {a: 'mine'}},
  },
  {
    title: 'another file takes the place of the old one',
    kind: 'update',
    target: {d: {a: 'old'}},
    change: inTarget((target) => {
      writes('d/b', 'mine')(target);
      fs.renameSync(path.join(target, 'd/b'), path.join(target, 'd/a'));
    }),
    leaves: {d: {a: 'mine'}},
  },
  {
    title: 'the old file is closed to others',
    kind: 'update',
    target: {d: {a: 'old'}},
    change: inTarget((target) => fs.chmodSync(path.join(target, 'd/a'), 0o600)),
    leaves: {d: {a: file('old', {mode: 0o600})}},
  },
  {
    title: 'the old file is deleted',
    kind: 'update',
    target: {d: {a: 'old'}},
    change: inTarget(removes('d/a')),
    leaves: {d: {}},
  },
  {
    title: 'the old file gives way to a folder',
    kind: 'update',
    target: {d: {a: 'old'}},
    change: inTarget((target) => {
      fs.rmSync(path.join(target, 'd/a'));
      writeTree(path.join(target, 'd/a'), {mine: 'mine'});
    }),
    leaves: {d: {a: {mine: 'mine'}}},
  },
  {
    title: 'the old symlink is pointed elsewhere',
    kind: 'replace',
    target: {d: {a: symlink('there')}},
    change: inTarget((target) => {
      fs.rmSync(path.join(target, 'd/a'));
      fs.symlinkSync('mine', path.join(target, 'd/a'));
    }),
    leaves: {d: {a: symlink('mine')}},
  },
  {
    title: 'a file comes to the place of a new one',
    kind: 'create',
    target: {d: {}},
    change: inTarget(writes('d/a', 'mine')),
    leaves: {d: {a: 'mine'}},
  },
];

/** A platform that does this before it answers what is asked of the source's root. */
function watched(inner: Platform, act: () => void): Platform {
  let source: unknown;
  return new Proxy(inner, {
    get(_, key: keyof Platform) {
      const value: unknown = inner[key];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (args[0] === source) act();
        const answer = Reflect.apply(value, inner, args);
        if (key === 'openRoot' && String(args[0]).endsWith('/source')) source = answer;
        return answer;
      };
    },
  });
}

for (const [name, make] of Object.entries(BACKENDS)) {
  describe(`apply/perform, ${name}`, () => {
    const mount = mounts();
    const temp = tempDirs();
    const worker = workers(temp);
    let platform: Platform;

    before(function () {
      if (name === 'posix' && process.platform !== 'linux') skip(this, 'the posix backend runs on Linux');
      platform = make();
    });

    /** As `holdings` shows it. */
    function held(tree: Tree): Record<string, string> {
      const root = temp();
      writeTree(root, tree);
      return holdings(root);
    }

    function leftNothing({litter}: OneWorker): void {
      expect(litter, 'nothing half done is left in staging').to.deep.equal([]);
    }

    for (const {title, step, kind, path: at = 'a', source, target, change, result, leaves, ...options} of cases) {
      it(title, () => {
        const hands = worker(platform, {source, target});
        const action = hands.plan(kind, at, options);
        change?.(hands);
        const before = holdings(hands.target);
        expect(hands.perform(step, action, options)).to.equal(result);
        expect(holdings(hands.target)).to.deep.equal(leaves === undefined ? before : held(leaves));
        leftNothing(hands);
      });
    }

    it('written entries have the times of the source', () => {
      const hands = worker(platform, {source: {a: NEW, b: file('b', {mtime: 1n})}, target: {a: 'old'}});
      hands.perform('writes', hands.plan('update', 'a'));
      hands.perform('writes', hands.plan('create', 'b'));
      for (const at of ['a', 'b']) {
        const [is, was] = [hands.target, hands.source].map((root) => fs.statSync(path.join(root, at), {bigint: true}).mtimeNs);
        const off = Number((is as bigint) - (was as bigint));
        expect(Math.abs(off)).to.be.below(Number(platform.timeResolution));
      }
    });

    describe('while a file is copied', () => {
      const clock = steppedClock();

      /** Does the step, and this when the first bytes are copied. */
      function meanwhile(act: () => void, hands: OneWorker, kind: ActionKind, options: PerformOptions = {}): string {
        let isDone = false;
        const onBytes = () => {
          clock.pass(1000);
          if (!isDone) act();
          isDone = true;
        };
        const result = hands.perform('writes', hands.plan(kind, 'd/a'), {...options, onBytes});
        expect(isDone).to.equal(true);
        leftNothing(hands);
        return result;
      }

      for (const [size, content] of Object.entries({small: 'newer', large: LONG})) {
        for (const {title, kind, target, change, leaves} of duringCopy) {
          it(`does not replace the target when ${title}, a ${size} one`, () => {
            const hands = worker(platform, {source: {d: {a: content}}, target});
            expect(meanwhile(() => change(hands), hands, kind)).to.equal('skipped: drift of the target');
            expect(holdings(hands.target)).to.deep.equal(held(leaves));
          });
        }
      }

      const trees = {source: {d: {a: LONG}}, target: {d: {a: 'old'}}};

      it('writes nothing into its folder when that is moved away', () => {
        const hands = worker(platform, trees);
        expect(meanwhile(() => away('d')(hands.target), hands, 'update')).to.equal('skipped: drift of the target');
        expect(fs.readFileSync(`${hands.target}-away/a`, 'utf8')).to.equal('old');
      });

      for (const [approach, result] of [
        ['approved', 'skipped: drift of the source'],
        ['fresh', 'failed: VANISHED'],
      ] as const) {
        it(`does not copy a file that is moved out of the source, of a plan that is ${approach}`, () => {
          const hands = worker(platform, trees);
          const before = holdings(hands.target);
          expect(meanwhile(() => away('d')(hands.source), hands, 'update', {approach})).to.equal(result);
          expect(holdings(hands.target)).to.deep.equal(before);
        });
      }
    });

    describe('in the place of a folder', () => {
      const written = {step: 'writes', kind: 'replace', target: {}} as const;
      const replacements: Record<string, {step: WaveStep; kind: ActionKind; leaf: Tree[string]; target: Tree}> = {
        'a file': {...written, leaf: NEW},
        'a symlink': {...written, leaf: symlink('there')},
        'a further name of a file': {step: 'links', kind: 'link', leaf: hardlink('0'), target: {'0': 'same'}},
      };
      for (const [what, {step, kind, leaf, target}] of Object.entries(replacements)) {
        for (const at of ['a', 'd/a']) {
          const replacing = (folder: Tree) => {
            const source = {'0': 'same', a: leaf, d: {a: leaf}};
            const hands = worker(platform, {source, target: {...target, a: folder, d: {a: folder}}});
            const action = hands.plan(kind, at, {leader: '0'});
            expect(hands.perform(step, action)).to.equal('staged');
            return {hands, place: () => hands.perform('emptied', action), folder: path.join(hands.target, at)};
          };

          it(`${what} waits for it to be empty, and takes it: ${at}`, () => {
            const {hands, place, folder} = replacing({});
            expect(fs.readdirSync(folder), 'the folder is there until then').to.deep.equal([]);
            expect(place()).to.equal('done');
            expect(holdings(hands.target)[at]).to.equal(holdings(hands.source)[at]);
            leftNothing(hands);
          });

          it(`${what} leaves it whole when it is not empty: ${at}`, () => {
            const {hands, place, folder} = replacing({mine: 'mine', more: {deep: 'mine too'}});
            const [all, whole] = [holdings(hands.target), readTree(folder)];
            expect(place()).to.equal('failed: NOT_EMPTY');
            expect(readTree(folder), 'its own times too').to.deep.equal(whole);
            expect(holdings(hands.target)).to.deep.equal(all);
          });

          it(`${what} leaves alone a file that is there now: ${at}`, () => {
            const {hands, place, folder} = replacing({});
            fs.rmdirSync(folder);
            fs.writeFileSync(folder, 'mine');
            expect(place()).to.equal('skipped: drift of the target');
            expect(fs.readFileSync(folder, 'utf8')).to.equal('mine');
            leftNothing(hands);
          });

          it(`${what} takes it when it is gone: ${at}`, () => {
            const {hands, place, folder} = replacing({});
            fs.rmdirSync(folder);
            expect(place()).to.equal('done');
            expect(holdings(hands.target)[at]).to.equal(holdings(hands.source)[at]);
          });
        }
      }

      it('a further name is that of the file which waits, and stays it', () => {
        const hands = worker(platform, {source: {a: NEW, b: hardlink('a')}, target: {a: {}, b: 'old'}});
        const [replace, link] = [hands.plan('replace', 'a'), hands.plan('link', 'b', {leader: 'a'})];
        expect(hands.perform('writes', replace)).to.equal('staged');
        expect(hands.perform('links', link, {isLeaderStaged: true})).to.equal('done');
        expect(hands.perform('emptied', replace)).to.equal('done');
        expect(holdings(hands.target)).to.deep.equal(held({a: NEW, b: hardlink('a')}));
      });

      for (const [title, folder, result] of [
        ['waits beside its place on another mount, and takes it', {}, 'done'],
        ['leaves it whole on another mount when it is not empty', {mine: 'mine'}, 'failed: NOT_EMPTY'],
      ] as const) {
        it(`a file ${title}`, function () {
          needMounts(this);
          const hands = worker(platform, {
            source: {m: {a: NEW}},
            target: {m: {}},
            prepare({target}) {
              mount.memory(path.join(target, 'm'));
              writeTree(path.join(target, 'm'), {a: folder});
            },
          });
          const action = hands.plan('replace', 'm/a');
          const whole = readTree(path.join(hands.target, 'm/a'));
          expect(hands.perform('writes', action)).to.equal('staged');
          expect(hands.perform('emptied', action)).to.equal(result);
          if (result === 'done') expect(fs.readFileSync(path.join(hands.target, 'm/a'), 'utf8')).to.equal('newer');
          else expect(readTree(path.join(hands.target, 'm/a'))).to.deep.equal(whole);
        });
      }
    });

    describe('a leaf that gives its place to a folder', () => {
      for (const [what, leaf] of Object.entries({'a file': 'the old one', 'a second name': hardlink('z')})) {
        it(`is kept aside: ${what}`, () => {
          const hands = worker(platform, {source: {a: {b: 'b'}}, target: {a: leaf, z: 'the old one'}});
          expect(hands.perform('folders', hands.plan('replace', 'a'))).to.equal('done');
          expect(fs.readdirSync(path.join(hands.target, 'a'))).to.deep.equal([]);
          expect(hands.replaced).to.deep.equal(['the old one']);
          leftNothing(hands);
        });
      }
    });

    describe('if the target cannot hold everything', () => {
      it('a symbolic link is not made, and the entry at its path stays', () => {
        const given = {source: {a: symlink('x'), b: symlink('x')}, target: {b: 'old'}, policy: {symlinks: 'none'}} as const;
        const hands = worker(platform, given);
        expect(hands.perform('writes', hands.plan('create', 'a'))).to.equal('not-kept');
        expect(hands.perform('writes', hands.plan('replace', 'b'))).to.equal('not-kept');
        expect(holdings(hands.target)).to.deep.equal({'.': 'dir 0755', b: 'file 0644 3 "old"'});
        leftNothing(hands);
      });

      it('nothing is set on a symbolic link if it would be set on its target', () => {
        const link = symlink('b', {mtime: 5n});
        const hands = worker(
          instead(platform, {
            setAttributes(folder, name, code, attributes) {
              const isNothing = Object.values(attributes).every((value) => value === undefined);
              if (code === CODE.symlink && !isNothing) throw new SystemError('ENOENT', 'utimensat');
              platform.setAttributes(folder, name, code, attributes);
            },
            makeSymlink(folder, name, to, attributes) {
              expect(attributes).to.deep.equal({});
              platform.makeSymlink(folder, name, to, attributes);
            },
          }),
          {source: {a: link}, target: {b: 'b'}, policy: {symlinks: 'bare'}},
        );
        expect(hands.perform('writes', hands.plan('create', 'a'))).to.equal('done');
        expect(fs.readlinkSync(path.join(hands.target, 'a'))).to.equal('b');
      });

      it('another name is a separate file if there are no hard links', () => {
        const hands = worker(platform, {source: {a: NEW, b: hardlink('a')}, target: {a: NEW}, policy: {hardlinks: false}});
        const action = hands.plan('create', 'b');
        const link = {...action, kind: 'link', leader: 'a', reasons: ['hardlink']} as unknown as Action;
        expect(hands.perform('links', link)).to.equal('done');
        expect(hands.perform('links', link), 'and again').to.equal('already-done');
        const [a, b] = ['a', 'b'].map((name) => fs.statSync(path.join(hands.target, name)));
        expect(a?.ino).to.not.equal(b?.ino);
        expect(fs.readFileSync(path.join(hands.target, 'b'), 'utf8')).to.equal('newer');
      });

      it('another name is written if its compared content differs', () => {
        const policy = {hardlinks: false, compare: 'content'} as const;
        const hands = worker(platform, {source: {a: 'new', b: hardlink('a')}, target: {a: 'new', b: 'old'}, policy});
        const action = hands.plan('update', 'b');
        const link = {...action, kind: 'link', leader: 'a', reasons: ['hardlink']} as unknown as Action;
        expect(hands.perform('links', link)).to.equal('done');
        expect(hands.perform('links', link), 'and again').to.equal('already-done');
        expect(fs.readFileSync(path.join(hands.target, 'b'), 'utf8')).to.equal('new');
      });

      it('a time is set again after a rename that counts as a change', () => {
        const hands = worker(
          instead(platform, {
            move(options) {
              platform.move(options);
              fs.utimesSync(path.join(hands.target, 'a'), 1, 1);
            },
          }),
          {source: {a: NEW}, target: {a: 'old'}, abilities: {...ABLE, times: 'placed'}},
        );
        expect(hands.perform('writes', hands.plan('update', 'a'))).to.equal('done');
        expect(fs.statSync(path.join(hands.target, 'a'), {bigint: true}).mtimeNs / 1000n).to.equal(
          (DEFAULT_MTIME + 1_000_000_000n) / 1000n,
        );
      });

      it('does not try to set modes if there are none', () => {
        const hands = worker(
          instead(platform, {
            copyFile(options) {
              expect(options.attributes.mode).to.equal(undefined);
              return platform.copyFile(options);
            },
          }),
          {source: {a: NEW}, target: {}, policy: {mode: false}, abilities: {...ABLE, mode: false}},
        );
        expect(hands.perform('writes', hands.plan('create', 'a'))).to.equal('done');
      });

      it('a name that it refuses is a problem of its path, and nothing is tried', () => {
        const hands = worker(platform, {
          source: {'a:': NEW, 'b:': {}},
          target: {},
          abilities: {...ABLE, names: {...ABLE.names, refused: ':'}},
        });
        expect(hands.perform('writes', hands.plan('create', 'a:'))).to.equal('failed: NAME_NOT_HELD');
        expect(hands.perform('folders', hands.plan('mkdir', 'b:'))).to.equal('failed: NAME_NOT_HELD');
        expect(holdings(hands.target)).to.deep.equal({'.': 'dir 0755'});
      });
    });

    describe('a file that is written over and set aside', () => {
      const refused = () => {
        throw new SystemError('EPERM', 'linkat');
      };
      const ways: Readonly<Record<string, Partial<Platform>>> = {
        '': {},
        ', by a link': {exchange: () => false},
        ', by two renames': {exchange: () => false, makeLink: refused},
      };
      for (const [how, calls] of Object.entries(ways)) {
        it(`stays there when the time of the new one cannot be set${how}`, () => {
          const setAttributes: Platform['setAttributes'] = (folder, name, ...rest) => {
            if (name === 'a') throw new SystemError('EIO', 'utimensat');
            platform.setAttributes(folder, name, ...rest);
          };
          const hands = worker(instead(platform, {...calls, setAttributes}), {
            source: {a: NEW},
            target: {a: 'the old one'},
            abilities: {...ABLE, times: 'placed'},
          });
          expect(hands.perform('exchanges', hands.plan('update', 'a'))).to.equal('failed EIO');
          expect(fs.readFileSync(path.join(hands.target, 'a'), 'utf8')).to.equal('newer');
          expect(hands.replaced).to.deep.equal(['the old one']);
        });

        it(`is whole there when a call is refused that was carried out${how}`, () => {
          const lost = () => {
            throw new SystemError('EIO', 'renameat2');
          };
          const hands = worker(
            instead(platform, {
              exchange: (...places) => platform.exchange(...places) && lost(),
              ...calls,
              move(options) {
                platform.move(options);
                if (options.as === 'a' && options.name === '0') lost();
              },
            }),
            {source: {a: NEW}, target: {a: 'the old one'}},
          );
          expect(hands.perform('exchanges', hands.plan('update', 'a'))).to.match(/^failed/);
          expect(fs.readFileSync(path.join(hands.target, 'a'), 'utf8')).to.equal('newer');
          expect(hands.replaced).to.deep.equal(['the old one']);
        });

        it(`is whole there${how}`, () => {
          const hands = worker(instead(platform, calls), {source: {a: NEW}, target: {a: 'the old one'}});
          expect(hands.perform('exchanges', hands.plan('update', 'a'))).to.equal('done');
          expect(fs.readFileSync(path.join(hands.target, 'a'), 'utf8')).to.equal('newer');
          expect(hands.replaced).to.deep.equal(['the old one']);
          leftNothing(hands);
        });

        it(`stays if the rename to its place is refused${how}`, () => {
          let isRefused = false;
          const move = (options: MoveOptions) => {
            // The way back is not.
            if (options.as !== 'a' || isRefused) return platform.move(options);
            isRefused = true;
            return refused();
          };
          const hands = worker(instead(platform, {exchange: how === '' ? refused : () => false, ...calls, move}), {
            source: {a: NEW},
            target: {a: 'the old one'},
          });
          const before = readTree(hands.target).a;
          expect(hands.perform('exchanges', hands.plan('update', 'a'))).to.equal('failed EPERM');
          expect(readTree(hands.target).a).to.equal(before);
          expect(hands.replaced).to.deep.equal([]);
          leftNothing(hands);
        });
      }

      it('stays when it was edited', () => {
        const hands = worker(platform, {source: {a: NEW}, target: {a: 'the old one'}});
        const action = hands.plan('update', 'a');
        writes('a', 'mine')(hands.target);
        expect(hands.perform('exchanges', action)).to.equal('skipped: drift of the target');
        expect(fs.readFileSync(path.join(hands.target, 'a'), 'utf8')).to.equal('mine');
        expect(hands.replaced).to.deep.equal([]);
      });
    });

    describe('while the source is looked at, which takes its time', () => {
      const old = file('planned', {mtime: DEFAULT_MTIME});
      const acts: {title: string; step: WaveStep; kind: ActionKind; source: Tree}[] = [
        {title: 'deletes no', step: 'deletes', kind: 'delete', source: {d: {}}},
        {
          title: 'sets nothing on a',
          step: 'attrs',
          kind: 'attrs',
          source: {d: {a: file('planned', {mtime: DEFAULT_MTIME, mode: 0o600})}},
        },
      ];
      const changes: Record<string, Change> = {
        'file that comes to the place': inTarget((target) => {
          fs.writeFileSync(path.join(target, 'new'), 'mine');
          fs.renameSync(path.join(target, 'new'), path.join(target, 'd/a'));
        }),
        'file of a folder that comes to the way': inTarget((target) => {
          fs.renameSync(path.join(target, 'd'), path.join(target, 'away'));
          fs.mkdirSync(path.join(target, 'd'));
          fs.writeFileSync(path.join(target, 'd/a'), 'mine');
        }),
      };
      for (const {title, step, kind, source} of acts) {
        for (const [what, change] of Object.entries(changes)) {
          it(`${title} ${what}`, () => {
            let act: (() => void) | undefined;
            const hands = worker(
              watched(platform, () => act?.()),
              {source, target: {d: {a: old}}},
            );
            const action = hands.plan(kind, 'd/a');
            let before: Record<string, string> = {};
            act = () => {
              act = undefined;
              change(hands);
              before = holdings(hands.target);
            };
            expect(hands.perform(step, action)).to.equal('skipped: drift of the target');
            expect(act).to.equal(undefined);
            expect(holdings(hands.target)).to.deep.equal(before);
          });
        }
      }
    });

    describe('with a folder that was moved away', () => {
      const clock = steppedClock();
      /** `passes`: milliseconds; what destroys something looks at the way also when it did a moment ago. */
      const acts: {title: string; step: WaveStep; kind: ActionKind; source: Tree; target: Tree; passes: number}[] = [
        {title: 'makes nothing there', step: 'writes', kind: 'create', source: {d: {a: NEW, b: NEW}}, target: {d: {}}, passes: 2},
        {
          title: 'replaces nothing there',
          step: 'writes',
          kind: 'update',
          source: {d: {a: NEW, b: NEW}},
          target: {d: {a: 'old', b: 'old'}},
          passes: 0,
        },
        {
          title: 'deletes nothing there',
          step: 'deletes',
          kind: 'delete',
          source: {d: {}},
          target: {d: {a: 'old', b: 'old'}},
          passes: 0,
        },
        {
          title: 'removes no folder there',
          step: 'emptied',
          kind: 'rmdir',
          source: {d: {}},
          target: {d: {a: {}, b: {}}},
          passes: 0,
        },
        {
          title: 'sets nothing there',
          step: 'attrs',
          kind: 'attrs',
          source: {d: {a: file('', {mode: 0o600}), b: file('', {mode: 0o600})}},
          target: {d: {a: '', b: ''}},
          passes: 0,
        },
      ];
      for (const {title, step, kind, passes, ...trees} of acts) {
        it(title, () => {
          const hands = worker(platform, trees);
          const [first, second] = [hands.plan(kind, 'd/a'), hands.plan(kind, 'd/b')];
          clock.pass(2);
          expect(hands.perform(step, first)).to.equal('done');
          away('d')(hands.target);
          const before = readTree(`${hands.target}-away`);
          clock.pass(passes);
          expect(hands.perform(step, second)).to.not.equal('done');
          expect(readTree(`${hands.target}-away`)).to.deep.equal(before);
        });
      }
    });
  });
}
