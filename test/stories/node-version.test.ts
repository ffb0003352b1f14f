/** A Node that is too old, or that may open too few files, is told so before anything is loaded. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {tempDirs} from '../support/temp.js';

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));
const {engines} = JSON.parse(fs.readFileSync(path.join(CHECKOUT, 'package.json'), 'utf8')) as {engines: {node: string}};

describe('story: the version of Node', () => {
  const temp = tempDirs();

  function runAs(version: string) {
    const folder = temp();
    const script = path.join(folder, 'as.cjs');
    fs.writeFileSync(script, `Object.defineProperty(process.versions, 'node', {value: '${version}'});`);
    const {status, stdout, stderr} = spawnSync(
      process.execPath,
      ['--require', script, path.join(CHECKOUT, 'bin/run.js'), '--version'],
      {encoding: 'utf8', env: {PATH: process.env.PATH, HOME: folder}},
    );
    return {status, stdout, stderr};
  }

  const [, least = ''] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];

  for (const version of ['18.20.4', '20.9.0', '20.18.3']) {
    it(`${version} is too old`, () => {
      const stderr = `dirsync needs Node ${least} or later; this is ${version}\n`;
      expect(runAs(version)).to.deep.equal({status: 1, stdout: '', stderr});
    });
  }

  for (const version of [`${least}.0`, '22.0.0', '24.11.1']) {
    it(`${version} is not`, () => {
      expect(runAs(version)).to.include({status: 0, stderr: ''});
    });
  }

  for (const most of [24, 30, 40]) {
    it(`${most} open files: it works, or says in one line what to raise`, () => {
      const folder = temp();
      for (const name of ['source', 'target']) fs.mkdirSync(path.join(folder, name));
      const under = ['-c', `ulimit -n ${most}; exec "$@"`, 'sh', process.execPath, path.join(CHECKOUT, 'bin/run.js')];
      const {status, stderr} = spawnSync('sh', [...under, 'plan', path.join(folder, 'source'), path.join(folder, 'target')], {
        encoding: 'utf8',
        timeout: 30_000,
        env: {PATH: process.env.PATH, HOME: folder},
      });
      expect(status === 0 ? 'raise the limit' : stderr).to.include('raise the limit');
      expect(stderr.split('\n').length, stderr).to.be.at.most(3);
    });
  }
});
