// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files hold such texts.
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {checkAnswer, configText, meantPath} from '../../src/config/first-config.js';
import {findJob, loadConfig} from '../../src/config/load.js';
import {type Answers, type Question, WHENS} from '../../src/core/answers.js';
import {tempDirs} from '../support/temp.js';

const ODD = [
  ' ',
  '"',
  "'",
  '\\',
  ':',
  '#',
  '-',
  '@',
  '`',
  '%',
  '&',
  '*',
  '!',
  '|',
  '>',
  '[',
  '{',
  ',',
  '?',
  '=',
  '.',
  '1',
  '_',
  '0',
  'x',
  '~',
  'é',
  '漢',
  '😀',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\u0301',
];
const text = fc
  .string({unit: fc.oneof(fc.constantFrom(...ODD), fc.string({minLength: 1, maxLength: 1})), minLength: 1, maxLength: 12})
  .filter((each) => !/\p{Cc}/u.test(each));
const meaningful = fc.constantFrom(
  'true',
  'null',
  '~',
  '2024-01-01',
  '1_000',
  '0x1F',
  '1e3',
  '.inf',
  '<<',
  'yes',
  '12:30',
  '- a',
  '? a',
  'a: b',
  'a #b',
  '---',
  '%YAML',
  '@x',
  '',
  ' x ',
);
const word = fc.oneof(
  text,
  meaningful.filter((each) => each.trim() !== ''),
);
const answers: fc.Arbitrary<Answers> = fc.record({
  job: word.filter((name) => !name.includes('/') && name !== '__proto__'),
  source: word.map((name) => `/${name}`),
  target: word.map((name) => `/${name}`),
  exclude: fc.array(fc.oneof(text, meaningful), {maxLength: 3}),
  when: fc.constantFrom(...WHENS),
  every: fc.constantFrom('5m', '1h30m'),
  at: fc.constantFrom(['03:00'], ['3:00', '12:30']),
  cron: fc.constantFrom(['0 3 * * mon-fri'], ['*/5 * * * *', '0 0 L * *']),
  log: fc.oneof(
    fc.constant(''),
    word.map((name) => `/${name}`),
  ),
  heartbeat: fc.constantFrom('', 'https://hc.example/a?b=c#d', 'https://hc.example/${ID}'),
});

describe('config/first-config', () => {
  const temp = tempDirs();

  it('is read as it was answered, whatever that was', async () => {
    const folder = temp();
    const file = path.join(folder, 'dirsync.config.yaml');
    await fc.assert(
      fc.asyncProperty(answers, async (given) => {
        fs.writeFileSync(file, configText(given, 'file:///x/config.json'));
        const config = await loadConfig({cwd: folder, file, env: {ID: '7'}});
        const {when, every, at, cron, log, heartbeat, exclude} = given;
        expect([...(config?.jobs.keys() ?? [])]).to.deep.equal([given.job]);
        expect(findJob(config, given.job)).to.deep.equal({
          source: path.resolve(given.source),
          target: path.resolve(given.target),
          ...(exclude.length > 0 && {exclude}),
          ...(when === 'every' && {every}),
          ...(when === 'at' && {at}),
          ...(when === 'cron' && {cron}),
          ...(when === 'watch' && {watch: true}),
          ...(log !== '' && {log: path.resolve(log)}),
          ...(heartbeat !== '' && {heartbeat: heartbeat.replace('${ID}', '7')}),
        });
      }),
      {numRuns: 300},
    );
  });

  it('writes comments that are valid settings', async () => {
    const folder = temp();
    const file = path.join(folder, 'dirsync.config.yaml');
    const given: Answers = {
      source: 's',
      target: 't',
      job: 'j',
      exclude: [],
      when: 'by-hand',
      every: '',
      at: [],
      cron: [],
      log: '',
      heartbeat: '',
    };
    const whole = configText(given, undefined)
      .replace(/^( *)# (?=(?:defaults|every|at|cron|exclude|log|heartbeat|maxDelete|watch):)/gm, '$1')
      .replace('#   exclude', '  exclude')
      // An interval and the calendar exclude each other, which is told when a run begins.
      .replace(/^ *every: .*$/m, '');
    fs.writeFileSync(file, whole);
    const config = await loadConfig({cwd: folder, file, env: {}});
    expect(Object.keys(findJob(config, 'j'))).to.have.members([
      'source',
      'target',
      'exclude',
      'at',
      'cron',
      'watch',
      'log',
      'heartbeat',
      'maxDelete',
    ]);
  });

  const wrong: readonly (readonly [Question, string, RegExp])[] = [
    ['source', 'a\nb', /control character/],
    ['exclude', 'a\tb', /control character/],
    ['job', '', /needs a name/],
    ['job', 'a/b', /looks like a path/],
    ['every', '5', /not an interval/],
    ['at', '24:00', /not a time of the day/],
    ['cron', '0 0 30 2 *', /never occurs/],
    ['heartbeat', 'ftp://x', /not an address/],
    ['heartbeat', 'https://', /not an address/],
  ];
  for (const [question, answer, words] of wrong) {
    it(`refuses ${question} ${JSON.stringify(answer)}`, () => expect(() => checkAnswer(question, answer)).to.throw(words));
  }

  it('expands paths as in a config', () => {
    const context = {folder: '/cfg', env: {HOME: '/home/ada', DISK: '/mnt/disk'}};
    const meant = ['a', '~', '~/a', '~a', '${DISK}/a', '/a/../b'].map((each) => meantPath(each, context));
    expect(meant).to.deep.equal(['/cfg/a', '/home/ada', '/home/ada/a', '/cfg/~a', '/mnt/disk/a', '/b']);
    expect(() => meantPath('${NONE}', context)).to.throw(/"NONE" is not set/);
    expect(() => meantPath('', context)).to.throw(/no path/);
  });
});
