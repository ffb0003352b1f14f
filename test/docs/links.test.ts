import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {marked, type Token} from 'marked';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...['docs', 'examples'].flatMap((folder) =>
    fs
      .readdirSync(path.join(ROOT, folder), {recursive: true, encoding: 'utf8'})
      .flatMap((name) => (name.endsWith('.md') && !name.startsWith('notes') ? [path.join(folder, name)] : [])),
  ),
];

const read = (page: string) => fs.readFileSync(path.join(ROOT, page), 'utf8');

function tokensOf(page: string): Token[] {
  const tokens: Token[] = [];
  void marked.walkTokens(marked.lexer(read(page)), (token) => {
    tokens.push(token);
  });
  return tokens;
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(page: string): string[] {
  return tokensOf(page).flatMap((token) =>
    token.type === 'heading'
      ? [
          token.text
            .toLowerCase()
            .replace(/[^\p{L}\p{N}\s_-]/gu, '')
            .replaceAll(' ', '-'),
        ]
      : [],
  );
}

/** The links and pictures of a page that stay in the checkout. */
function linksOf(page: string): string[] {
  const targets = tokensOf(page).flatMap((token): string[] =>
    token.type === 'link' || token.type === 'image' ? [token.href] : [],
  );
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

function isBroken(page: string, link: string): boolean {
  const [name = '', anchor] = link.split('#');
  const file = name === '' ? page : path.join(path.dirname(page), name);
  if (!fs.existsSync(path.join(ROOT, file))) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

describe('the pages', () => {
  for (const page of PAGES)
    it(`${page} has no broken link`, () => expect(linksOf(page).filter((link) => isBroken(page, link))).to.deep.equal([]));

  it('notices a missing file and a missing heading', () => {
    const links = [
      'docs/safety.md',
      'docs/safety.md#how-it-is-tested',
      '#exit-codes',
      'docs/none.md',
      'docs/safety.md#none',
      '#none',
    ];
    expect(links.filter((link) => isBroken('README.md', link))).to.deep.equal(['docs/none.md', 'docs/safety.md#none', '#none']);
  });

  it('README links to every page of docs/', () => {
    const pages = fs.readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    expect(linksOf('README.md')).to.include.members(pages.map((name) => `docs/${name}`));
  });

  it('README has at most 250 lines', () => expect(read('README.md').trimEnd().split('\n')).to.have.length.at.most(250));
});
