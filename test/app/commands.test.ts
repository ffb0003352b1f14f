import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import * as commands from '../../src/app/commands.js';
import type {Typed} from '../../src/app/typed.js';
import type {SettingFlags} from '../../src/config/settings.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {WorkerPool} from '../../src/platform/pool.js';
import {captured, withoutTerminal} from '../support/captured.js';
import {act, planOf} from '../support/plan.js';
import {planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {holdings, type Tree, writeTree} from '../support/tree.js';

describe('app/commands', () => {
  withoutTerminal();
  const temp = tempDirs();
  // Threads take longer to start than these commands to be done.
  before(() => WorkerPool.keepSpares());
  after(() => WorkerPool.dropSpares());
  const cwd = process.cwd();
  let folder: string;
  beforeEach(() => {
    folder = temp();
    // Words are found from here, as where somebody types them.
    process.chdir(folder);
  });
  afterEach(() => process.chdir(cwd));

  const given = (tree: Tree) => writeTree(folder, tree);
  const typed = (words: readonly string[], flags: Partial<SettingFlags> = {}): Typed => ({
    words,
    flags: {filters: [], ...flags},
    config: undefined,
    format: 'json',
    events: false,
    all: false,
  });
  /** The exit code, and of an error its code. */
  const outcome = async (act: () => Promise<number>) => {
    let code = -1;
    const {stdout} = await captured(async () => {
      code = await act();
    });
    const document = stdout === '' ? {} : JSON.parse(stdout);
    return {code, error: document.error?.code ?? document.code, document};
  };
  const apply = (
    words: readonly string[],
    flags: Partial<SettingFlags> = {},
    {yes = true, sha256 = undefined as string | undefined} = {},
  ) => outcome(() => commands.apply(typed(words, flags), {yes, sha256}));
  async function savedPlan(name: string) {
    const {plan} = await planTrees(settings(path.join(folder, 's'), path.join(folder, 't')));
    return (await writePlanFile(path.join(folder, name), plan)).sha256;
  }

  describe('apply', () => {
    it('takes a single word for a plan file where there is such a file', async () => {
      given({s: {a: 'x'}, t: {}});
      const sha256 = await savedPlan('mine');
      expect(await apply(['mine'], {}, {sha256: '0'.repeat(64)})).to.include({code: 4, error: 'PLAN_NOT_APPROVED'});
      expect(await apply(['mine'], {}, {sha256: sha256.toUpperCase()})).to.include({code: 0});
      expect(holdings(path.join(folder, 't'))).to.have.property('a');
    });

    const words: readonly [title: string, word: string, error: string][] = [
      ['a path that is not there', './none', 'PLAN_UNREADABLE'],
      ['a name of a plan that is not there', 'none.plan', 'PLAN_UNREADABLE'],
      ['a name of nothing', 'none', 'JOB_UNKNOWN'],
      ['a folder', './s', 'USAGE'],
    ];
    for (const [title, word, error] of words) {
      it(`${title} is refused as what it looks like`, async () => {
        given({s: {}});
        expect(await apply([word])).to.include({code: 1, error});
      });
    }

    it('asks for no checksum of what is no plan file', async () => {
      given({s: {a: ''}, t: {}});
      expect(await apply(['s', 't'], {}, {sha256: 'ab'})).to.include({code: 1, error: 'USAGE'});
      expect(holdings(path.join(folder, 't'))).to.not.have.property('a');
    });

    it('does nothing where nobody is there to confirm it, but for a guard that halts it anyway', async () => {
      given({s: {a: ''}, t: {}, empty: {}, full: {a: ''}});
      expect(await apply(['s', 't'], {}, {yes: false})).to.include({code: 1, error: 'CONFIRMATION_NEEDED'});
      expect(await apply(['empty', 'full'], {}, {yes: false})).to.include({code: 5, error: 'GUARD_HALTED'});
      expect(holdings(path.join(folder, 't'))).to.not.have.property('a');
    });

    it('refuses for a saved plan what says how one is made', async () => {
      given({s: {a: ''}, t: {}});
      await savedPlan('p.plan');
      expect(await apply(['p.plan'], {checksum: true})).to.include({code: 1, error: 'USAGE'});
    });
  });

  describe('plan', () => {
    const plan = (flags: {out?: string; detailed?: boolean} = {}) =>
      outcome(() => commands.plan(typed(['s', 't']), {out: flags.out, detailed: flags.detailed ?? false}));

    it('says by its exit code whether there are changes, where that is asked for', async () => {
      given({s: {a: ''}, t: {}});
      expect((await plan()).code).to.equal(0);
      expect((await plan({detailed: true})).code).to.equal(2);
    });

    it('writes what it tells', async () => {
      given({s: {a: ''}, t: {}});
      const {document} = await plan({out: 'p.plan'});
      expect(document.file.path).to.equal('p.plan');
      expect(await apply(['p.plan'], {}, {sha256: document.file.sha256})).to.include({code: 0});
    });

    it('refuses a log that cannot be, before anything is read', async () => {
      given({s: {a: ''}, t: {}});
      const made = await outcome(() => commands.plan(typed(['s', 't'], {log: 'none/x.log'}), {out: 'p.plan', detailed: false}));
      expect(made).to.include({code: 1, error: 'LOG_UNWRITABLE'});
      expect(fs.existsSync(path.join(folder, 'p.plan'))).to.equal(false);
    });
  });

  describe('show', () => {
    const show = (what: string, flags: Partial<SettingFlags> = {}, out?: string) =>
      outcome(() => commands.show(typed([], flags), what, {out, entries: false}));

    it('a run needs its target, unless a file is called like it', async () => {
      for (const what of ['latest', '20260101T100000000Z-00000a']) expect(await show(what)).to.include({code: 1, error: 'USAGE'});
      await writePlanFile(path.join(folder, 'latest'), planOf([act.create('a')]));
      expect((await show('latest')).code).to.equal(0);
    });

    it('what is of plans alone is refused for a run', async () => {
      given({t: {}});
      const narrow = {only: ['x'], except: [], kinds: []};
      expect(await show('latest', {target: 't', narrow})).to.include({code: 1, error: 'USAGE'});
      expect(await show('latest', {target: 't'}, 'p.plan')).to.include({code: 1, error: 'USAGE'});
      expect(await show('latest', {target: 't'})).to.include({code: 1, error: 'RUN_UNKNOWN'});
    });

    it('a plan can be written as it was narrowed', async () => {
      await writePlanFile(path.join(folder, 'p.plan'), planOf([act.create('a'), act.create('b')]));
      const {document} = await show('p.plan', {narrow: {only: ['b'], except: [], kinds: []}}, 'half.plan');
      expect(document.file.path).to.equal('half.plan');
      expect((await show('half.plan')).document.actions.map(({path}: {path: string}) => path)).to.deep.equal(['b']);
    });
  });

  it('explain asks a plan of its own, or a saved one alone', async () => {
    given({s: {a: ''}, t: {}});
    await savedPlan('p.plan');
    const explain = (words: readonly string[], file?: string) => outcome(() => commands.explain(typed(words), 'a', file));
    for (const {code, document} of [await explain(['s', 't']), await explain([], 'p.plan')]) {
      expect([code, document.path]).to.deep.equal([0, 'a']);
      expect(document, 'the plan itself is not shown').to.not.have.property('actions');
    }
    expect(await explain(['s', 't'], 'p.plan')).to.include({code: 1, error: 'USAGE'});
  });

  it('nobody hears signals once a command has ended, well or not', async () => {
    given({s: {}, t: {}});
    const counts = () => (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) => process.listenerCount(name));
    const before = counts();
    await apply(['s', 't']);
    await apply(['none']);
    expect(counts()).to.deep.equal(before);
  });
});
