/**
 * What a review looks like, on screens of several sizes: the plan of a real tree (Linux 6.1, about one file in a hundred changed,
 * a folder removed, another renamed, a symlink, a mode). Run with UPDATE_GOLDEN=1 to write what is seen now, and read it.
 */
import fs from 'node:fs';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {skip} from '../support/skip.js';
import {hasTmux, openTerminal, type Terminal} from '../support/tmux.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url));
const UPDATE = process.env.UPDATE_GOLDEN !== undefined;
const STILL_MS = 400;
const TIMEOUT = 10_000;

const STEPS: readonly {readonly title: string; readonly keys: readonly string[]}[] = [
  {title: 'as it opens', keys: []},
  {title: 'the last line', keys: ['End']},
  {title: 'a folder opened', keys: ['Home', 'Down', 'Right']},
  {title: 'a folder in it left out', keys: ['Down', 'Space']},
  {title: 'keys', keys: ['?']},
  {title: 'only deletes', keys: ['Escape', 'Home', '6']},
  {title: 'a search', keys: ['0', '/', 'w', 'c', 'd', 'Enter']},
  {title: 'a file name to save as', keys: ['w']},
];

/** The screen when it is as expected, or else when nothing has moved on it for a while. */
async function stillScreen(terminal: Terminal, expected: string | undefined): Promise<string> {
  const until = Date.now() + TIMEOUT;
  let since = Date.now();
  for (let last = ''; ; await delay(30)) {
    const screen = terminal.screen();
    if (screen === expected) return screen;
    if (screen !== last) since = Date.now();
    last = screen;
    if (Date.now() > until || (UPDATE && Date.now() - since > STILL_MS)) return screen;
  }
}

const header = (title: string, width: number) => `${`════ ${title} `.padEnd(width, '═')}\n`;

describe('story: the screens of a review', () => {
  before(function () {
    if (!hasTmux()) skip(this, 'tmux is missing');
  });

  for (const [width, height] of [
    [80, 24],
    [140, 40],
    [200, 60],
  ] as const) {
    it(`on ${width} × ${height}`, async () => {
      const golden = fixture(`review-${width}x${height}.txt`);
      const text = fs.existsSync(golden) ? fs.readFileSync(golden, 'utf8') : '';
      const screens = text.split(/^════ .* ═+\n/m).slice(1);
      const terminal = openTerminal(['show', 'linux.plan'], {width, height, cwd: fixture('')});
      let seen = '';
      try {
        await terminal.shows('q quit');
        for (const [i, {title, keys}] of STEPS.entries()) {
          for (const key of keys) {
            terminal.press(key);
            // Escape and what follows it at once would be one key.
            if (key === 'Escape') await delay(100);
          }
          const screen = await stillScreen(terminal, screens[i]?.replace(/\n$/, ''));
          seen += `${header(title, width)}${screen}\n`;
          if (!UPDATE) expect(screen, title).to.equal(screens[i]?.replace(/\n$/, ''));
        }
      } finally {
        terminal.close();
      }
      if (UPDATE) fs.writeFileSync(golden, seen);
    });
  }
});
