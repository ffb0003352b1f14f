/** The steps of a story in which a target becomes equal to its source, and both judges check it. */
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync} from './cli.js';
import {differences, type FidelityOptions} from './fidelity.js';

export interface Sync {
  readonly source: string;
  readonly target: string;
  /** Flags of plan and apply. */
  readonly flags?: readonly string[];
  readonly cli?: CliOptions;
}

export interface PlanJson {
  readonly header: {readonly warnings: readonly string[]};
  readonly actions: readonly {readonly kind: string; readonly path: string; readonly reasons: readonly string[]}[];
  readonly problems: readonly {readonly path: string; readonly code: string}[];
}

// Tests make unusual changes on purpose, so no guard may halt them.
const FREELY = ['--allow', 'too-many-deletes', '--allow', 'source-empty'];

/** The document of a plan, which must have no problems. */
export function planOf({source, target, flags = [], cli = {}}: Sync): PlanJson {
  const {code, stdout, stderr} = dirsync(['plan', source, target, '--json', ...FREELY, ...flags], cli);
  expect(code, stderr + stdout.slice(0, 2000)).to.equal(0);
  const plan: PlanJson = JSON.parse(stdout);
  expect(plan.problems).to.deep.equal([]);
  return plan;
}

/** Applies a fresh plan to its end. */
export function applied({source, target, flags = [], cli = {}}: Sync): void {
  const {code, stdout, stderr} = dirsync(['apply', source, target, '--yes', ...FREELY, ...flags], cli);
  expect(code, `apply: ${stderr}${stdout.slice(-3000)}`).to.equal(0);
}

/** Saves a plan, applies it, and applies it again, which finds everything done. */
export function appliedAsSaved({source, target, flags = [], cli = {}}: Sync, folder: string): void {
  const file = path.join(folder, 'saved.plan');
  const made = dirsync(['plan', source, target, '--out', file, ...flags], cli);
  expect(made.code, made.stderr + made.stdout.slice(-3000)).to.equal(0);
  for (const turn of ['first', 'second']) {
    const {code, stdout, stderr} = dirsync(['apply', file, ...FREELY], cli);
    expect(code, `saved plan, ${turn} time: ${stderr}${stdout.slice(-3000)}`).to.equal(0);
    if (turn === 'second') expect(stdout, 'second time').to.not.match(/^ +done/m);
  }
}

/** A second plan finds nothing to do. */
export function nothingLeft({source, target, flags = [], cli = {}}: Sync): void {
  const {code, stdout, stderr} = dirsync(['plan', source, target, '--detailed-exitcode', '--json', ...flags], cli);
  const {actions = []}: Partial<PlanJson> = stdout === '' ? {} : JSON.parse(stdout);
  expect(
    actions.map(({kind, path, reasons}) => `${kind} ${path}: ${reasons.join(', ')}`),
    'a second plan',
  ).to.deep.equal([]);
  expect(code, stderr).to.equal(0);
}

/** Both judges find no difference, and a second plan is empty. */
export function arrived(sync: Sync, options: FidelityOptions = {}): void {
  expect(differences(sync.source, sync.target, options)).to.deep.equal([]);
  nothingLeft(sync);
}
