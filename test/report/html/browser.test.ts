/** Reports in a real browser: what they do there, and above all what they do not. */
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {expect} from 'chai';
import {type Browser, chromium, type Page} from 'playwright-core';
import {readPageAssets} from '../../../src/app/assets.js';
import type {Action} from '../../../src/core/action.js';
import {escapeName} from '../../../src/core/escape.js';
import {comparePaths, type RelPath} from '../../../src/core/path.js';
import {problem} from '../../../src/core/problem.js';
import {guardHalts} from '../../../src/plan/guards.js';
import {summarize} from '../../../src/plan/summary.js';
import {htmlReport} from '../../../src/report/html/html.js';
import type {Subject} from '../../../src/report/subject.js';
import {act, file, planOf, symlink} from '../../support/plan.js';
import {skip} from '../../support/skip.js';
import {hostileXattrs, movesAndDrift} from '../../support/subject.js';
import {tempDirs} from '../../support/temp.js';

const IMG = '<img src=x onerror="window.__pwned=1">';
const ESCAPES = 'a\x1b]0;pwned\x07\u202eb';

const NAMED: Action = {
  kind: 'attrs',
  path: 'named' as RelPath,
  reasons: ['xattrs'],
  before: file(1, {xattrs: hostileXattrs(ESCAPES)}),
  after: file(1, {xattrs: hostileXattrs(IMG)}),
};

const actions: Action[] = [
  act.create(IMG, file(1000)),
  act.mkdir('docs'),
  act.create('docs/guide.md', file(2000)),
  act.update('docs/index.md', file(10), file(3000)),
  act.create(ESCAPES, symlink(`</script>${IMG}`)),
  act.mkdir('media'),
  ...Array.from({length: 40}, (_, i) => act.create(`media/clip-${String(i).padStart(2, '0')}.mp4`, file(500_000 + i))),
  NAMED,
  act.delete('old.txt', file(9000)),
  act.delete(`${IMG}<script>window.__pwned=2</script>`.replaceAll('/', '\\'), file(1)),
].sort((a, b) => comparePaths(a.path, b.path));

const ALL = `${actions.length} changes`;

function planSubject(changes: readonly Action[]): Subject {
  const problems = [problem({path: IMG as RelPath, side: 'source', phase: 'scan', code: 'EACCES', message: `${IMG}${ESCAPES}`})];
  const plan = planOf(changes, {problems, warnings: [IMG], source: {path: `/${IMG}`}});
  return {type: 'plan', plan, summary: summarize(plan), halts: guardHalts(plan, [])};
}

function findChromium(): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v chromium'], {encoding: 'utf8'}).trim();
  } catch {
    return undefined;
  }
}

