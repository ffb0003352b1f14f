import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {ByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import {sweepStaging} from '../../src/state/staging.js';
import {tempDirs} from '../support/temp.js';
import {readTree, writeTree} from '../support/tree.js';

describe('sweeping the staging of killed runs', () => {
  const temp = tempDirs();

  it('keeps waiting leaves until the active run has ended', () => {
    const target = temp();
    const staging = path.join(target, '.dirsync/tmp');
    writeTree(staging, {
      killed: {waiting: {'7': 'all that is left of a file'}, 'worker-0': {'8': 'half a fi'}, 'traces-0': ''},
      early: {waiting: {}, 'worker-0': {}},
      own: {'worker-0': {}},
    });
    const root = platform().openRoot(target as ByteName);
    try {
      sweepStaging(platform(), root, 'own');
      const left = Object.keys(readTree(staging));
      expect(left).to.deep.equal(['.', 'killed', 'killed/waiting', 'killed/waiting/7', 'own', 'own/worker-0']);
      sweepStaging(platform(), root);
      expect(fs.readdirSync(path.join(target, '.dirsync'))).to.deep.equal([]);
    } finally {
      platform().close(root);
    }
  });
});
