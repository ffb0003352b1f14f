import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type Approach, type Live, rulesOf} from '../../src/apply/approach.js';
import {entryAtPlace, NO_XATTRS, type World} from '../../src/apply/check.js';
import {type Copied, copyFromSource} from '../../src/apply/copy.js';
import type {Step, StepResult} from '../../src/apply/step.js';
import type {Action} from '../../src/core/action.js';
import type {Entry} from '../../src/core/entry.js';
import {type ByteName, toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {TimeLearner} from '../../src/core/times.js';
import {platform} from '../../src/platform/choose.js';
import {Cursor} from '../../src/platform/cursor.js';
import type {Folder} from '../../src/platform/platform.js';
import {file, header} from '../support/plan.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

/** Larger than one piece, so that it is changed while it is read. */
const LARGE = 'x'.repeat(3 * 1024 * 1024);

interface Case {
  readonly title: string;
  /** By default that of a plan made just now. */
  readonly approach?: Approach;
  readonly live?: Live;
  /** The target has an old file. */
  readonly isOld?: boolean;
  /** Done before it is opened for the first time. */
  readonly before?: (file: string) => void;
  /** Done whenever a piece was copied. */
  readonly during?: (file: string) => void;
  /** Its content then, in the copy; or the problem's code and a piece of its message; or drift. */
  readonly is: {readonly copy: 'whole' | 'beginning'} | {readonly code: string; readonly says: string} | 'drift';
}

const append = (file: string) => fs.appendFileSync(file, 'more');
const once = (act: (file: string) => void) => {
  let isDone = false;
  return (file: string) => {
    if (!isDone) act(file);
    isDone = true;
  };
};
let turn = 0;
/** The kernel's clock for files is coarse, so that each is of another size too. */
const restless = (file: string) => {
  append(file);
  const open = fs.openSync(file, 'r+');
  fs.writeSync(open, `turn ${++turn}`, 0);
  fs.closeSync(open);
};
const replace = (file: string) => {
  fs.renameSync(file, `${file}-old`);
  fs.writeFileSync(file, 'another');
};
const changed = {code: 'CHANGED_DURING_COPY', says: 'so it is not in the target'};

const CASES = (): readonly Case[] => [
  {title: 'at rest', is: {copy: 'whole'}},
  {title: 'grows once', during: once(append), is: {copy: 'whole'}},
  {title: 'grows all the while', during: append, is: {copy: 'beginning'}},
  {title: 'has grown since the plan', before: append, is: {copy: 'whole'}},
  {title: 'has grown since the plan, and grows', before: append, during: append, is: {copy: 'beginning'}},
  {title: 'changes inside and grows', during: restless, is: changed},
  {
    title: 'changes inside and grows, where there is an old one',
    isOld: true,
    during: restless,
    is: {code: 'CHANGED_DURING_COPY', says: 'the old file in the target was kept'},
  },
  {
    title: 'grows, and another takes its place',
    during: once((file) => [append(file), replace(file)]),
    is: {copy: 'whole'},
  },
  {
    title: 'grows and is removed',
    during: once((file) => [append(file), fs.rmSync(file)]),
    is: {code: 'VANISHED', says: 'while dirsync worked; run again'},
  },
  {
    title: 'grows and is removed, where there is an old one',
    isOld: true,
    during: once((file) => [append(file), fs.rmSync(file)]),
    is: {code: 'VANISHED', says: 'what the target has was kept'},
  },
  {title: 'with --live skip: grows once', live: 'skip', during: once(append), is: {copy: 'whole'}},
  {title: 'with --live skip: grows all the while', live: 'skip', during: append, is: changed},
  {title: 'approved: grows all the while', approach: 'approved', during: append, is: changed},
  {title: 'approved: has grown since', approach: 'approved', before: append, is: 'drift'},
];

describe('apply/copy: a file of the source that', () => {
  const temp = tempDirs();
  const backend = platform();
  const open: Folder[] = [];
  afterEach(() => {
    for (const folder of open.splice(0)) backend.close(folder);
  });

  function root(at: string): Folder {
    const folder = backend.openRoot(toByteName(at));
    open.push(folder);
    return folder;
  }

  function copied(source: string, target: string, given: Partial<Step> & {readonly action: Action}): Copied | StepResult {
    const cursor = new Cursor(backend, root(source));
    const world: World = {
      platform: backend,
      source: cursor,
      missing: undefined,
      abilities: undefined,
      holdsName: () => true,
      isShared: false,
      target: undefined,
      leaders: undefined,
      policy: {...header.options, mtimeWindow: backend.timeResolution - 1n},
      opened: new Map(),
      moves: new Map(),
      hasRings: false,
      foldsNames: false,
      names: undefined,
      further: new Map(),
      volumes: new Map(),
      beside: new Set(),
      isLeftOut: () => false,
      goOn: () => true,
    };
    const common = {step: 'writes', index: 0, leader: undefined, flushed: 'none', umask: 0} as const;
    const step = {...common, learner: new TimeLearner(), onBytes: () => true, ...given, world} as Step;
    try {
      return copyFromSource(step, {folder: root(target), name: '0' as ByteName});
    } finally {
      cursor.reset();
    }
  }

  for (const {title, approach = 'fresh', live = 'copy', isOld = false, before, during, is} of CASES()) {
    it(title, () => {
      const [source, target] = [temp(), temp()];
      writeTree(source, {a: LARGE});
      const at = path.join(source, 'a');
      const after = entryAtPlace(backend, {folder: root(source), name: 'a' as ByteName}, NO_XATTRS) as Entry;
      const action = {
        path: 'a' as RelPath,
        after,
        ...(isOld ? {kind: 'update', reasons: ['size'], before: file(3)} : {kind: 'create', reasons: ['new']}),
      } as Action;
      before?.(at);
      const onBytes = () => {
        during?.(at);
        return true;
      };
      const result = copied(source, target, {
        action,
        rules: rulesOf(approach, {skipDrifted: false, live, hasWaited: false}),
        onBytes,
      });
      const copy = path.join(target, '0');
      if (typeof is === 'object' && 'copy' in is) {
        expect(result).to.have.property('action');
        const made = fs.readFileSync(copy);
        const now = fs.readFileSync(at);
        expect(now.subarray(0, made.length).equals(made)).to.equal(true);
        if (is.copy === 'whole') expect(made.length).to.equal(now.length);
        const told = (result as Copied).action.after as Entry;
        expect(told.size, 'what follows goes by what was copied').to.equal(made.length);
        const off = told.mtime - fs.statSync(copy, {bigint: true}).mtimeNs;
        expect(off >= 0n && off < backend.timeResolution, `${off}`).to.equal(true);
      } else {
        expect(fs.existsSync(copy), 'nothing is left').to.equal(false);
        if (is === 'drift')
          expect(result).to.deep.include({status: 'skipped'}).and.have.nested.property('drift.attribute', 'size');
        else {
          const {problem} = result as StepResult;
          expect(problem).to.deep.include({code: is.code, side: 'source'});
          expect(problem?.message).to.include(is.says);
        }
      }
    });
  }

  it('has content although its size is 0', function () {
    if (!fs.existsSync('/proc/version')) skip(this, 'there is no /proc');
    const target = temp();
    const after = entryAtPlace(backend, {folder: root('/proc'), name: 'version' as ByteName}, NO_XATTRS) as Entry;
    const action: Action = {kind: 'create', path: 'version' as RelPath, reasons: ['new'], after};
    for (const live of ['copy', 'skip'] as const) {
      const rules = rulesOf('fresh', {skipDrifted: false, live, hasWaited: false});
      const {problem} = copied('/proc', target, {action, rules}) as StepResult;
      expect(problem).to.deep.include({code: 'UNSIZED', side: 'source'});
      expect(fs.readdirSync(target)).to.deep.equal([]);
    }
  });
});
