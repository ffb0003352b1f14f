import {expect} from 'chai';
import {type Action, bytesOf, volumeOf} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {sizeOf} from '../../src/report/words/words.js';
import {act, file, folder, symlink} from '../support/plan.js';

const path = 'a' as RelPath;
const replace = (before: Action['before'], after: Action['after']) =>
  ({kind: 'replace', path, reasons: ['kind'], before, after}) as Action;

describe('core/action', () => {
  /** What is written, what the action is about, and what is shown of that: nothing where there is no content. */
  const cases: Readonly<Record<string, [action: Action, written: number, about: number, shown: number | undefined]>> = {
    'a new file': [act.create('a', file(7)), 7, 7, 7],
    'a new empty file': [act.create('a'), 0, 0, 0],
    'a new symlink': [act.create('a', symlink('to')), 0, 0, undefined],
    'a new folder': [act.mkdir('a'), 0, 0, undefined],
    'a file that changes, whatever its size was': [act.update('a', file(100), file(7)), 7, 7, 7],
    'a file in place of a symlink': [replace(symlink('to'), file(7)), 7, 7, 7],
    'a symlink in place of a file': [replace(file(100), symlink('to')), 0, 0, undefined],
    'another name of a file': [
      {kind: 'link', path, reasons: ['hardlink'], before: file(100), after: file(7), leader: 'b' as RelPath},
      0,
      0,
      undefined,
    ],
    'a file under a new name': [act.move('a', 'b', file(7)), 0, 0, undefined],
    'a file that moves': [act.moveFile('a', 'b/c', file(7)), 0, 0, undefined],
    'a folder that moves': [act.moveFolder('a', 'b/c', 2, 40), 0, 0, undefined],
    'attributes of a file': [{kind: 'attrs', path, reasons: ['mode'], before: file(7), after: file(7)}, 0, 0, undefined],
    'a file that goes': [act.delete('a', file(100)), 0, 100, 100],
    'a symlink that goes': [act.delete('a', symlink('to')), 0, 0, undefined],
    'a folder that goes': [act.rmdir('a'), 0, 0, undefined],
    'a folder that stays with its files': [act.blocked('a', 2, 40), 0, 40, 40],
    'a folder that stays, without files': [act.blocked('a', 0, 0), 0, 0, undefined],
    'an empty file that stays': [{kind: 'blocked', path, reasons: ['elsewhere'], before: file(), leaves: 1, bytes: 0}, 0, 0, 0],
    'times of a folder': [{kind: 'attrs', path, reasons: ['children'], before: folder(), after: folder()}, 0, 0, undefined],
  };

  for (const [title, [action, written, about, shown]] of Object.entries(cases)) {
    it(`counts the bytes of ${title}`, () => {
      expect(bytesOf(action)).to.equal(written);
      expect(volumeOf(action)).to.equal(about);
      expect(sizeOf(action)).to.equal(shown);
    });
  }
});
