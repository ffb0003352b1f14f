import {expect} from 'chai';
import type {ManifestFacts, ManifestHeader} from '../../src/core/manifest.js';
import {
  decodeManifestFacts,
  decodeManifestHeader,
  encodeManifestFacts,
  encodeManifestHeader,
} from '../../src/formats/manifest-json.js';
import {FormatError, HostilePathError} from '../../src/formats/shapes.js';
import {FACTS, HEADER} from '../support/manifest.js';

/** As it comes from a file. */
const written = (value: object) => JSON.parse(JSON.stringify(value));

describe('formats/manifest-json', () => {
  const {linksAs: _links, ...options} = HEADER.options;
  const {type: _type, largestFile: _largest, folding: _folding, ...fileSystem} = HEADER.fileSystem;
  const headers: ManifestHeader[] = [
    HEADER,
    {...HEADER, options, fileSystem: {...fileSystem, range: {min: -1n, max: 2n ** 40n}}, root: {path: '/'}},
  ];
  it('gives back headers', () => {
    for (const header of headers) expect(decodeManifestHeader(written(encodeManifestHeader(header)))).to.deep.equal(header);
  });
  it('gives back facts', () => {
    const none: ManifestFacts = {...FACTS, rules: [], tagged: [], problems: [], warnings: [], owners: {users: {}, groups: {}}};
    for (const facts of [FACTS, none]) expect(decodeManifestFacts(written(encodeManifestFacts(facts)))).to.deep.equal(facts);
  });
  it('refuses every missing and every unknown key', () => {
    const optional = new Set(['linksAs', 'type', 'largestFile', 'folding', 'identity']);
    const check = (value: Record<string, unknown>, decode: (value: unknown) => unknown) => {
      const visit = (at: Record<string, unknown>, where: string) => {
        for (const key of Object.keys(at)) {
          const kept = at[key];
          delete at[key];
          if (!optional.has(key)) expect(() => decode(value), `${where}.${key}`).to.throw(FormatError);
          at[key] = kept;
          const isNames = where.endsWith('.owners');
          if (typeof kept === 'object' && kept !== null && !Array.isArray(kept) && !isNames) {
            visit(kept as Record<string, unknown>, `${where}.${key}`);
          }
        }
        at.extra = 1;
        expect(() => decode(value), `${where}.extra`).to.throw(FormatError);
        delete at.extra;
      };
      visit(value, '');
    };
    check(written(encodeManifestHeader(HEADER)), decodeManifestHeader);
    check(written(encodeManifestFacts(FACTS)), decodeManifestFacts);
  });
  it('refuses paths that lead elsewhere, and values out of range', () => {
    const facts = (changes: object) => () => decodeManifestFacts(written({...encodeManifestFacts(FACTS), ...changes}));
    expect(facts({rules: [['../x', '']]})).to.throw(HostilePathError);
    expect(facts({tagged: [['a', 'b/c']]})).to.throw(FormatError);
    expect(facts({unlisted: -1})).to.throw(FormatError);
    const {fileSystem} = encodeManifestHeader(HEADER);
    const header = (changes: object) => () =>
      decodeManifestHeader(written({...encodeManifestHeader(HEADER), fileSystem: {...fileSystem, ...changes}}));
    expect(header({resolution: '0.000000000'})).to.throw(FormatError, 'resolution');
    expect(header({madeUp: ['colour']})).to.throw(FormatError, 'madeUp');
    expect(header({supports: {xattrs: ['system'], acls: true}})).to.throw(FormatError, 'xattrs');
  });
});
