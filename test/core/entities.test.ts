import {expect} from 'chai';
import {escapeElement, escapeMarkup} from '../../src/core/entities.js';

describe('core/entities', () => {
  const text = `<a href="x" title='y'>&amp;</a>`;

  it('leaves nothing that begins an element or an entity, or ends an attribute', () => {
    expect(escapeMarkup(text)).to.equal('&lt;a href=&quot;x&quot; title=&apos;y&apos;&gt;&amp;amp;&lt;/a&gt;');
  });

  it('leaves quotes in an element as they are', () => {
    expect(escapeElement(text)).to.equal(`&lt;a href="x" title='y'&gt;&amp;amp;&lt;/a&gt;`);
  });
});
