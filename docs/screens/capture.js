/**
 * Draws the pictures for the README and docs/: it runs dirsync on an example in a separate tmux, and writes each screen as an SVG
 * next to this file. `npm run captures` builds and runs it; it needs Linux with tmux, strace and unshare (util-linux).
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../bin/run.js', import.meta.url));
const SOURCE = '/srv/ada';
const TARGET = '/media/disk/ada';
const STATE = '/srv/state';
const SOCKET = '/srv/tmux';
const ENVIRONMENT = {
  PATH: process.env.PATH,
  HOME: '/srv',
  XDG_STATE_HOME: STATE,
  TERM: 'screen-256color',
  LC_ALL: 'C.UTF-8',
  TZ: 'UTC',
};
const WIDTH = 100;
const HEIGHT = 28;
const TIMEOUT = 60_000;

// ── The example ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const ALBUM = 'photos/2024-09 Lisbon';

const GARDEN = [
  '# Garden',
  '',
  '## Spring',
  '',
  '- sow lettuce and radishes under glass',
  '- prune the roses before the buds open',
  '- put up nest boxes',
  '',
  '## Summer',
  '',
  '- water in the evening',
  '- tie up the tomatoes',
  '- cut back the lavender after it has flowered',
  '',
  '## Autumn',
  '',
  '- plant garlic',
  '- bring in the lemon tree',
  '',
];

const GARDEN_NOW = GARDEN.flatMap((line) => {
  if (line === '- put up nest boxes') return [];
  if (line === '- water in the evening')
    return ['- water in the early morning, not in the evening:', '  snails come out at night'];
  return line === '- plant garlic' ? [line, '- sow spinach for the winter'] : [line];
});

/** Files that are equal in source and target: a path and its content, or its size. */
const COMMON = {
  'letters/2023/landlord.txt': 'Dear Mrs Hall,\n',
  'letters/2024/insurance.txt': 'To whom it may concern,\n',
  'music/lute.flac': 31_400_000,
  ...photos('photos/2022-05 Crete', 2031, 40),
  ...photos('photos/2024-02 Snow', 3877, 12),
};

const BEFORE = {
  ...COMMON,
  'notes/garden.md': GARDEN.join('\n'),
  'notes/reading.md': '- Calvino, Invisible Cities\n- Le Guin, The Dispossessed\n',
  'notes/recipes.md': '# Bread\n\n500 g flour, 350 g water, 10 g salt\n',
  'old-website/index.html': '<title>Ada</title>\n'.repeat(40),
  'old-website/style.css': 'body { margin: 0 }\n'.repeat(90),
  'old-website/img/banner.png': 184_210,
  'old-website/img/portrait.png': 96_877,
  'scripts/rename.sh': '#!/bin/sh\n',
  ...photos('photos/2023 Brittany', 2714, 9),
};

const NOW = {
  ...COMMON,
  'notes/garden.md': GARDEN_NOW.join('\n'),
  'notes/reading.md': '- Calvino, Invisible Cities\n- Le Guin, The Dispossessed\n- Sebald, The Rings of Saturn\n',
  'notes/recipes.md': '# Bread\n\n500 g flour, 350 g water, 11 g salt\n',
  'scripts/rename.sh': '#!/bin/sh\n',
  ...photos('photos/2023-07 Brittany', 2714, 9),
  ...photos(ALBUM, 4101, 24),
};

function photos(folder, first, count) {
  const sizeOf = (i) => 2_400_000 + ((i * 7919 + first) % 97) * 31_337;
  return Object.fromEntries(Array.from({length: count}, (_, i) => [`${folder}/IMG_${first + i}.jpg`, sizeOf(i)]));
}

/** Writes files with this content, or with this many zeros as a hole. */
function writeFiles(root, files, time) {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, typeof content === 'string' ? content : '');
    if (typeof content === 'number') fs.truncateSync(file, content);
    fs.utimesSync(file, time, time);
  }
}

/** Removes both folders, and dirsync's memory of them. */
function clear() {
  for (const folder of [SOURCE, TARGET, STATE]) fs.rmSync(folder, {recursive: true, force: true});
}

