import {expect} from 'chai';
import fc from 'fast-check';
import {
  type ByteName,
  compareBytes,
  compareNames,
  decodeName,
  encodeName,
  fromByteName,
  isName,
  lossyName,
  osPath,
  toByteName,
} from '../../src/core/name.js';

const bytes = fc
  .oneof(
    fc.uint8Array({maxLength: 12}),
    // Mostly the bytes that UTF-8 sequences are made of, well formed or not.
    fc.array(fc.constantFrom(0x41, 0x80, 0xa0, 0xbf, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xed, 0xf0, 0x9f, 0x98, 0xff), {maxLength: 8}),
  )
  .map((units) => Uint8Array.from(units));

describe('core/name', () => {
  const decoded: [title: string, bytes: number[], text: string][] = [
    ['ASCII', [0x61, 0x0a], 'a\n'],
    ['UTF-8 of 2, 3 and 4 bytes', [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80], 'é€😀'],
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
    ['Latin-1', [0x63, 0xe9, 0x61], 'c\udce9a'],
    ['a sequence that is cut off', [0x61, 0xf0, 0x9f, 0x98], 'a\udcf0\udc9f\udc98'],
    ['an encoded surrogate', [0xed, 0xb2, 0x80], '\udced\udcb2\udc80'],
    ['a form that is too long', [0xc0, 0xaf], '\udcc0\udcaf'],
    ['above U+10FFFF', [0xf5, 0x80, 0x80, 0x80], '\udcf5\udc80\udc80\udc80'],
    ['valid beside invalid', [0xff, 0xc3, 0xa9, 0xff], '\udcffé\udcff'],
  ];
  for (const [title, from, text] of decoded) {
    it(`reads ${title}`, () => {
      expect(decodeName(Uint8Array.from(from))).to.equal(text);
      expect([...encodeName(text)]).to.deep.equal(from);
    });
  }

  it('law: bytes to text and back are the same bytes', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(encodeName(decodeName(given))).to.deep.equal(given);
      }),
    );
  });
  it('law: decoded bytes are a name', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(isName(decodeName(given))).to.equal(true);
      }),
    );
  });
  it('law: bytes to text to byte string and back', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        const text = decodeName(given);
        expect(toByteName(text)).to.equal(Buffer.from(given).toString('latin1'));
        expect(fromByteName(toByteName(text))).to.equal(text);
      }),
    );
  });
  it('law: names are ordered by their bytes, in every form', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const order = Math.sign(Buffer.compare(a, b));
        const [textA, textB] = [decodeName(a), decodeName(b)];
        expect(Math.sign(compareBytes(a, b))).to.equal(order);
        expect(Math.sign(compareNames(textA, textB))).to.equal(order);
        const [byteA, byteB] = [toByteName(textA), toByteName(textB)];
        expect(byteA < byteB ? -1 : byteA > byteB ? 1 : 0).to.equal(order);
      }),
    );
  });
  it('orders an escaped byte and an emoji by bytes, not by UTF-16 units', () => {
    expect(compareNames('\uffff', '😀')).to.be.below(0);
    expect(compareNames('\udcff', '\uffff')).to.be.above(0);
  });

  const noNames: [title: string, text: string][] = [
    ['a high surrogate alone', 'a\ud83d'],
    ['a low surrogate that is no escape', '\udc00'],
    ['an escaped ASCII byte', '\udc41'],
    ['escapes that are UTF-8 together', '\udcc3\udca9'],
  ];
  for (const [title, text] of noNames) it(`is no name: ${title}`, () => expect(isName(text)).to.equal(false));
  for (const text of ['\ud83d', '\udc00', '\udc7f', '\udd00']) {
    it(`has no bytes: U+${text.charCodeAt(0).toString(16)}`, () => expect(() => encodeName(`a${text}`)).to.throw(RangeError));
  }
  it('byte strings hold one unit a byte', () => {
    expect(toByteName('é')).to.equal('\xc3\xa9');
    expect(fromByteName('\xc3\xa9\xff' as ByteName)).to.equal('é\udcff');
  });

  it('passes the bytes of a name to the system, and `lossyName` recognises it after decoding as UTF-8', () => {
    fc.assert(
      fc.property(bytes, (from) => {
        const name = decodeName(from);
        expect(Buffer.from(osPath(name))).to.deep.equal(Buffer.from(from));
        expect(lossyName(name)).to.equal(lossyName(Buffer.from(from).toString()));
      }),
    );
  });
});
