import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {expect} from 'chai';
import {tempDirs} from './temp.js';

describe('support/bigints', () => {
  const temp = tempDirs();
  const resolve = createRequire(import.meta.url).resolve;

  it('a BigInt in a failed test is told, also by another process', () => {
    const folder = temp();
    const chai = pathToFileURL(resolve('chai'));
    const failing = `
      import {expect} from '${chai}';
      describe('figures', () => {
        it('alone', () => { expect(5n).to.equal(6n); });
        it('inside', () => { expect({size: [7n]}).to.deep.equal({size: [8n]}); });
        it('of an error', () => { throw Object.assign(new Error('a'), {params: {at: 9n}, cause: Object.assign(new Error('b'), {at: 1n})}); });
        describe('of a hook', () => {
          before(() => { expect(3n).to.equal(4n); });
          it('never runs', () => {});
        });
      });`;
    for (const name of ['one', 'two']) fs.writeFileSync(path.join(folder, `${name}.test.mjs`), failing);
    const required = fileURLToPath(new URL('./bigints.js', import.meta.url));
    const args = [resolve('mocha/bin/mocha.js'), '--no-config', '--parallel', '--jobs', '2', '--require', required, '*.test.mjs'];
    const {status, stdout, stderr} = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      env: {...process.env, MOCHA_OPTIONS: '', NO_COLOR: '1'},
    });
    expect(stderr).to.equal('');
    expect(status).to.equal(8);
    expect(stdout).to.include('8 failing');
    for (const told of ['expected 5n to equal 6n', '"7n"', '"8n"', 'expected 3n to equal 4n']) expect(stdout).to.include(told);
  });
});
