/** The JSON forms of a manifest's header, and of what is known after its last row. */

import type {ManifestFacts, ManifestHeader, SnapshotOptions, TreeFileSystem} from '../core/manifest.js';
import type {Folding} from '../core/name.js';
import {type LinksAs, PRESERVABLE, type Preservable} from '../core/plan.js';
import type {PreservedXattrs} from '../core/xattr.js';
import {decodeFileName, decodeRule, decodeTagged} from './filter-json.js';
import {decodeOwners, decodeRoot, decodeTotals, encodeRoot} from './header-json.js';
import {decodeProblem, encodeProblem} from './json.js';
import {decodeRange, encodeRange, LINKS, NAMESPACES} from './options-json.js';
import {boolean, date, decodeTime, encodeTime, id, integer, keys, list, oneOf, record, refuse, text} from './shapes.js';

/** Encodes a header. Every field is named here, so that a new one cannot be forgotten. */
export function encodeManifestHeader({id, created, writer, root, options, fileSystem}: ManifestHeader) {
  return {
    id,
    created,
    writer,
    root: encodeRoot(root),
    options: encodeSnapshotOptions(options),
    fileSystem: encodeFileSystem(fileSystem),
  } satisfies Record<keyof ManifestHeader, unknown>;
}

function encodeSnapshotOptions(options: SnapshotOptions) {
  const {filters, excludeCaches, excludeIfPresent, oneFileSystem, linksAs, digest, read} = options;
  return {
    filters,
    excludeCaches,
    excludeIfPresent,
    oneFileSystem,
    linksAs,
    digest,
    read: encodeXattrs(read),
  } satisfies Record<keyof SnapshotOptions, unknown>;
}

function encodeFileSystem(fileSystem: TreeFileSystem) {
  const {type, madeUp, resolution, range, supports, largestFile, folding} = fileSystem;
  return {
    type,
    madeUp,
    resolution: encodeTime(resolution),
    range: encodeRange(range),
    supports: encodeXattrs(supports),
    largestFile,
    folding,
  } satisfies Record<keyof TreeFileSystem, unknown>;
}

function encodeXattrs({xattrs, acls}: PreservedXattrs) {
  return {xattrs, acls};
}

/** Encodes what is known after the last row. */
export function encodeManifestFacts(facts: ManifestFacts) {
  const {totals, owners, rules, tagged, isCut, problems, unlisted, warnings} = facts;
  return {
    totals,
    owners,
    rules,
    tagged,
    isCut,
    problems: problems.map(encodeProblem),
    unlisted,
    warnings,
  } satisfies Record<keyof ManifestFacts, unknown>;
}

const HEADER_KEYS = keys<ManifestHeader>({id: 1, created: 1, writer: 1, root: 1, options: 1, fileSystem: 1});
const OPTION_KEYS = keys<SnapshotOptions>({
  filters: 1,
  excludeCaches: 1,
  excludeIfPresent: 1,
  oneFileSystem: 1,
  linksAs: 1,
  digest: 1,
  read: 1,
});
const FILE_SYSTEM_KEYS = keys<TreeFileSystem>({
  type: 1,
  madeUp: 1,
  resolution: 1,
  range: 1,
  supports: 1,
  largestFile: 1,
  folding: 1,
});
const XATTR_KEYS = keys<PreservedXattrs>({xattrs: 1, acls: 1});
const FOLDING_KEYS = keys<Folding>({keepsCase: 1, keepsAccents: 1});
const FACT_KEYS = keys<ManifestFacts>({
  totals: 1,
  owners: 1,
  rules: 1,
  tagged: 1,
  isCut: 1,
  problems: 1,
  unlisted: 1,
  warnings: 1,
});
const ATTRIBUTES: ReadonlySet<Preservable> = new Set(PRESERVABLE);

/** Decodes a header. @throws FormatError. */
export function decodeManifestHeader(value: unknown): ManifestHeader {
  const json = record(value, 'the header', HEADER_KEYS);
  return {
    id: id(json.id, 'id'),
    created: date(json.created, 'created'),
    writer: text(json.writer, 'writer'),
    root: decodeRoot(json.root, 'root'),
    options: decodeSnapshotOptions(json.options),
    fileSystem: decodeFileSystem(json.fileSystem),
  };
}

function decodeSnapshotOptions(value: unknown): SnapshotOptions {
  const json = record(value, 'options', OPTION_KEYS);
  const {linksAs} = json;
  return {
    filters: list(json.filters, 'options.filters', text),
    excludeCaches: boolean(json.excludeCaches, 'options.excludeCaches'),
    excludeIfPresent: list(json.excludeIfPresent, 'options.excludeIfPresent', decodeFileName),
    oneFileSystem: boolean(json.oneFileSystem, 'options.oneFileSystem'),
    ...(linksAs !== undefined && {linksAs: oneOf<LinksAs>(linksAs, 'options.linksAs', LINKS)}),
    digest: boolean(json.digest, 'options.digest'),
    read: decodeXattrs(json.read, 'options.read'),
  };
}

function decodeFileSystem(value: unknown): TreeFileSystem {
  const json = record(value, 'fileSystem', FILE_SYSTEM_KEYS);
  const {type, largestFile, folding} = json;
  const resolution = decodeTime(json.resolution, 'fileSystem.resolution');
  if (resolution < 1n) refuse('fileSystem.resolution', json.resolution, 'a duration');
  return {
    ...(type !== undefined && {type: text(type, 'fileSystem.type')}),
    madeUp: list(json.madeUp, 'fileSystem.madeUp', (each, what) => oneOf(each, what, ATTRIBUTES)),
    resolution,
    range: decodeRange(json.range, 'fileSystem.range'),
    supports: decodeXattrs(json.supports, 'fileSystem.supports'),
    ...(largestFile !== undefined && {largestFile: integer(largestFile, 'fileSystem.largestFile')}),
    ...(folding !== undefined && {folding: decodeFolding(folding)}),
  };
}

function decodeFolding(value: unknown): Folding {
  const {keepsCase, keepsAccents} = record(value, 'fileSystem.folding', FOLDING_KEYS);
  return {
    keepsCase: boolean(keepsCase, 'fileSystem.folding.keepsCase'),
    keepsAccents: boolean(keepsAccents, 'fileSystem.folding.keepsAccents'),
  };
}

function decodeXattrs(value: unknown, what: string): PreservedXattrs {
  const {xattrs, acls} = record(value, what, XATTR_KEYS);
  return {
    xattrs: list(xattrs, `${what}.xattrs`, (name, at) => oneOf(name, at, NAMESPACES)),
    acls: boolean(acls, `${what}.acls`),
  };
}

/** Decodes what is known after the last row. @throws FormatError; HostilePathError for a forbidden path. */
export function decodeManifestFacts(value: unknown): ManifestFacts {
  const json = record(value, 'the facts', FACT_KEYS);
  return {
    totals: decodeTotals(json.totals, 'totals'),
    owners: decodeOwners(json.owners),
    rules: list(json.rules, 'rules', decodeRule),
    tagged: list(json.tagged, 'tagged', decodeTagged),
    isCut: boolean(json.isCut, 'isCut'),
    problems: list(json.problems, 'problems', decodeProblem),
    unlisted: integer(json.unlisted, 'unlisted'),
    warnings: list(json.warnings, 'warnings', text),
  };
}
