import {expect} from 'chai';
import fc from 'fast-check';
import {ACL_ACCESS, ACL_DEFAULT, digestValue} from '../../../src/core/xattr.js';
import {xattrLabel, xattrPairWords, xattrWords} from '../../../src/report/words/xattr.js';
import {aclBytes, aclFor} from '../../support/acl.js';

const base64 = (content: string | Uint8Array) => Buffer.from(content).toString('base64');
const hex = (text: string) => base64(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe('report/words/xattr', () => {
  const values: Record<string, readonly [value: string, words: string]> = {
    text: [base64('text/plain'), '"text/plain"'],
    'text in UTF-8': [base64('Grüße 😀'), '"Grüße 😀"'],
    'text with lines, quotes and backslashes': [base64('a\n\t"b"\\'), '"a\\n\\t\\"b\\"\\\\"'],
    'text with marks that turn it around': [base64('\u202egnp.exe\ufeff'), '"\\u202egnp.exe\\ufeff"'],
    'text as programs in C end it': [base64('system_u:object_r\0'), '"system_u:object_r\\x00"'],
    markup: [base64('<img src=x onerror=alert(1)>'), '"<img src=x onerror=alert(1)>"'],
    nothing: ['', '""'],
    'text with an escape sequence': [base64('\x1b[2J'), '0x1b5b324a'],
    'what is not UTF-8': [hex('ff 41'), '0xff41'],
    'a NUL that is not at the end': [base64('a\0b'), '0x610062'],
    '32 bytes': [hex('00'.repeat(32)), `0x${'00'.repeat(32)}`],
    'more bytes': [hex('01'.repeat(33)), `0x${'01'.repeat(32)}… (33 bytes)`],
    'a digest': [digestValue('0a1b'.repeat(16)), 'sha256 0a1b0a1b0a1b0a1b… (long)'],
    'what could not be read': ['?', 'unreadable'],
    'base64 of no whole bytes': ['QUJDR', '"ABC"'],
  };
  for (const [title, [value, words]] of Object.entries(values)) {
    it(`shows ${title}`, () => expect(xattrWords('user.x', value)).to.equal(words));
  }

  it('shows file capabilities as they are', () => {
    const value = hex('01000002 00200000 00000000 00000000 00000000');
    expect(xattrWords('security.capability', value)).to.equal('0x0100000200200000000000000000000000000000');
  });

  describe('ACLs', () => {
    const acls: Record<string, readonly [value: string, words: string]> = {
      'as getfacl does': [aclFor(1000), 'u::rw-,u:1000:r--,g::r--,m::r--,o::---'],
      'with every tag and permission': [
        base64(
          aclBytes([
            [0x01, 7],
            [0x02, 0, 0],
            [0x02, 3, 0xfffffffe],
            [0x04, 5],
            [0x08, 6, 100],
            [0x10, 2],
            [0x20, 1],
          ]),
        ),
        'u::rwx,u:0:---,u:4294967294:-wx,g::r-x,g:100:rw-,m::-w-,o::--x',
      ],
      'of another version as bytes': [base64(aclBytes([[1, 7]], 3)), '0x0300000001000700ffffffff'],
      'with an unknown tag as bytes': [base64(aclBytes([[0x40, 7]])), '0x0200000040000700ffffffff'],
      'with unknown permissions as bytes': [base64(aclBytes([[1, 8]])), '0x0200000001000800ffffffff'],
      'that are cut off as bytes': [base64(aclBytes([[1, 7]]).subarray(0, 11)), '0x0200000001000700ffffff'],
      'without entries as bytes': [base64(aclBytes([])), '0x02000000'],
      'of no bytes': ['', '0x'],
      'that are text as bytes': [base64('text'), '0x74657874'],
      'that are long as a digest': [digestValue('00'.repeat(32)), 'sha256 0000000000000000… (long)'],
    };
    for (const [title, [value, words]] of Object.entries(acls)) {
      it(`are shown ${title}`, () => {
        for (const name of [ACL_ACCESS, ACL_DEFAULT]) expect(xattrWords(name, value)).to.equal(words);
      });
    }
    it('of other names are bytes', () => expect(xattrWords('user.acl', aclFor(1))).to.match(/^0x02000000/));
  });

  it('calls attributes what people call them', () => {
    expect([ACL_ACCESS, ACL_DEFAULT, 'user.a b', 'user.\x1b[31m\u202e\udcff'].map(xattrLabel)).to.deep.equal([
      'ACL',
      'default ACL',
      'user.a b',
      'user.\\x1b[31m\\u202e\\xff',
    ]);
  });

  it('tells long values apart', () => {
    const [a, b] = ['00', '01'].map((end) => hex(`${'ff'.repeat(100)}${end}${'ff'.repeat(50)}`)) as [string, string];
    const rest = `${'ff'.repeat(31)}… (151 bytes, from byte 100)`;
    expect(xattrPairWords('user.x', a, b)).to.deep.equal([`0x00${rest}`, `0x01${rest}`]);
    const [long, other] = ['00', '01'].map((end) => `${'ab'.repeat(31)}${end}`) as [string, string];
    expect(xattrPairWords('user.x', digestValue(long), digestValue(other))).to.deep.equal([
      `sha256 ${long} (long)`,
      `sha256 ${other} (long)`,
    ]);
  });

  const name = fc.constantFrom('user.x', ACL_ACCESS);
  const bytes = fc.oneof(
    fc.uint8Array({maxLength: 256}),
    fc.string({unit: 'binary', maxLength: 60}).map((text) => new TextEncoder().encode(text)),
    fc
      .tuple(fc.constantFrom(0xff, 0x41), fc.uint8Array({maxLength: 3}))
      .map(([fill, end]) => Uint8Array.from([...Array(60).fill(fill), ...end])),
    fc
      .array(fc.tuple(fc.constantFrom(1, 2, 4, 8, 16, 32), fc.nat(7), fc.nat(3)))
      .map((entries) => Uint8Array.from(aclBytes(entries))),
  );

  it('law: different values have different words, all of them harmless', () =>
    fc.assert(
      fc.property(name, bytes, bytes, (name, a, b) => {
        const [before, after] = xattrPairWords(name, base64(a), base64(b));
        expect(before === after).to.equal(Buffer.compare(a, b) === 0);
        expect(before + after).to.not.match(UNSAFE);
      }),
      {numRuns: 500},
    ));
});
