import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import {changedFolders} from '../../src/plan/changed-folders.js';
import {act, file, folder} from '../support/plan.js';

const replaced: Action = {...act.update('d/e', file(), folder()), kind: 'replace'} as Action;
const attrs: Action = {...act.update('f/g', file(), file()), kind: 'attrs'} as Action;

describe('plan/changed-folders', () => {
  const cases: Record<string, {readonly actions: readonly Action[]; readonly folders: readonly string[]}> = {
    'the root, for .dirsync': {actions: [attrs], folders: ['']},
    'those in which names come or go, each once': {
      actions: [act.create('a/b'), act.delete('a/c'), act.update('d', file(1), file(2))],
      folders: ['', 'a'],
    },
    'none that is made': {actions: [act.mkdir('a'), act.create('a/b'), act.mkdir('a/c')], folders: ['']},
    'none that takes the place of a leaf': {actions: [replaced, act.create('d/e/f')], folders: ['', 'd']},
    'those that an entry leaves and enters, and a folder that moves': {
      actions: [
        act.carry('d/a', 'c/a', file()),
        act.carry('e', 'q/e', folder()),
        act.create('e/new'),
        act.carry('r', 'n', folder()),
      ],
      folders: ['', 'd', 'q/e', 'c', 'q'],
    },
    'a folder that does not exist is not asked, but the one that moves there is': {
      actions: [act.mkdir('d'), act.carry('d/sub', 'd', folder())],
      folders: ['', 'd'],
    },
    'one that is emptied and goes': {actions: [act.rmdir('a'), act.delete('a/b')], folders: ['', 'a']},
  };
  for (const [title, {actions, folders}] of Object.entries(cases)) {
    it(title, () => expect(changedFolders(actions)).to.deep.equal(folders));
  }
});
