import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {hiddenNamingWarnings, openSide, type Sides, viewsOf} from '../../../src/app/sync/sides.js';
import type {HeldNames} from '../../../src/core/abilities.js';
import {toByteName} from '../../../src/core/name.js';
import {platform} from '../../../src/platform/choose.js';
import {SystemError} from '../../../src/platform/platform.js';
import {pairIn} from '../../support/cli.js';
import {header} from '../../support/plan.js';
import {refusalCode} from '../../support/refusal.js';
import {skip} from '../../support/skip.js';
import {tempDirs} from '../../support/temp.js';
import {asNobody} from '../../support/user.js';

const COLONS: HeldNames = {refused: ':', ends: '', letters: 'bytes'};

describe('app/sync/sides', () => {
  const temp = tempDirs();

  function noteNames(root: string, note: string): void {
    fs.mkdirSync(path.join(root, '.dirsync'));
    fs.writeFileSync(path.join(root, '.dirsync/naming.json'), note);
  }
  const sidesOf = ({source, target}: {source: string; target: string}, options: Partial<Sides['options']> = {}): Sides => ({
    source: {path: source},
    target: {path: target},
    options: {...header.options, ...options},
  });
  const namesIn = (sides: Sides, side: 'source' | 'target') => {
    const {root} = openSide(sides, side);
    try {
      return platform()
        .names(root)
        .filter((name) => name !== '.dirsync');
    } finally {
      platform().close(root);
    }
  };

  it('shows trees as they are, where nothing else is said of them', () => {
    const {source, target} = viewsOf(sidesOf(pairIn(temp(), {'a%3Ab': 'x'}, {})));
    expect([source.names, source.links, target.names]).to.deep.equal([undefined, undefined, undefined]);
    expect(namesIn(sidesOf(pairIn(temp(), {'a%3Ab': 'x'}, {})), 'source')).to.deep.equal(['a%3Ab']);
  });

  it('reads names that are escaped in a tree, on either side', () => {
    const pair = pairIn(temp(), {'a%3Ab': 'x'}, {'c%3Ad': 'x'});
    noteNames(pair.source, JSON.stringify(COLONS));
    const sides = sidesOf(pair);
    expect(viewsOf(sides).source.names).to.deep.equal(COLONS);
    expect(viewsOf(sides).target.names).to.equal(undefined);
    expect([namesIn(sides, 'source'), namesIn(sides, 'target')]).to.deep.equal([['a:b'], ['c%3Ad']]);
  });

  it('what becomes of links is said of the source alone', () => {
    const {source, target} = viewsOf(sidesOf(pairIn(temp(), {}, {}), {linksAs: 'content'}));
    expect([source.links, target.links]).to.deep.equal(['content', undefined]);
  });

  it('a root that cannot be opened is shown as it is, and fails when it is opened', () => {
    const {source, root} = pairIn(temp(), {});
    const sides = sidesOf({source, target: path.join(root, 'none')});
    expect(viewsOf(sides).target).to.deep.equal({});
    expect(() => openSide(sides, 'target'))
      .to.throw(SystemError)
      .with.property('code', 'ENOENT');
  });

  it('a note that cannot be understood is refused: names would be taken for others', async () => {
    for (const side of ['source', 'target'] as const) {
      const pair = pairIn(temp(), {}, {});
      noteNames(pair[side], 'nothing that is JSON');
      expect(await refusalCode(() => viewsOf(sidesOf(pair)))).to.equal('NAMING_UNREADABLE');
      expect(await refusalCode(() => openSide(sidesOf(pair), side))).to.equal('NAMING_UNREADABLE');
    }
  });

  it('closes what it opens, refused or not', async function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    const pair = pairIn(temp(), {}, {});
    const bad = pairIn(temp(), {}, {});
    noteNames(bad.source, '');
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    viewsOf(sidesOf(pair));
    hiddenNamingWarnings(sidesOf(pair));
    await refusalCode(() => viewsOf(sidesOf(bad)));
    expect(open()).to.equal(before);
  });

  describe('a note that this user may not read', () => {
    it('is warned of in a source', () => {
      const {source, target, root} = pairIn(temp(), {}, {});
      for (const folder of [root, source]) fs.chmodSync(folder, 0o755);
      noteNames(source, JSON.stringify(COLONS));
      const sides = sidesOf({source, target});
      fs.chmodSync(path.join(source, '.dirsync'), 0);
      const warnings = asNobody(() => hiddenNamingWarnings(sides));
      fs.chmodSync(path.join(source, '.dirsync'), 0o700);
      expect(warnings).to.have.length(1);
      expect(hiddenNamingWarnings(sides)).to.deep.equal([]);
    });

    it('is none where there is no source', () => {
      expect(hiddenNamingWarnings({source: {path: path.join(temp(), 'none')}})).to.deep.equal([]);
    });
  });

  it('takes paths as the names that they are', function () {
    if (process.platform !== 'linux') skip(this, 'this system takes no names that are not UTF-8');
    const root = temp();
    const odd = `${root}/x\udcff`;
    fs.mkdirSync(Buffer.from(toByteName(odd), 'latin1'));
    expect(namesIn(sidesOf({source: odd, target: root}), 'source')).to.deep.equal([]);
  });
});