/** Writes both folders again: the target as in summer, the source as now. */
function writeExample() {
  const [then, since] = ['2024-08-11T17:20:00Z', '2024-10-05T08:41:30Z'].map((time) => Date.parse(time) / 1000);
  clear();
  writeFiles(TARGET, BEFORE, then);
  writeFiles(SOURCE, NOW, since);
  for (const name of [...Object.keys(COMMON), 'scripts/rename.sh']) fs.utimesSync(path.join(SOURCE, name), then, then);
  fs.chmodSync(path.join(SOURCE, 'scripts/rename.sh'), 0o755);
  fs.symlinkSync(ALBUM, path.join(SOURCE, 'latest-photos'));
  for (const root of [SOURCE, TARGET]) {
    const folders = fs.readdirSync(root, {recursive: true, withFileTypes: true}).filter((entry) => entry.isDirectory());
    for (const folder of [...folders.map((entry) => path.join(entry.parentPath, entry.name)), root])
      fs.utimesSync(folder, then, then);
  }
}

// ── The screens ──────────────────────────────────────────────────────────────────────────────────────────────────────────

async function review() {
  writeExample();
  const terminal = new Terminal(['plan', SOURCE, TARGET]);
  await terminal.shows('by impact');
  // Albums are closed, everything else is open, and the delete of the old website is left out.
  await terminal.press('-');
  await terminal.open('photos/', 'old-website/', 'notes/', 'scripts/');
  await terminal.find('old-website/');
  await terminal.press('Space');
  await terminal.find('garden.md');
  terminal.save('review', 'Review of a plan: a tree of changes with their reasons, and below it the details of one');
  await terminal.press('Enter');
  await terminal.shows('Esc back');
  await terminal.shows('+  snails');
  terminal.save('review-diff', 'Review of a plan: one changed note, its attributes on both sides and the lines that differ');
}

async function apply() {
  clear();
  const lost = path.join(SOURCE, ALBUM, 'IMG_4108.jpg');
  writeFiles(SOURCE, {...photos('photos/2022-05 Crete', 2031, 40), ...photos(ALBUM, 4101, 70)}, 1_728_117_690);
  fs.mkdirSync(TARGET, {recursive: true});
  const terminal = new Terminal(['apply', SOURCE, TARGET, '--yes', '--fsync', 'each'], SLOW_FLUSH);
  await terminal.shows('q stop');
  fs.rmSync(lost);
  await terminal.shows('Problems');
  await terminal.shows(/ [56]\d %/);
  terminal.save('apply', 'An apply at work: a bar, the time left, the files at hand, and a problem');
}

async function run() {
  writeExample();
  const inStep = spawnSync(process.execPath, [PROGRAM, 'apply', SOURCE, TARGET, '--yes'], {env: ENVIRONMENT, encoding: 'utf8'});
  if (inStep.status !== 0) throw new Error(inStep.stderr);
  const terminal = new Terminal(['run', SOURCE, TARGET, '--every', '2s']);
  let photo = 5001;
  for (const count of [0, 3, 0, 5, 0, 0, 1, 9, 12, 7, 0, AWAY, 0, 2, 0, 4, 0, 6, 14, 3]) {
    const [, next] = NEXT.exec(await terminal.shows(NEXT));
    if (count === AWAY) fs.renameSync(SOURCE, `${SOURCE}-away`);
    else if (count > 0) writeFiles(SOURCE, photos('photos/2024-10 Harvest', photo, count), 1_728_117_690 + photo);
    photo += Math.max(0, count);
    await terminal.misses(next);
    await terminal.shows(NEXT);
    if (count === AWAY) fs.renameSync(`${SOURCE}-away`, SOURCE);
  }
  await terminal.shows('next run at');
  terminal.save('run', 'A job that runs again and again: its last result, its next start, and a chart of its runs');
}

const NEXT = /next run at (\S+ \S+Z)/;
/** Instead of a number of new photos: the source is missing for one run. */
const AWAY = -1;

/** Each flush of a file is so slow that the screen can be captured. */
const SLOW_FLUSH = [
  'strace',
  ...['-D', '-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:delay_enter=400000'],
];

/** dirsync in a separate tmux server. */
class Terminal {
  #args;

