/** What all batches of a run share, for two folders that are there. */
import {rulesOf} from '../../src/apply/approach.js';
import type {ApplyContext} from '../../src/apply/session.js';
import {toByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import {markRoot, type RootMark} from '../../src/platform/roots.js';
import {header} from './plan.js';

export const RUN_ID = '20260101T000000000Z-000000';

export function markOf(root: string): RootMark {
  const path = toByteName(root);
  const folder = platform().openRoot(path);
  try {
    return markRoot(path, folder, {});
  } finally {
    platform().close(folder);
  }
}

export function applyContext(
  pair: {readonly source: string; readonly target: string},
  fields: Partial<ApplyContext> = {},
): ApplyContext {
  return {
    runId: RUN_ID,
    source: markOf(pair.source),
    missing: undefined,
    target: markOf(pair.target),
    policy: {...header.options, owner: false, groups: []},
    abilities: undefined,
    isShared: false,
    moves: new Map(),
    hasRings: false,
    foldsNames: false,
    rules: rulesOf('fresh', {skipDrifted: false, live: 'copy', hasWaited: false}),
    flushed: 'none',
    umask: 0o022,
    mounts: platform().mounts(),
    mountPoints: {source: new Set(), target: new Set()},
    ...fields,
  };
}
