import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {idleWarnings, rootNames} from '../../../src/app/sync/filters.js';
import {tempDirs} from '../../support/temp.js';

describe('app/sync/filters', () => {
  const temp = tempDirs();
  describe('the paths that mean a root', () => {
    it('are the roots, and how they were typed', () => {
      const root = temp();
      const [source, target] = [path.join(root, 's'), path.join(root, 't')];
      const typed = path.relative(process.cwd(), path.join(root, 'link'));
      expect(rootNames([source, target], [source, typed])).to.deep.equal([source, target, path.join(root, 'link')]);
    });

    it('are none where "/" is copied, or where the path also stands in a root', () => {
      const root = temp();
      const inside = path.join(root, root);
      fs.mkdirSync(inside, {recursive: true});
      expect(rootNames(['/', root])).to.deep.equal([]);
      fs.rmdirSync(inside);
      expect(rootNames([root])).to.deep.equal([root]);
      expect(rootNames([root], ['/'])).to.deep.equal([root]);
    });
  });

  describe('patterns that can match nothing', () => {
    const idle = (i: number) => ({pattern: `/${i}//x`, why: 'it is odd'});

    it('are told with where they stand, and what was meant', () => {
      expect(idleWarnings([{pattern: './a', at: 'rules:3', why: 'w', instead: '/a'}, idle(1)])).to.deep.equal([
        'rules:3: the pattern "./a" cannot match anything, since w; write "/a"',
        'the pattern "/1//x" cannot match anything, since it is odd',
      ]);
    });

    it('are told once each, ten at most, and how many more there are', () => {
      expect(idleWarnings([idle(1), idle(1)])).to.have.length(1);
      const many = (count: number) => idleWarnings(Array.from({length: count}, (_, i) => idle(i)));
      expect(many(10)).to.have.length(10);
      expect(many(11)).to.have.length(11);
      expect(many(11).at(-1)).to.match(/^1 more pattern /);
      expect(many(30)).to.have.length(11);
      expect(many(30).at(-1)).to.match(/^20 more patterns /);
    });
  });
});