  constructor(args, under = []) {
    this.#args = args;
    const words = [
      'env',
      '-i',
      ...Object.entries(ENVIRONMENT).map((pair) => pair.join('=')),
      ...under,
      process.execPath,
      PROGRAM,
      ...args,
    ];
    const command = words.map((word) => `'${word}'`).join(' ');
    this.#tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      '-x',
      String(WIDTH),
      '-y',
      String(HEIGHT),
      '-c',
      '/srv',
      `${command}; sleep 60`,
    );
  }

  text() {
    return this.#tmux('capture-pane', '-p');
  }

  shows(wanted) {
    return this.#wait((screen) => (typeof wanted === 'string' ? screen.includes(wanted) : wanted.test(screen)), `show ${wanted}`);
  }

  misses(text) {
    return this.#wait((screen) => !screen.includes(text), `lose ${text}`);
  }

  /** Moves to the row with this name in a review. */
  async find(name) {
    await this.press('g');
    for (let i = 0; i < 200; i++) {
      const rows = this.text().split('\n');
      if (rows.some((row) => row.startsWith('❯') && row.includes(` ${name} `))) return;
      await this.press('j');
    }
    throw new Error(`there is no row ${name}`);
  }

  /** Opens these folders in a review. */
  async open(...names) {
    for (const name of names) {
      await this.find(name);
      await this.press('l');
    }
  }

  /** Presses keys, and waits until the screen changes, at most a second. */
  async press(...keys) {
    const before = this.text();
    this.#tmux('send-keys', ...keys);
    for (let i = 0; i < 20 && this.text() === before; i++) await delay(50);
    await delay(50);
  }

  save(name, title) {
    const lines = linesOf(this.#tmux('capture-pane', '-e', '-N', '-p'));
    fs.writeFileSync(new URL(`${name}.svg`, import.meta.url), svg(lines, {title, command: ['dirsync', ...this.#args].join(' ')}));
    console.log(`${name}.svg\n${this.text()}`);
  }

  async #wait(isThere, what) {
    const until = Date.now() + TIMEOUT;
    for (;;) {
      const screen = this.text();
      if (isThere(screen)) return screen;
      if (Date.now() > until) throw new Error(`the screen did not ${what}:\n${screen}`);
      await delay(20);
    }
  }

  #tmux(...args) {
    const {status, stdout, stderr} = spawnSync('tmux', ['-u', '-S', SOCKET, ...args], {encoding: 'utf8'});
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

// ── A screen as SVG ──────────────────────────────────────────────────────────────────────────────────────────────────────

const CELL = 8.4;
const LINE = 18;
const BASELINE = 13.5;
const MARGIN = 14;
const BAR = 34;
const PAGE = '#0d1117';
const INK = '#d5dce4';
const COLORS = [
  ...['#6e7681', '#ff7b72', '#56d364', '#e3b341', '#79c0ff', '#d2a8ff', '#56d4dd', '#d5dce4'],
  ...['#8b949e', '#ffa198', '#7ee787', '#f2cc60', '#a5d6ff', '#e2c5ff', '#76e3ea', '#ffffff'],
];
const PLAIN = {color: INK, background: PAGE, bold: false, dim: false, inverse: false};

function svg(lines, {title, command}) {
  const width = round(WIDTH * CELL + 2 * MARGIN);
  const height = BAR + lines.length * LINE + MARGIN;
  const body = lines.flatMap((cells, y) => runsOf(cells).flatMap((run) => draw(run, BAR + y * LINE)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"`,
    ` font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" fill="${INK}" xml:space="preserve">\n`,
    `<title>${escapeXml(title)}</title>\n`,
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="${PAGE}" stroke="#3d444d"/>\n`,
    `<text x="${MARGIN}" y="20" font-size="13" fill="${COLORS[8]}">$ ${escapeXml(command)}</text>\n`,
    `<path d="M1 ${BAR - 6.5}H${width - 1}" stroke="#3d444d"/>\n`,
    ...body.map((element) => `${element}\n`),
    '</svg>\n',
  ].join('');
}

/** The cells of each line, a character and its style, without empty lines at the end. tmux writes only SGR codes; all characters here are one cell wide. */
function linesOf(screen) {
  const lines = [[]];
  let style = PLAIN;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is how a style begins.
  for (const [, codes, char] of screen.matchAll(/\x1b\[([\d;]*)m|(\n|\P{Cc})/gu)) {
    if (char === '\n') lines.push([]);
    else if (char !== undefined) lines.at(-1).push({char, style});
    else style = codes.split(';').map(Number).reduce(restyle, style);
  }
  return lines.slice(0, lines.findLastIndex((cells) => cells.some(({char}) => char !== ' ')) + 1);
}

function restyle(style, code) {
  if (code === 0) return PLAIN;
  if (code === 1) return {...style, bold: true};
  if (code === 2) return {...style, dim: true};
  if (code === 7) return {...style, inverse: true};
  if (code === 22) return {...style, bold: false, dim: false};
  if (code === 27) return {...style, inverse: false};
  if (code === 39) return {...style, color: INK};
  if (code === 49) return {...style, background: PAGE};
  const [group, color] = [Math.floor(code / 10), code % 10];
  if (color > 7) throw new Error(`the style ${code} is unknown`);
  if (group === 3) return {...style, color: COLORS[color]};
  if (group === 9) return {...style, color: COLORS[color + 8]};
  if (group === 4) return {...style, background: COLORS[color]};
  throw new Error(`the style ${code} is unknown`);
}

/** Drawn as one text: words with single spaces, spaces, or a symbol that a font may lack. So no font moves a column by much. */
const RUN = /[!-~]+(?: [!-~]+)*| +|([^ -~])\1*/gu;

/** Adjacent cells of one style, split into the parts that are drawn as one text. */
function runsOf(cells) {
  const spans = [];
  for (const [x, {char, style}] of cells.entries()) {
    const last = spans.at(-1);
    if (last?.style === style) last.text += char;
    else spans.push({x, text: char, style});
  }
  return spans.flatMap(({x, text, style}) => Array.from(text.matchAll(RUN), (run) => ({x: x + run.index, text: run[0], style})));
}

function draw({x, text, style}, top) {
  const {bold, dim, inverse} = style;
  const [color, background] = inverse ? [style.background, style.color] : [style.color, style.background];
  const left = round(MARGIN + x * CELL);
  const width = round(text.length * CELL);
  const back = background === PAGE ? [] : [rect({x: left, y: top, width, height: LINE, fill: background})];
  const shape = shapeOf(text[0]);
  const opacity = (shape?.opacity ?? 1) * (dim ? 0.68 : 1);
  if (shape !== undefined) {
    const [x1, y1, x2, y2] = shape.box;
    // A block that is smaller than a cell is drawn separately in each cell.
    const cells = x1 === 0 && x2 === 1 ? [[left, width]] : Array.from(text, (_, i) => [left + i * CELL, CELL]);
    const boxes = cells.map(([from, wide]) =>
      rect({
        x: round(from + x1 * wide),
        y: round(top + y1 * LINE),
        width: round((x2 - x1) * wide),
        height: round((y2 - y1) * LINE),
        fill: color,
        opacity,
      }),
    );
    return [...back, ...boxes];
  }
  if (text.startsWith(' ')) return back;
  const attributes = {
    x: left,
    y: top + BASELINE,
    textLength: width,
    lengthAdjust: 'spacingAndGlyphs',
    ...(color !== INK && {fill: color}),
    ...(bold && {'font-weight': 'bold'}),
    ...(opacity < 1 && {opacity}),
  };
  return [...back, `<text${write(attributes)}>${escapeXml(text)}</text>`];
}

/** Lines and blocks are drawn as shapes, because they must touch: their place in a cell as x1, y1, x2, y2. */
function shapeOf(char) {
  if (char === '─') return {box: [0, 0.47, 1, 0.53]};
  if (char === '│') return {box: [0.44, 0, 0.56, 1]};
  const shade = '░▒▓'.indexOf(char);
  if (shade >= 0) return {box: [0, 0.12, 1, 0.88], opacity: (shade + 1) / 4};
  if (char === '▏') return {box: [0, 0, 0.15, 1]};
  const eighths = '▁▂▃▄▅▆▇█'.indexOf(char) + 1;
  return eighths > 0 ? {box: [0, 1 - eighths / 8, 1, 1]} : undefined;
}

function rect({opacity = 1, ...attributes}) {
  return `<rect${write({...attributes, 'shape-rendering': 'crispEdges', ...(opacity < 1 && {opacity: round(opacity)})})}/>`;
}

function write(attributes) {
  return Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');
}

function escapeXml(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function round(number) {
  return Math.round(number * 100) / 100;
}

// ── Start ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The example is at fixed paths in tmpfs mounts, which only this process sees and which end with it. */
function startInside() {
  const {status} = spawnSync(
    'unshare',
    ['--mount', '--map-root-user', process.execPath, fileURLToPath(import.meta.url), '--inside', ...process.argv.slice(2)],
    {stdio: 'inherit'},
  );
  process.exitCode = status ?? 1;
}

const SCREENS = {review, apply, run};

if (process.argv[2] === '--inside') {
  for (const folder of ['/srv', '/media']) {
    const {status} = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], {stdio: 'inherit'});
    // Otherwise the example would overwrite this machine's files.
    if (status !== 0 || fs.readdirSync(folder).length > 0) throw new Error(`${folder} is not an empty tmpfs`);
  }
  const names = process.argv.slice(3);
  for (const name of names.length > 0 ? names : Object.keys(SCREENS))
    await SCREENS[name]().finally(() => spawnSync('tmux', ['-S', SOCKET, 'kill-server']));
} else {
  startInside();
}
