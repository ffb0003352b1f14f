/** Plans and applies inside the test's process, with real workers and real folders. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {Context} from '../../src/app/context.js';
import {applyFresh, applySaved} from '../../src/app/sync/apply.js';
import {type Planned, planTrees as planWith} from '../../src/app/sync/plan.js';
import type {Settings} from '../../src/config/settings.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import {GUARD_NAMES, PRESERVABLE} from '../../src/core/plan.js';
import {readPlanFile} from '../../src/formats/plan-file.js';

// The memory of targets is removed with the process.
const state = fs.mkdtempSync(path.join(os.tmpdir(), 'dirsync-state-'));
process.env.XDG_STATE_HOME = state;
process.on('exit', () => fs.rmSync(state, {recursive: true, force: true}));

/** Guards are lifted, so that any two trees can be synchronised. */
export function settings(source: string, target: string, overrides: Partial<Settings> = {}): Settings {
  return {
    source,
    target,
    filters: [],
    excludeCaches: false,
    excludeIfPresent: [],
    minSize: undefined,
    maxSize: undefined,
    compare: 'metadata',
    mtimeWindow: undefined,
    delete: true,
    deleteBefore: false,
    deleteAnyway: false,
    deleteExcluded: false,
    preserve: PRESERVABLE,
    ownerBy: 'id',
    oneFileSystem: false,
    insisted: [],
    linksAs: undefined,
    renameInvalid: false,
    memory: true,
    onDrift: 'overwrite',
    moves: true,
    moveCheckLimit: 2 ** 30,
    maxDelete: undefined,
    allow: GUARD_NAMES,
    schedule: undefined,
    maxDuration: undefined,
    log: undefined,
    metrics: undefined,
    heartbeat: undefined,
    webhook: undefined,
    hooks: {commands: {}, timeout: 0, folder: undefined},
    rate: undefined,
    ioPriority: 'normal',
    fsync: 'none',
    live: 'copy',
    probe: false,
    mkpath: false,
    skipDrifted: false,
    lockTimeout: 0,
    ...overrides,
  };
}

export function context(): Context {
  return {onEvent: () => {}, signal: new AbortController().signal, now: () => new Date()};
}

export function planTrees(wanted: Settings): Promise<Planned> {
  return planWith(wanted, context());
}

export function syncTrees(wanted: Settings): Promise<ApplyReport> {
  return applyFresh(wanted, context());
}

export async function applyFile(file: string, overrides: {skipDrifted?: boolean} = {}, onto = context()): Promise<ApplyReport> {
  const {plan} = await readPlanFile(file);
  return applySaved({plan, allow: GUARD_NAMES, fsync: 'none', skipDrifted: false, ...overrides}, onto);
}
