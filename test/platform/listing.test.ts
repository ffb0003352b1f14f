import fs from 'node:fs';
import {expect} from 'chai';
import {CODE, type Stat} from '../../src/core/block.js';
import {toByteName} from '../../src/core/name.js';
import {Kernel} from '../../src/platform/kernel.js';
import type {ListedEntry, Platform} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {writeTree} from '../support/tree.js';

const NAME = 'flickers';

/** A file system that answers that a listed name is not there, so many times: as network file systems do. */
class ForgetfulKernel extends Kernel {
  #forgot = false;

  constructor(private left: number) {
    super();
  }

  override statx(folder: number, name: number, flags: number, stat: Stat): number {
    const at = name - this.base;
    this.#forgot = this.bytes.toString('latin1', at, at + NAME.length) === NAME && this.left-- > 0;
    return this.#forgot ? -1 : super.statx(folder, name, flags, stat);
  }

  override errno(): string {
    return this.#forgot ? 'ENOENT' : super.errno();
  }
}

class ForgetfulPlatform extends PortablePlatform {
  constructor(private left: number) {
    super();
  }

  override stat(...args: Parameters<PortablePlatform['stat']>): boolean {
    return args[1] === NAME && this.left-- > 0 ? false : super.stat(...args);
  }
}

const backends: Record<Platform['name'], (times: number) => Platform> = {
  posix: (times) => new PosixPlatform(new ForgetfulKernel(times)),
  portable: (times) => new ForgetfulPlatform(times),
};

for (const [backend, forgetful] of Object.entries(backends)) {
  describe(`a listing: ${backend}`, () => {
    const temp = tempDirs();
    before(function () {
      if (backend === 'posix' && process.platform !== 'linux') skip(this, 'the posix backend runs on Linux');
    });

    function listed(times: number, change: (root: string) => void = () => {}): Record<string, string> {
      const root = temp();
      writeTree(root, {a: 'a', [NAME]: 'x', z: 'z'});
      change(root);
      const platform = forgetful(times);
      const folder = platform.openRoot(toByteName(root));
      const rows: ListedEntry[] = [];
      const count = platform.list(folder, rows);
      platform.close(folder);
      return Object.fromEntries(
        rows.slice(0, count).map(({name, code, fault}) => [name, fault ?? (code === CODE.file ? 'file' : '?')]),
      );
    }

    it('a name that is there when it is listed once more', () => {
      expect(listed(1)).to.deep.equal({a: 'file', [NAME]: 'file', z: 'file'});
    });

    it('a name that is listed twice and never there is unknown', () => {
      expect(listed(2)).to.deep.equal({a: 'file', [NAME]: 'ENOENT', z: 'file'});
    });

    it('a name that has really gone is not there', () => {
      expect(listed(0, (root) => fs.rmSync(`${root}/${NAME}`))).to.deep.equal({a: 'file', z: 'file'});
    });
  });
}