describe('report/html/html in a browser', () => {
  const tempDir = tempDirs();
  let browser: Browser | undefined;
  /** What must not happen: requests, errors, violations of the policy, dialogs. */
  let trouble: string[];

  before(async function () {
    const executablePath = findChromium();
    if (executablePath === undefined) skip(this, 'there is no chromium');
    browser = await chromium.launch({executablePath, args: ['--no-sandbox']});
  });

  after(() => browser?.close());

  beforeEach(() => {
    trouble = [];
  });

  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
  });

  async function open(options: {subject?: Subject} & Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
    const {subject = planSubject(actions), ...context} = options;
    const report = path.join(tempDir(), 'report.html');
    writeFileSync(report, [...htmlReport(subject, readPageAssets())].join(''));
    const url = pathToFileURL(report).href;
    const page = await (await (browser as Browser).newContext({offline: true, ...context})).newPage();
    page.on('request', (request) => request.url() !== url && trouble.push(`request: ${request.url()}`));
    page.on('console', (message) => trouble.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => {
      trouble.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(url);
    return page;
  }

  const active = (page: Page) =>
    page.evaluate(() => {
      const id = document.activeElement?.getAttribute('aria-activedescendant');
      return id ? document.getElementById(id)?.querySelector('.name')?.textContent : undefined;
    });

  async function press(page: Page, ...keys: readonly string[]): Promise<void> {
    for (const key of keys) await page.keyboard.press(key);
  }

  it('opens without requests, errors or violations of its policy', async () => {
    const page = await open();
    expect(await page.getByRole('treeitem').count()).to.be.greaterThan(5);
    expect(trouble).to.deep.equal([]);
  });

  it('shows hostile names and runs none of them, wherever they stand', async () => {
    const page = await open();
    const tree = page.getByRole('tree');
    await tree.focus();
    // Every row is selected once, so that the details of each were drawn.
    for (let i = 0; i < actions.length + 2; i++) await press(page, 'ArrowDown');
    for (const tile of await page.locator('svg.map [data-path]').all()) await tile.dispatchEvent('click');
    await page.getByRole('searchbox').fill('<img');
    await page.getByText(`2 of ${ALL}`).waitFor();
    expect(await page.evaluate(() => [(window as {__pwned?: unknown}).__pwned, document.images.length])).to.deep.equal([
      undefined,
      0,
    ]);
    expect(await page.locator('script').count()).to.equal(2);
    expect(await page.locator('h1, .facts').allTextContents()).to.satisfy((texts: string[]) => texts.join('').includes(IMG));
    expect(await page.evaluate(() => /[\p{Cf}]/u.test(document.documentElement.outerHTML))).to.equal(false);
    expect(trouble).to.deep.equal([]);
  });

  it('shows extended attributes, and which of them change', async () => {
    const page = await open();
    await page.getByRole('searchbox').fill('named');
    await page.getByRole('treeitem', {name: 'named'}).click();
    const rows = await page.locator('.details tr.changed').allTextContents();
    expect(rows).to.deep.equal([
      `user.${IMG} (changes)–""`,
      `user.${escapeName(ESCAPES)} (changes)""–`,
      `user.text (changes)0x611b5d303b70776e656407e280ae62"${IMG.replaceAll('"', '\\"')}"`,
    ]);
  });

  it('has its policy enforced by the browser', async () => {
    const page = await open();
    await page.evaluate(() => {
      const attempts = [
        () => {
          const script = document.createElement('script');
          script.append('window.__pwned = 3');
          document.body.append(script);
        },
        () => document.body.setAttribute('onclick', 'window.__pwned = 4'),
        () => document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.__pwned = 5">'),
        () => document.body.append(Object.assign(document.createElement('img'), {src: 'data:,'})),
      ];
      for (const attempt of attempts) {
        try {
          attempt();
        } catch {
          // Refused at once.
        }
      }
      document.body.click();
    });
    await page.waitForTimeout(50);
    expect(await page.evaluate(() => (window as {__pwned?: unknown}).__pwned)).to.equal(undefined);
    expect(trouble.join()).to.contain('Content Security Policy');
  });

  it('finds paths, says how many, and shows all again', async () => {
    const page = await open();
    await page.getByRole('searchbox', {name: 'Search paths'}).fill('DOCS/G');
    const status = page.getByRole('status');
    await page.getByText(`1 of ${ALL}`).waitFor();
    expect(await status.getAttribute('aria-live')).to.equal('polite');
    expect(await page.getByRole('treeitem').count()).to.equal(2);
    await press(page, 'Escape');
    await page.getByText(`All ${ALL}`).waitFor();
  });

  it('filters by kind', async () => {
    const page = await open();
    await page.getByRole('checkbox', {name: 'create'}).uncheck();
    await page.getByText(`6 of ${ALL}`).waitFor();
  });

  it('shows both ends of a move, and leads from one to the other', async () => {
    const page = await open({subject: planSubject(movesAndDrift)});
    await page.getByRole('searchbox').fill('incoming');
    await page.getByText('1 of 6 changes').waitFor();
    const rows = page.getByRole('treeitem');
    expect(await rows.locator('.name').allTextContents()).to.deep.equal(['incoming/', 'trip/', 'photos/', '2024/']);
    expect(await rows.locator('.note').allTextContents()).to.deep.equal([
      '',
      'to photos/2024/',
      '',
      '2 changes, from incoming/trip/',
    ]);
    await rows.nth(1).click();
    await page.getByRole('button', {name: 'photos/2024/', exact: true}).click();
    expect(await page.locator('[aria-selected=true] .name').textContent()).to.equal('2024/');
    const details = page.getByRole('region', {name: 'Details of the selected row'});
    expect(await details.textContent())
      .to.contain('Old path: incoming/trip/')
      .and.to.contain('40,000 files, 1 GiB not copied');
    expect(trouble).to.deep.equal([]);
  });

  it('is worked by the keyboard alone', async () => {
    const page = await open();
    await press(page, '/');
    expect(await page.evaluate(() => document.activeElement?.id)).to.equal('search');
    await page.keyboard.type('docs');
    await press(page, 'Enter');
    expect(await active(page)).to.equal('docs/');
    await press(page, 'ArrowRight');
    expect(await active(page)).to.equal('guide.md');
    await press(page, 'Enter');
    expect(await page.evaluate(() => document.activeElement?.textContent)).to.contain('docs/guide.md');
    await press(page, 'Escape', 'ArrowLeft');
    expect(await active(page)).to.equal('docs/');
    await press(page, 'ArrowLeft');
    const folder = page.locator('[aria-selected=true]');
    expect(await folder.getAttribute('aria-expanded')).to.equal('false');
    await press(page, 'Enter');
    expect(await folder.getAttribute('aria-expanded')).to.equal('true');
    await press(page, '/', 'Escape', 'Enter', 'End');
    expect(await active(page)).to.equal('old.txt');
    await press(page, 'Home', 'm');
    expect(await active(page)).to.equal('media/');
    await press(page, 'ArrowRight');
    await page.keyboard.type('clip-17');
    expect(await active(page)).to.equal('clip-17.mp4');
    expect(trouble).to.deep.equal([]);
  });

  it('opens a tile of the picture in the tree, by mouse and by Enter', async () => {
    const page = await open();
    await page
      .locator('svg.map')
      .getByRole('button', {name: /^old\.txt: delete/})
      .click();
    expect(await active(page)).to.equal('old.txt');
    await page.locator('svg.map [tabindex="0"]').focus();
    await press(page, 'Home');
    const path = await page.evaluate(() => (document.activeElement as SVGElement | null)?.dataset.path);
    await press(page, 'Enter');
    expect(await active(page)).to.satisfy((name: string) => path?.endsWith(name.replace(/\/$/, '')));
  });

  it('tells a screen reader what is what', async () => {
    const page = await open();
    for (const role of ['banner', 'main', 'search', 'tree', 'status'] as const)
      expect(await page.getByRole(role).count(), role).to.equal(1);
    expect(await page.getByRole('heading', {level: 1}).count()).to.equal(1);
    expect(await page.evaluate(() => [document.documentElement.lang, document.title])).to.deep.equal([
      'en',
      `dirsync plan: /${IMG} → /target`,
    ]);
    const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll('input, button, [role=button], [role=tree], [role=region], section')]
        .filter((element) => {
          const by = document.getElementById(element.getAttribute('aria-labelledby') ?? '');
          const label = element instanceof HTMLInputElement ? element.labels?.[0] : by;
          return !(element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent)?.trim();
        })
        .map((element) => element.outerHTML),
    );
    expect(unnamed).to.deep.equal([]);
    const rows = await page
      .getByRole('treeitem')
      .evaluateAll((items) =>
        items.map((item) => ['level', 'posinset', 'setsize', 'selected'].map((name) => item.getAttribute(`aria-${name}`))),
      );
    for (const row of rows) expect(row).not.to.include(null);
    expect(await page.evaluate(() => new Set([...document.querySelectorAll('[id]')].map(({id}) => id)).size)).to.equal(
      await page.locator('[id]').count(),
    );
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has enough contrast in ${colorScheme} colours`, async () => {
      const page = await open({colorScheme});
      const poor = await page.evaluate(() => {
        const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
        const luminance = (color: string) => {
          const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (element: Element | null): string => {
          if (!element) return 'rgb(255, 255, 255)';
          const tile = element.matches('svg.map text') ? element.parentElement?.querySelector('rect') : undefined;
          if (tile) return getComputedStyle(tile).fill;
          const color = getComputedStyle(element).backgroundColor;
          return channels(color)[3] === 0 ? ground(element.parentElement) : color;
        };
        return [...document.querySelectorAll('body *')]
          .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim()))
          .filter((element) => element.checkVisibility() && !element.closest('script, style, title, .unseen, caption, .skip'))
          .map((element) => {
            const style = getComputedStyle(element);
            const [a, b] = [luminance(element instanceof SVGElement ? style.fill : style.color), luminance(ground(element))];
            return {text: element.textContent, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)};
          })
          .filter(({ratio}) => ratio < 4.5);
      });
      expect(poor).to.deep.equal([]);
    });
  }

  it('fits a narrow window', async () => {
    const page = await open({viewport: {width: 360, height: 700}});
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).to.be.at.most(360);
  });

  it('prints the list of changes in place of the tree', async () => {
    const page = await open({colorScheme: 'dark'});
    expect(await page.locator('#list').isVisible()).to.equal(false);
    await page.emulateMedia({media: 'print', colorScheme: 'dark'});
    expect(await page.locator('#list').isVisible()).to.equal(true);
    expect(await page.locator('#explorer').isVisible()).to.equal(false);
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).to.equal('rgb(0, 0, 0)');
  });

  it('is read without its script too', async () => {
    const page = await open({javaScriptEnabled: false});
    expect(await page.locator('#list').isVisible()).to.equal(true);
    expect(await page.getByRole('img', {name: `Treemap of ${ALL}`}).isVisible()).to.equal(true);
    expect(await page.getByRole('row').count()).to.be.greaterThan(actions.length);
    expect(trouble).to.deep.equal([]);
  });

  it('has only the rows in sight in the document, however many there are', async () => {
    const many = Array.from({length: 5000}, (_, i) => act.create(`d/${String(i).padStart(4, '0')}`, file(i)));
    const page = await open({subject: planSubject(many)});
    await page.getByRole('button', {name: 'Open all'}).click();
    await page.getByRole('tree').focus();
    await press(page, 'End');
    expect(await active(page)).to.equal('4999');
    expect(await page.getByRole('treeitem').count()).to.be.lessThan(100);
    expect(await page.locator('[aria-selected=true]').getAttribute('aria-posinset')).to.equal('5000');
  });
});
