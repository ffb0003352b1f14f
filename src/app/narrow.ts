/** Narrows a plan to what was asked for on the command line. */
import type {NarrowSettings} from '../config/settings.js';
import type {RelPath} from '../core/path.js';
import type {Plan} from '../core/plan.js';
import {chooseWanted, narrow} from '../plan/narrow.js';
import {FilterScope} from '../scan/filter.js';
import {idlePatterns} from '../scan/idle.js';
import {idleWarnings, rootNames} from './filters.js';

/** `id`: that of the narrowed plan. */
export function narrowPlan(plan: Plan, wanted: NarrowSettings | undefined, id: string): Plan {
  if (wanted === undefined || isAll(wanted)) return plan;
  const path = pathTest(wanted);
  const kinds = wanted.kinds.length === 0 ? undefined : new Set(wanted.kinds);
  const {selection, followed} = chooseWanted(plan, {path, kinds});
  const changes = followed === 1 ? '1 change is' : `${followed} changes are`;
  const idle = idleIn(plan, wanted);
  const warnings = followed === 0 ? idle : [...idle, `${changes} left out too, since they need others that are left out`];
  const narrowed = narrow(plan, {selection, id, path, warnings});
  if (narrowed !== plan || idle.length === 0) return narrowed;
  return {...plan, header: {...plan.header, warnings: [...plan.header.warnings, ...idle]}};
}

function idleIn({header}: Plan, {only, except}: NarrowSettings): string[] {
  const patterns = [...only, ...except].map((pattern) => ({pattern}));
  return idleWarnings(idlePatterns(patterns, rootNames([header.source.path, header.target.path])));
}

function isAll({only, except, kinds}: NarrowSettings): boolean {
  return only.length + except.length + kinds.length === 0;
}

function pathTest({only, except}: NarrowSettings): (path: RelPath, isFolder: boolean) => boolean {
  const wanted = FilterScope.root(only);
  const unwanted = FilterScope.root(except);
  return (path, isFolder) => (!wanted.active || wanted.excludes(path, isFolder)) && !unwanted.excludes(path, isFolder);
}
