import {expect} from 'chai';
import fc from 'fast-check';
import {decodeHeader, encodeHeader} from '../../src/formats/header-json.js';
import {decodeAction, decodeEntry, decodeProblem, encodeAction, encodeEntry, encodeProblem} from '../../src/formats/json.js';
import {decodeTime, encodeTime, FormatError, HostilePathError} from '../../src/formats/shapes.js';
import * as arbitrary from '../support/arbitrary.js';
import {file, folder, header, symlink} from '../support/plan.js';

/** Through text and back, as a value takes it. */
const travel = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('formats/json', () => {
  const times: [time: bigint, text: string][] = [
    [0n, '0.000000000'],
    [1n, '0.000000001'],
    [1_700_000_000_000_000_001n, '1700000000.000000001'],
    [-1n, '-0.000000001'],
    [-500_000_000n, '-0.500000000'],
    [-1_500_000_000n, '-1.500000000'],
  ];
  for (const [time, text] of times) {
    it(`writes the time ${text}`, () => {
      expect(encodeTime(time)).to.equal(text);
      expect(decodeTime(text, 'time')).to.equal(time);
    });
  }

  for (const text of ['', '1', '1.5', '1.0000000000', '.000000000', '+1.000000000', '1e9', ' 1.000000000', 1, null]) {
    it(`refuses the time ${JSON.stringify(text)}`, () => {
      expect(() => decodeTime(text, 'time')).to.throw(FormatError, /^time is .*, not seconds with nine decimals$/);
    });
  }

  it('has entries look as promised', () => {
    expect(encodeEntry(symlink('x\udcff', {mode: 0o7, mtime: -1n}))).to.deep.equal({
      kind: 'symlink',
      mode: '0007',
      uid: 1000,
      gid: 1000,
      size: 0,
      mtime: '-0.000000001',
      link: 'x\udcff',
    });
    expect(JSON.stringify(encodeEntry(symlink('x\udcff')))).to.include('"x\\udcff"');
  });

  it('decodes what it encoded: entries', () => {
    fc.assert(
      fc.property(arbitrary.entry(), (entry) => {
        expect(decodeEntry(travel(encodeEntry(entry)), 'entry')).to.deep.equal(entry);
      }),
    );
  });

  it('decodes what it encoded: actions, problems, headers', () => {
    fc.assert(
      fc.property(arbitrary.plan, ({header, actions, problems}) => {
        expect(decodeHeader(travel(encodeHeader(header)))).to.deep.equal(header);
        expect(actions.map((action) => decodeAction(travel(encodeAction(action))))).to.deep.equal(actions);
        expect(problems.map((problem) => decodeProblem(travel(encodeProblem(problem))))).to.deep.equal(problems);
      }),
    );
  });

  describe('refuses an action', () => {
    const f = encodeEntry(file(1));
    const d = encodeEntry(folder());
    const l = encodeEntry(symlink('x'));
    const create = {kind: 'create', path: 'a', reasons: ['new'], after: f};
    const cases: [action: unknown, message: string][] = [
      [null, 'the action is null, not an object'],
      [[], 'the action is a list, not an object'],
      [{...create, kind: 'leap'}, 'kind is "leap", not a kind of action'],
      [{...create, from: 'A'}, 'create with a from'],
      [{...create, kind: 'move', before: f}, 'from is missing'],
      [{...create, kind: 'move', from: 'A', before: d}, 'move from directory to file'],
      [{...create, kind: 'link', leader: 'b', from: 'A'}, 'link with a from'],
      [{...create, kind: 'move', from: 'b', before: f}, 'from "b" is not another spelling of "a"'],
      [{...create, kind: 'move', from: 'a', before: f}, 'from "a" is not another spelling of "a"'],
      [{...create, kind: 'update', from: 'x/A', before: f}, 'from "x/A" is not another spelling of "a"'],
      [{...create, kind: 'update', from: '../A', before: f}, 'from "../A" climbs out of the root with ".."'],
      [{...create, extra: 1}, 'the action has an unknown key "extra"'],
      [JSON.parse('{"__proto__": {}, "kind": "create"}'), 'the action has an unknown key "__proto__"'],
      [{...create, '\x1b[2J': 1}, 'the action has an unknown key "\\x1b[2J"'],
      [{...create, path: 1}, 'path is 1, not a string'],
      [{...create, path: undefined}, 'path is missing'],
      [{...create, reasons: 'new'}, 'reasons is "new", not a list'],
      [{...create, reasons: ['why']}, 'reasons is "why", not a reason'],
      [{...create, after: undefined}, 'after is missing'],
      [{...create, before: f}, 'before must not be present'],
      [{...create, after: d}, 'after is a directory'],
      [{...create, leader: 'b'}, 'create with a leader'],
      [{...create, after: {...f, kind: 'fifo', size: 0, rdev: '1:2'}}, 'after is a fifo with device numbers'],
      [{...create, after: {...f, kind: 'chardev', size: 0, rdev: '1'}}, 'after.rdev is "1", not two numbers of a device'],
      [{...create, after: {...f, xattrs: []}}, 'after.xattrs is a list, not an object'],
      [{...create, after: {...f, xattrs: {none: ''}}}, 'after.xattrs is "none", not names of extended attributes'],
      [{...create, after: {...f, xattrs: {'user.a': '*'}}}, 'after.xattrs.user.a is "*", not base64 or a digest'],
      [{...create, after: {...f, kind: 'door'}}, 'after.kind is "door", not a kind of entry'],
      [{...create, after: {...f, mode: '644'}}, 'after.mode is "644", not four octal digits'],
      [{...create, after: {...f, mode: 420}}, 'after.mode is 420, not four octal digits'],
      [{...create, after: {...f, size: -1}}, 'after.size is -1, not a whole number from 0 to 9007199254740991'],
      [{...create, after: {...f, size: 1.5}}, 'after.size is 1.5, not a whole number from 0 to 9007199254740991'],
      [{...create, after: {...f, uid: 2 ** 32}}, 'after.uid is 4294967296, not a whole number from 0 to 4294967295'],
      [{...create, after: {...f, gid: undefined}}, 'after.gid is missing'],
      [{...create, after: {...f, mtime: 0}}, 'after.mtime is 0, not seconds with nine decimals'],
      [{...create, after: {...f, link: 'x'}}, 'after is a file with a link'],
      [{...create, after: {...f, extra: 1}}, 'after has an unknown key "extra"'],
      [{...create, after: {...l, link: undefined}}, 'after.link is missing'],
      [{...create, after: {...l, link: 'a\0b'}}, 'after.link is "a\\x00b", not a path'],
      [{...create, after: {...l, link: '\ud800'}}, 'after.link is "\\ud800", not a path'],
      [{...create, after: {...l, size: 3}}, 'after.size is 3, not 0, as for every symlink'],
      [{...create, kind: 'mkdir'}, 'after is a file'],
      [{...create, kind: 'delete'}, 'before is missing'],
      [{...create, kind: 'delete', before: f}, 'after must not be present'],
      [{kind: 'delete', path: 'a', reasons: [], before: d}, 'before is a directory'],
      [{kind: 'rmdir', path: 'a', reasons: [], before: l}, 'before is a symlink'],
      [{...create, kind: 'update', before: l}, 'update from symlink to file'],
      [{...create, kind: 'update', before: d, after: d}, 'before is a directory'],
      [{...create, kind: 'attrs', before: d}, 'attrs from directory to file'],
      [{...create, kind: 'replace', before: f}, 'replace from file to file'],
      [{...create, kind: 'link'}, 'leader is missing'],
      [{...create, kind: 'link', leader: 'b', after: d}, 'after is a directory'],
    ];
    for (const [action, message] of cases) {
      it(message, () => {
        expect(() => decodeAction(action))
          .to.throw(FormatError)
          .that.has.property('message', message);
      });
    }

    const paths: [path: string, fault: string][] = [
      ['/etc/passwd', 'is absolute'],
      ['a/../../b', 'climbs out of the root with ".."'],
      ['..', 'climbs out of the root with ".."'],
      ['a//b', 'is not normalized'],
      ['a/', 'is not normalized'],
      ['./a', 'is not normalized'],
      ['a\0b', 'contains a NUL'],
      ['a\ud800', 'contains a surrogate that represents no byte'],
      ['a\udc2fb', 'contains a surrogate that represents no byte'],
      ['\udcc3\udca9', 'contains a surrogate that represents no byte'],
      ['.dirsync', 'is inside .dirsync, which belongs to dirsync'],
      ['.dirsync/id.json', 'is inside .dirsync, which belongs to dirsync'],
    ];
    for (const [path, fault] of paths) {
      it(`whose path ${fault}: ${JSON.stringify(path)}`, () => {
        expect(() => decodeAction({...create, path})).to.throw(HostilePathError, `" ${fault}`);
        expect(() => decodeAction({...create, kind: 'link', leader: path})).to.throw(HostilePathError, `leader "`);
        expect(() => decodeProblem({path, side: 'source', phase: 'scan', code: 'X', message: ''})).to.throw(HostilePathError);
      });
    }

    it('that does away with the root', () => {
      expect(() => decodeAction({kind: 'rmdir', path: '', reasons: ['gone'], before: d})).to.throw(HostilePathError);
      expect(() => decodeAction({...create, path: ''})).to.throw(HostilePathError);
      expect(() => decodeAction({...create, kind: 'link', leader: ''})).to.throw(HostilePathError);
    });

    it('with foreign text escaped and cut', () => {
      expect(() => decodeAction({...create, path: `/\x1b]0;${'x'.repeat(5000)}`}))
        .to.throw(FormatError)
        .with.property('message')
        .that.matches(/^path "\/\\x1b\]0;x{195}…" is absolute$/);
    });
  });

  describe('refuses a header', () => {
    const sound = encodeHeader(header);
    const cases: [header: unknown, message: string][] = [
      [{...sound, extra: 1}, 'the header has an unknown key "extra"'],
      [{...sound, id: '../x'}, 'id is "../x", not an id'],
      [{...sound, created: 'today'}, 'created is "today", not a time'],
      [{...sound, source: {path: ''}}, 'source.path is "", not a path'],
      [{...sound, source: {path: '/a\0'}}, 'source.path is "/a\\x00", not a path'],
      [{...sound, target: {path: '/a', identity: {inode: 1}}}, 'target.identity.inode is 1, not an inode number'],
      [{...sound, overlap: 'some'}, 'overlap is "some", not one of same, target-in-source, source-in-target'],
      [{...sound, sourceMissing: 1}, 'sourceMissing is 1, not true or false'],
      [{...sound, warnings: [1]}, 'warnings is 1, not a string'],
      [{...sound, options: {...sound.options, compare: 'x'}}, 'options.compare is "x", not one of metadata, size, content'],
      [{...sound, options: {...sound.options, delete: 'no'}}, 'options.delete is "no", not true or false'],
      [{...sound, options: {...sound.options, groups: 'all'}}, 'options.groups is "all", not a list'],
      [
        {...sound, options: {...sound.options, mtimeWindow: '-1.000000000'}},
        'options.mtimeWindow is "-1.000000000", not a duration',
      ],
      [
        {...sound, options: {...sound.options, sourceResolution: '-1.000000000'}},
        'options.sourceResolution is "-1.000000000", not a duration',
      ],
      [{...sound, options: {...sound.options, maxDelete: {}}}, 'options.maxDelete.count is missing'],
      [{...sound, options: {...sound.options, maxDelete: {share: 2}}}, 'options.maxDelete.share is 2, not a share from 0 to 1'],
      [{...sound, options: {...sound.options, maxDelete: {share: 1, count: 1}}}, 'options.maxDelete has a count and a share'],
      [{...sound, totals: {source: sound.totals.source}}, 'totals.target is missing'],
    ];
    for (const [value, message] of cases) {
      it(message, () => {
        expect(() => decodeHeader(value))
          .to.throw(FormatError)
          .that.has.property('message', message);
      });
    }
  });
});
