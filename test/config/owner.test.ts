import {chmodSync, chownSync, existsSync, lchownSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {loadConfig} from '../../src/config/load.js';
import {DirsyncError} from '../../src/core/errors.js';
import {NOBODY} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {asNobody} from '../support/user.js';

const YAML = 'jobs: {a: {source: s, target: t}}';

describe('config/owner', () => {
  const temp = tempDirs();
  /** `shared`, that is in `base`, has `job` in it, where the program is started. */
  let base: string;
  let cwd: string;
  const at = (name: string) => path.join(base, name);
  const write = (name: string, content = YAML) => writeFileSync(at(name), content);

  beforeEach(() => {
    base = temp();
    chmodSync(base, 0o755);
    cwd = at('shared/job');
    mkdirSync(cwd, {recursive: true});
  });

  const load = (file?: string) => loadConfig({cwd, file, env: {HOME: at('home')}});

  async function refusal(): Promise<string> {
    try {
      await load();
    } catch (error) {
      if (!(error instanceof DirsyncError)) throw error;
      expect([error.code, error.hint]).to.satisfy(([code, hint]: string[]) =>
        code === 'CONFIG_FOREIGN' ? hint?.includes('--config') : code === 'CONFIG_INVALID',
      );
      return error.detail.replaceAll(base, 'BASE');
    }
    return 'none';
  }

  /** Gives paths to another user, without following symlinks. */
  const give = (...names: readonly string[]) => {
    for (const name of names) lchownSync(at(name), NOBODY as number, NOBODY as number);
  };

  const own: readonly (readonly [string, () => void])[] = [
    ['of this user', () => write('shared/job/dirsync.config.yaml')],
    [
      'in a folder that its group may write to',
      () => {
        write('shared/dirsync.config.yaml');
        chmodSync(at('shared'), 0o775);
      },
    ],
    [
      'in a sticky folder',
      () => {
        write('shared/dirsync.config.yaml');
        chmodSync(at('shared'), 0o1777);
      },
    ],
    [
      'by a symlink of this user',
      () => {
        write('mine.yaml');
        symlinkSync('../mine.yaml', at('shared/dirsync.config.yaml'));
      },
    ],
  ];
  for (const [name, make] of own) {
    it(`reads one ${name}`, async () => {
      make();
      expect([...((await load())?.jobs.keys() ?? [])]).to.deep.equal(['a']);
    });
  }

  const writable: readonly (readonly [string, string, () => void])[] = [
    [
      'in a folder that all may write to',
      'BASE/shared/dirsync.config.yaml (other users can write to BASE/shared)',
      () => {
        write('shared/dirsync.config.yaml');
        chmodSync(at('shared'), 0o777);
      },
    ],
    [
      'below such a folder',
      'BASE/shared/job/.dirsyncrc (other users can write to BASE/shared)',
      () => {
        write('shared/job/.dirsyncrc');
        chmodSync(at('shared'), 0o777);
      },
    ],
    [
      'that all may write to',
      'BASE/shared/dirsync.config.yaml (other users can write to it)',
      () => {
        write('shared/dirsync.config.yaml');
        chmodSync(at('shared/dirsync.config.yaml'), 0o666);
      },
    ],
    [
      'that is a symlink to such a file',
      'BASE/shared/dirsync.config.yaml (other users can write to BASE/open.yaml)',
      () => {
        write('open.yaml');
        chmodSync(at('open.yaml'), 0o666);
        symlinkSync('../open.yaml', at('shared/dirsync.config.yaml'));
      },
    ],
    [
      'that is a package.json with our key',
      'BASE/shared/package.json (other users can write to BASE/shared)',
      () => {
        write('shared/package.json', `{"dirsync": {"extends": "./run.mjs"}}`);
        chmodSync(at('shared'), 0o777);
      },
    ],
    [
      'that extends such a file',
      'BASE/shared/job/dirsync.config.yaml:1: extends: BASE/open.mjs is not read: other users can write to it; ' +
        'if that is intended, name the config with --config',
      () => {
        write('shared/job/dirsync.config.yaml', 'extends: ../../open.mjs');
        write(
          'open.mjs',
          `import {writeFileSync} from 'node:fs'; writeFileSync(${JSON.stringify(at('ran'))}, ''); export default {};`,
        );
        chmodSync(at('open.mjs'), 0o666);
      },
    ],
  ];
  for (const [name, told, make] of writable) {
    it(`does not read one ${name}`, async () => {
      make();
      expect(await refusal()).to.equal(told);
      expect(existsSync(at('ran')), 'it was executed').to.equal(false);
    });
  }

  it('reads a named one with everything that it extends', async () => {
    write('shared/named.yaml', 'extends: base.yaml');
    write('shared/base.yaml');
    chmodSync(at('shared'), 0o777);
    expect([...((await load('../named.yaml'))?.jobs.keys() ?? [])]).to.deep.equal(['a']);
  });

  it('skips a package.json of another user without a key "dirsync"', async () => {
    write('shared/job/package.json', '{}');
    write('dirsync.config.yaml');
    chmodSync(at('shared'), 0o777);
    expect((await load())?.file).to.equal(at('dirsync.config.yaml'));
  });

  describe('as root', () => {
    before(function () {
      if (NOBODY === undefined) skip(this, 'only root can give files to another user');
    });

    const foreign: readonly (readonly [string, string, () => void])[] = [
      [
        'of another user in a folder that all share',
        'BASE/shared/dirsync.config.mjs (it belongs to uid 65534)',
        () => {
          chmodSync(at('shared'), 0o1777);
          write(
            'shared/dirsync.config.mjs',
            `import {writeFileSync} from 'node:fs'; writeFileSync(${JSON.stringify(at('ran'))}, '');`,
          );
          give('shared/dirsync.config.mjs');
        },
      ],
      [
        'in a folder of another user',
        'BASE/shared/job/dirsync.config.yaml (BASE/shared belongs to uid 65534)',
        () => {
          write('shared/job/dirsync.config.yaml');
          give('shared');
        },
      ],
      [
        'by a symlink of another user',
        'BASE/shared/dirsync.config.yaml (it belongs to uid 65534)',
        () => {
          chmodSync(at('shared'), 0o1777);
          write('mine.yaml');
          symlinkSync('../mine.yaml', at('shared/dirsync.config.yaml'));
          give('shared/dirsync.config.yaml');
        },
      ],
      [
        'in a folder of a group of others',
        'BASE/shared/dirsync.config.yaml (other users can write to BASE/shared)',
        () => {
          write('shared/dirsync.config.yaml');
          chownSync(at('shared'), 0, NOBODY as number);
          chmodSync(at('shared'), 0o775);
        },
      ],
    ];
    for (const [name, told, make] of foreign) {
      it(`does not read one ${name}`, async () => {
        make();
        expect(await refusal()).to.equal(told);
        expect(existsSync(at('ran')), 'it was executed').to.equal(false);
      });
    }

    it("a user reads root's, and root not the user's", async () => {
      write('shared/dirsync.config.yaml');
      expect(await asNobody(() => load())).to.not.equal(undefined);
      give('shared/dirsync.config.yaml');
      expect(await asNobody(() => load())).to.not.equal(undefined);
      expect(await refusal()).to.include('belongs to uid 65534');
    });
  });
});
