import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type Narrowing, narrowingOf, narrowPlan} from '../../../src/app/sync/narrow.js';
import type {Action} from '../../../src/core/action.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Plan} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import {PathList} from '../../../src/scan/wanted.js';
import {pairIn} from '../../support/cli.js';
import {act, file, folder, planOf} from '../../support/plan.js';
import {refusalCode} from '../../support/refusal.js';
import {tempDirs} from '../../support/temp.js';

const ACTIONS: readonly Action[] = [
  act.mkdir('a'),
  act.create('a/new.txt', file(3)),
  act.create('a/new.o', file(4)),
  act.update('b.txt', file(1), file(2)),
  act.delete('c.o'),
];

const wanting = (fields: Partial<Narrowing>): Narrowing => ({only: [], except: [], kinds: [], list: undefined, ...fields});
const listOf = (...paths: string[]) => new PathList(new Set(paths as RelPath[]));
const shown = ({actions}: Plan) => actions.map(({kind, path}) => `${kind} ${path}`);

describe('app/sync/narrow', () => {
  const temp = tempDirs();
  const plan = planOf(ACTIONS);
  const narrowed = (fields: Partial<Narrowing>, of = plan) => narrowPlan(of, wanting(fields), 'narrowed');

  const cases: readonly [title: string, wanted: Partial<Narrowing>, left: readonly string[]][] = [
    ['paths that match', {only: ['*.txt']}, ['mkdir a', 'create a/new.txt', 'update b.txt']],
    ['all in a folder that matches', {only: ['a/']}, ['mkdir a', 'create a/new.txt', 'create a/new.o']],
    ['what matches one of several', {only: ['c.o', 'b.*']}, ['update b.txt', 'delete c.o']],
    ['all but what matches', {except: ['*.o']}, ['mkdir a', 'create a/new.txt', 'update b.txt']],
    ['what matches, but not that of it', {only: ['a/'], except: ['*.o']}, ['mkdir a', 'create a/new.txt']],
    ['kinds of actions', {kinds: ['delete', 'update']}, ['update b.txt', 'delete c.o']],
    ['kinds of what matches', {only: ['*.o'], kinds: ['delete']}, ['delete c.o']],
    ['listed paths', {list: listOf('c.o', 'a/new.o')}, ['mkdir a', 'create a/new.o', 'delete c.o']],
    ['a listed folder with all in it', {list: listOf('a')}, ['mkdir a', 'create a/new.txt', 'create a/new.o']],
    ['listed paths and what matches', {list: listOf('c.o'), only: ['b.txt']}, ['update b.txt', 'delete c.o']],
    ['listed paths, but not what matches', {list: listOf('c.o', 'b.txt'), except: ['*.o']}, ['update b.txt']],
    ['nothing of an empty list', {list: listOf()}, []],
  ];
  for (const [title, wanted, left] of cases) {
    it(`leaves ${title}`, () => {
      const {header, ...rest} = narrowed(wanted);
      expect(shown({header, ...rest})).to.deep.equal(left);
      expect(header).to.deep.include({id: 'narrowed', narrowed: {from: 'plan-1', leftOut: ACTIONS.length - left.length}});
    });
  }

  const moving = planOf([
    act.moveFolder('new', 'old/x', 3),
    act.create('new/b'),
    act.delete('new/c'),
    act.moveFile('z', 'old/y'),
  ]);
  const byOldPath: readonly [title: string, wanted: Partial<Narrowing>, left: readonly string[]][] = [
    ['what moves, by its new path', {only: ['z']}, ['move z']],
    ['what moves, by its old path', {only: ['/old/']}, ['move new', 'delete new/c', 'move z']],
    ['all but what moves, by its old path', {except: ['/old/y']}, ['move new', 'create new/b', 'delete new/c']],
    ['what is in a folder that moves, by its old path', {only: ['/old/x/c']}, ['move new', 'delete new/c']],
    ['all but that', {except: ['/old/x/c']}, ['move new', 'create new/b', 'move z']],
    ['the moves', {kinds: ['move']}, ['move new', 'move z']],
    ['a folder that moves, for what is wanted in it', {kinds: ['create']}, ['move new', 'create new/b']],
    ['what a list names by its old path', {list: listOf('old/y')}, ['move z']],
  ];
  for (const [title, wanted, left] of byOldPath) {
    it(`leaves ${title}`, () => expect(shown(narrowed(wanted, moving))).to.deep.equal(left));
  }

  it('is the same plan where nothing is asked for', () => {
    expect(narrowPlan(plan, undefined, 'x')).to.equal(plan);
    expect(narrowed({})).to.equal(plan);
  });

  it('is the same plan, with its id, where nothing is left out', () => {
    expect(narrowed({except: ['nothing.of.this']})).to.equal(plan);
    const {id, warnings} = narrowed({except: ['./x']}).header;
    expect({id, told: warnings.length}, 'told of a pattern that is idle').to.deep.equal({id: 'plan-1', told: 1});
  });

  it('says what it left out besides, since it needs what is left out', () => {
    const replace: Action = {kind: 'replace', path: 'r' as RelPath, reasons: ['kind'], before: folder(), after: file()};
    const many = planOf([replace, act.delete('r/x.o'), act.delete('r/y.o')]);
    const warned = (wanted: Partial<Narrowing>) => narrowed(wanted, many).header.warnings;
    expect(warned({except: ['*.o']})).to.have.length(1);
    expect(warned({except: ['*.o']})[0]).to.match(/^1 change is /);
    expect(warned({only: ['*.o'], except: ['r/x.o']})[0]).to.equal(undefined);
  });

  it('tells of a pattern that can match nothing, by whatever name the roots are called', () => {
    const warned = (only: string) => narrowed({only: [only, 'b.txt']}).header.warnings;
    expect(warned('a//b')).to.have.length(1);
    for (const root of ['/source', '/target']) expect(warned(`${root}/a`)[0]).to.include('write "/a"');
    expect(warned('/a')).to.deep.equal([]);
  });

  it('keeps the problems of paths that are asked for', () => {
    const found = ['a/new.txt', 'c.o'].map((at) => problem({path: at as RelPath, side: 'source', phase: 'scan', code: 'EACCES'}));
    const {problems} = narrowed({only: ['*.txt']}, planOf(ACTIONS, {problems: found}));
    expect(problems).to.deep.equal([found[0]]);
  });

  describe('with a list, tells of paths that neither folder has', () => {
    const warned = (root: string, ...paths: string[]) => {
      const made = planOf(ACTIONS, {source: {path: path.join(root, 'source')}, target: {path: path.join(root, 'target')}});
      return narrowed({list: listOf(...paths)}, made).header.warnings;
    };

    it('and not of what one of them has, or the plan', () => {
      const {root} = pairIn(temp(), {here: {x: ''}}, {there: ''});
      expect(warned(root, 'here/x', 'here', 'there', 'b.txt', '')).to.deep.equal([]);
      expect(warned(root, 'here/y')[0]).to.match(/1 path .*: here\/y$/);
      expect(warned(root, 'here/y', 'there/z', 'b.txt')[0]).to.match(/2 paths .*: here\/y and others$/);
    });

    it('also where one of them is not at hand; where neither is, nothing is known', () => {
      const {root} = pairIn(temp(), {here: ''});
      expect(warned(root, 'here')).to.deep.equal([]);
      expect(warned(root, 'none')).to.have.length(1);
      expect(warned(path.join(root, 'none'), 'none')).to.deep.equal([]);
    });
  });

  it('reads the lists that are named, and no others', async () => {
    const {signal} = new AbortController();
    const list = path.join(temp(), 'list');
    fs.writeFileSync(list, 'a\n');
    const wanted = {only: [], except: [], kinds: []};
    expect(await narrowingOf(undefined, {signal})).to.equal(undefined);
    expect((await narrowingOf(wanted, {signal}))?.list).to.equal(undefined);
    expect((await narrowingOf({...wanted, onlyFrom: [list]}, {signal}))?.list?.paths).to.deep.equal(new Set(['a']));
    expect(await refusalCode(() => narrowingOf({...wanted, onlyFrom: [`${list}s`]}, {signal}))).to.equal('LIST_UNREADABLE');
  });
});
