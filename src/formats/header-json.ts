/** The JSON form of a plan's header: its roots, totals and owners; its options and facts have files of their own. */
import {areHeldNames, type HeldNames} from '../core/abilities.js';
import type {Narrowed, Overlap, Owners, PlanHeader, PlanRoot, RootIdentity, TreeTotals} from '../core/plan.js';
import {decodeFacts} from './facts-json.js';
import {decodeRule, decodeTagged} from './filter-json.js';
import {MAX_ID} from './json.js';
import {decodeOptions, encodeOptions} from './options-json.js';
import {
  boolean,
  date,
  decodeTime,
  encodeTime,
  excerpt,
  id,
  integer,
  keys,
  list,
  oneOf,
  record,
  refuse,
  systemText,
  text,
} from './shapes.js';

/** Encodes a plan's header. Every field is named here, so that a new one cannot be forgotten. */
export function encodeHeader(header: PlanHeader) {
  const {
    id,
    created,
    writer,
    source,
    target,
    options,
    totals,
    overlap,
    owners,
    plannedBy,
    sourceMissing,
    facts,
    rules,
    tagged,
    narrowed,
    compared,
    warnings,
  } = header;
  return {
    id,
    created,
    writer,
    source: encodeRoot(source),
    target: encodeRoot(target),
    options: encodeOptions(options),
    totals,
    overlap,
    owners,
    plannedBy,
    sourceMissing,
    facts,
    rules,
    tagged,
    narrowed,
    ...(compared && {compared}),
    warnings,
  } satisfies Record<Exclude<keyof PlanHeader, 'compared'>, unknown>;
}

/** Encodes a root. */
export function encodeRoot({path, identity, escapes}: PlanRoot) {
  return {
    path,
    ...(identity && {identity: {inode: identity.inode.toString(), birthtime: encodeTime(identity.birthtime)}}),
    ...(escapes && {escapes: {refused: escapes.refused, ends: escapes.ends, letters: escapes.letters}}),
  };
}

const HEADER_KEYS = keys<Omit<PlanHeader, 'compared'>>({
  id: 1,
  created: 1,
  writer: 1,
  source: 1,
  target: 1,
  options: 1,
  totals: 1,
  overlap: 1,
  owners: 1,
  plannedBy: 1,
  sourceMissing: 1,
  facts: 1,
  rules: 1,
  tagged: 1,
  narrowed: 1,
  warnings: 1,
});
const OWNER_KEYS = keys<Owners>({users: 1, groups: 1});
const NARROWED_KEYS = keys<Narrowed>({from: 1, leftOut: 1});
const ROOT_KEYS = keys<PlanRoot>({path: 1, identity: 1, escapes: 1});
const IDENTITY_KEYS = keys<RootIdentity>({inode: 1, birthtime: 1});
const TOTALS_KEYS = keys<PlanHeader['totals']>({source: 1, target: 1});
const TREE_KEYS = keys<TreeTotals>({entries: 1, leaves: 1, bytes: 1, digest: 1});
const OVERLAPS = keys<Record<Overlap, 1>>({same: 1, 'target-in-source': 1, 'source-in-target': 1});
/** Decodes a plan's header. @throws FormatError. */
export function decodeHeader(value: unknown): PlanHeader {
  const json = record(value, 'the header', HEADER_KEYS);
  const {overlap, sourceMissing} = json;
  const known = {id: id(json.id, 'id'), created: date(json.created, 'created'), writer: text(json.writer, 'writer')};
  const totals = record(json.totals, 'totals', TOTALS_KEYS);
  return {
    ...known,
    source: decodeRoot(json.source, 'source'),
    target: decodeRoot(json.target, 'target'),
    options: decodeOptions(json.options),
    totals: {source: decodeTotals(totals.source, 'totals.source'), target: decodeTotals(totals.target, 'totals.target')},
    ...(overlap !== undefined && {overlap: oneOf(overlap, 'overlap', OVERLAPS)}),
    ...(json.owners !== undefined && {owners: decodeOwners(json.owners)}),
    ...(json.plannedBy !== undefined && {plannedBy: integer(json.plannedBy, 'plannedBy', MAX_ID)}),
    ...(sourceMissing !== undefined && {sourceMissing: boolean(sourceMissing, 'sourceMissing')}),
    ...(json.facts !== undefined && {facts: decodeFacts(json.facts)}),
    ...(json.rules !== undefined && {rules: list(json.rules, 'rules', decodeRule)}),
    ...(json.tagged !== undefined && {tagged: list(json.tagged, 'tagged', decodeTagged)}),
    ...(json.narrowed !== undefined && {narrowed: decodeNarrowed(json.narrowed)}),
    warnings: list(json.warnings, 'warnings', text),
  };
}

/** Decodes the names of owners. @throws FormatError. */
export function decodeOwners(value: unknown): Owners {
  const {users, groups} = record(value, 'owners', OWNER_KEYS);
  return {users: decodeIds(users, 'owners.users'), groups: decodeIds(groups, 'owners.groups')};
}

function decodeIds(value: unknown, what: string): Record<string, number> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  return Object.fromEntries(Object.entries(value).map(([name, id]) => [name, integer(id, `${what}.${excerpt(name)}`, MAX_ID)]));
}

function decodeNarrowed(value: unknown): Narrowed {
  const {from, leftOut} = record(value, 'narrowed', NARROWED_KEYS);
  return {from: id(from, 'narrowed.from'), leftOut: integer(leftOut, 'narrowed.leftOut')};
}

/** Decodes a root; `what` names it in messages. @throws FormatError. */
export function decodeRoot(value: unknown, what: string): PlanRoot {
  const {path, identity, escapes} = record(value, what, ROOT_KEYS);
  if (escapes !== undefined && !areHeldNames(escapes)) refuse(`${what}.escapes`, escapes, 'rules for escaped names');
  const root = {path: systemText(path, `${what}.path`), ...(escapes !== undefined && {escapes: escapes as HeldNames})};
  if (identity === undefined) return root;
  const {inode, birthtime} = record(identity, `${what}.identity`, IDENTITY_KEYS);
  if (typeof inode !== 'string' || !/^\d{1,20}$/.test(inode)) refuse(`${what}.identity.inode`, inode, 'an inode number');
  return {...root, identity: {inode: BigInt(inode), birthtime: decodeTime(birthtime, `${what}.identity.birthtime`)}};
}

/** Decodes the totals of a tree. @throws FormatError. */
export function decodeTotals(value: unknown, what: string): TreeTotals {
  const {entries, leaves, bytes, digest} = record(value, what, TREE_KEYS);
  return {
    entries: integer(entries, `${what}.entries`),
    leaves: integer(leaves, `${what}.leaves`),
    bytes: integer(bytes, `${what}.bytes`),
    digest: text(digest, `${what}.digest`),
  };
}
