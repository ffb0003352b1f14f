import fs from 'node:fs';
import {join} from 'node:path';
import {expect} from 'chai';
import {rulesOf} from '../../src/apply/approach.js';
import type {World} from '../../src/apply/check.js';
import {perform} from '../../src/apply/perform.js';
import type {Task} from '../../src/apply/task.js';
import {emptyStat, toEntry} from '../../src/core/block.js';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {TimeLearner} from '../../src/core/times.js';
import {platform} from '../../src/platform/choose.js';
import {Cursor} from '../../src/platform/cursor.js';
import type {Folder, Platform} from '../../src/platform/platform.js';
import {openStaging} from '../../src/state/staging.js';
import {pairIn} from '../support/cli.js';
import {header} from '../support/plan.js';
import {tempDirs} from '../support/temp.js';
import {file} from '../support/tree.js';

const OLD = file('planned', {mtime: 1_600_000_000_000_000_000n});
const NEW = file('planned', {mtime: 1_700_000_000_000_000_000n});

const path = 'd/photo' as RelPath;

/** The platform, which does something when the source is looked at. */
function watched(source: Folder, act: () => void): Platform {
  const inner = platform();
  return new Proxy(inner, {
    get(_, key: keyof Platform) {
      const value = inner[key];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (args[0] === source) act();
        return Reflect.apply(value, inner, args);
      };
    },
  });
}

describe('apply, when the target changes while the source is looked at', () => {
  const temp = tempDirs();
  const cases: Record<string, (target: string) => void> = {
    'the file is replaced': (target) => {
      fs.writeFileSync(join(target, 'new'), 'of the user');
      fs.renameSync(join(target, 'new'), join(target, 'd/photo'));
    },
    'its folder is replaced': (target) => {
      fs.mkdirSync(join(target, 'new'));
      fs.writeFileSync(join(target, 'new/photo'), 'of the user');
      fs.renameSync(join(target, 'd'), join(target, 'old'));
      fs.renameSync(join(target, 'new'), join(target, 'd'));
    },
  };

  for (const [title, change] of Object.entries(cases)) {
    for (const step of ['deletes', 'attrs'] as const)
      it(`${step}: ${title}, and is left alone`, () => {
        const pair = pairIn(temp(), step === 'attrs' ? {d: {photo: NEW}} : {}, {d: {photo: OLD}});
        const [source, target] = [platform().openRoot(toByteName(pair.source)), platform().openRoot(toByteName(pair.target))];
        let isChanged = false;
        const watching = watched(source, () => {
          if (!isChanged) change(pair.target);
          isChanged = true;
        });
        const [from, to, leaders] = [new Cursor(watching, source), new Cursor(watching, target), new Cursor(watching, target)];
        const staging = openStaging({platform: watching, root: target, runId: 'run', worker: 0});
        try {
          const stat = emptyStat();
          const place = to.place(path);
          platform().stat(place.folder, place.name, stat);
          const before = toEntry(stat);
          const after = {...before, mtime: 1_700_000_000_000_000_000n};
          const world: World = {
            platform: watching,
            source: from,
            target: to,
            leaders,
            policy: header.options,
            opened: new Map(),
            missing: undefined,
            moves: new Map(),
            foldsNames: false,
            names: undefined,
            volumes: new Map(),
            beside: new Set(),
            further: new Map(),
            isLeftOut: () => false,
            goOn: () => true,
          };
          const task: Task = {
            step,
            action:
              step === 'deletes'
                ? {kind: 'delete', path, before, reasons: ['gone']}
                : {kind: 'attrs', path, before, after, reasons: ['mtime']},
            index: 0,
            world,
            staging,
            leader: undefined,
            flushed: 'none',
            umask: 0,
            learner: new TimeLearner(),
            rules: rulesOf('fresh', {skipDrifted: false, live: 'copy', hasWaited: false}),
            onBytes: () => true,
          };
          const result = perform(task);
          expect(isChanged).to.equal(true);
          expect(fs.readFileSync(join(pair.target, 'd/photo'), 'utf8')).to.equal('of the user');
          expect(result.status).to.equal('skipped');
        } finally {
          for (const cursor of [from, to, leaders]) cursor.reset();
          staging.close();
          for (const folder of [source, target]) platform().close(folder);
        }
      });
  }
});
