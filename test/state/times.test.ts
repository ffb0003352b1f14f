import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {NS_PER_SECOND} from '../../src/core/entry.js';
import {toByteName} from '../../src/core/name.js';
import {ORDINARY_END, ORDINARY_START, type TimeFacts} from '../../src/core/times.js';
import {platform} from '../../src/platform/choose.js';
import {readTimeFacts, writeTimeFacts} from '../../src/state/times.js';
import {tempDirs} from '../support/temp.js';

const S = NS_PER_SECOND;

describe('state/times', () => {
  const temp = tempDirs();
  let target: string;
  let file: string;

  beforeEach(() => {
    target = temp();
    file = path.join(target, '.dirsync/times.json');
  });

  function inTarget<T>(act: (root: ReturnType<ReturnType<typeof platform>['openRoot']>) => T): T {
    const root = platform().openRoot(toByteName(target));
    try {
      return act(root);
    } finally {
      platform().close(root);
    }
  }
  const read = () => inTarget((root) => readTimeFacts(platform(), root));
  const write = (facts: TimeFacts) => inTarget((root) => writeTimeFacts(platform(), root, facts));
  const put = (content: string | Buffer) => {
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, content);
  };

  const all: readonly TimeFacts[] = [
    {resolution: 1n, range: {}},
    {resolution: 2n * S, range: {}},
    {resolution: S, range: {min: -(2n ** 31n) * S, max: ORDINARY_END - S}},
    {resolution: 1n, range: {max: 2n ** 63n * S}},
    {resolution: 2n * S, range: {min: ORDINARY_START, max: 4_354_819_198n * S}},
  ];
  for (const facts of all) {
    const {min, max} = facts.range;
    it(`reads what was written: to ${facts.resolution} ns, from ${min ?? 'ever'} to ${max ?? 'ever'}`, () => {
      write(facts);
      expect(read()).to.deep.equal(facts);
      expect(fs.readdirSync(path.dirname(file))).to.deep.equal(['times.json']);
    });
  }

  it('adds to earlier facts', () => {
    write({resolution: 100n, range: {min: -5n * S}});
    write({resolution: 1n, range: {min: -9n * S, max: ORDINARY_END}});
    expect(read()).to.deep.equal({resolution: 100n, range: {min: -5n * S, max: ORDINARY_END}});
  });

  it('is private', () => {
    write({resolution: 100n, range: {}});
    expect([file, path.dirname(file)].map((at) => fs.statSync(at).mode & 0o777)).to.deep.equal([0o600, 0o700]);
  });

  it('reads nothing at first, and creates nothing by reading', () => {
    expect(read()).to.equal(undefined);
    expect(fs.readdirSync(target)).to.deep.equal([]);
    fs.mkdirSync(path.dirname(file));
    expect(read()).to.equal(undefined);
  });

  describe('ignores', () => {
    const json = (fields: object) => JSON.stringify({resolution: '1', ...fields});
    const cases: Record<string, string | Buffer> = {
      'an empty file': '',
      'a torn one': '{"resolution":"10',
      'what is no JSON': Buffer.from([0xff, 0x00]),
      null: 'null',
      'a list': '[]',
      'no resolution': '{}',
      'a resolution that is a number': '{"resolution": 1000}',
      'a resolution of zero': json({resolution: '0'}),
      'a resolution below zero': json({resolution: '-5'}),
      'a resolution so coarse that it hides changes': json({resolution: '2000000001'}),
      'a resolution in hexadecimal': json({resolution: '0x10'}),
      'years that begin too late': json({min: String(ORDINARY_START + 1n)}),
      'years that end too early': json({max: String(ORDINARY_END - S - 1n)}),
      'years that end before they begin': json({min: '0', max: '-1'}),
      'a file larger than any': `${' '.repeat(5000)}${json({})}`,
    };
    for (const [title, content] of Object.entries(cases)) {
      it(title, () => {
        put(content);
        expect(read()).to.equal(undefined);
        // And the next run writes it anew.
        write({resolution: 100n, range: {}});
        expect(read()).to.deep.equal({resolution: 100n, range: {}});
      });
    }

    it('a symlink', () => {
      const elsewhere = path.join(target, 'elsewhere');
      fs.writeFileSync(elsewhere, json({}));
      fs.mkdirSync(path.dirname(file));
      fs.symlinkSync(elsewhere, file);
      expect(read()).to.equal(undefined);
      write({resolution: 100n, range: {}});
      expect(read()).to.deep.equal({resolution: 100n, range: {}});
      expect(fs.readFileSync(elsewhere, 'utf8')).to.equal(json({}));
    });

    it('a file in place of .dirsync', () => {
      fs.writeFileSync(path.dirname(file), '');
      expect(read()).to.equal(undefined);
    });
  });

  it('does not write through an obstacle', () => {
    const elsewhere = path.join(target, 'elsewhere');
    fs.writeFileSync(elsewhere, 'x');
    fs.mkdirSync(path.dirname(file));
    fs.symlinkSync(elsewhere, `${file}.new`);
    write({resolution: 100n, range: {}});
    expect(read()).to.deep.equal({resolution: 100n, range: {}});
    expect(fs.readFileSync(elsewhere, 'utf8')).to.equal('x');
  });
});
