/** Manifests as plain text: what was read and when, and all entries if they are wanted. */
import {formatCount, formatPlural} from '../../core/count.js';
import {type Entry, KIND_WORDS} from '../../core/entry.js';
import {escapeName} from '../../core/escape.js';
import type {ManifestEntry, ShownManifest} from '../../core/manifest.js';
import {formatBytes, formatIsoTime, formatTime} from '../words/units.js';
import {octal, plainPath} from '../words/words.js';
import {joinSections, MAX_PROBLEMS, paint, problemLines} from './text.js';

export interface ManifestTextOptions {
  readonly manifest: ShownManifest;
  readonly color: boolean;
  /** List every problem, no matter how many. */
  readonly all?: boolean;
}

/** Renders a manifest as `dirsync snapshot` and `dirsync show` print it. */
export function manifestText({manifest, color, all = false}: ManifestTextOptions): string {
  const {file, checksum, header, facts} = manifest;
  const {root, created, writer, options, fileSystem} = header;
  const {totals, problems, unlisted, warnings} = facts;
  const {entries, leaves, bytes} = totals;
  const type = fileSystem.type === undefined ? '' : ` (${escapeName(fileSystem.type)})`;
  const folders = `${formatPlural(entries - leaves, 'folder')} and ${formatPlural(leaves, 'other entry', 'other entries')}`;
  const more = unlisted > 0 ? [`  … and ${formatCount(unlisted)} more, which the manifest does not list`] : [];
  return joinSections([
    [
      `${escapeName(root.path)}${type}`,
      `Snapshot ${escapeName(header.id)} of ${formatIsoTime(created)}, by ${escapeName(writer)}`,
    ],
    [`${folders}, ${formatBytes(bytes)}`, ...readWords(options).map((words) => `  ${words}`)],
    [...problemLines(problems, color, all ? Number.POSITIVE_INFINITY : MAX_PROBLEMS), ...more],
    warnings.map((warning) => `${paint(color, 'yellow', 'Warning:')} ${escapeName(warning)}`),
    [`Manifest ${escapeName(file)}`, `Checksum ${checksum}`],
  ]);
}

/** Says what was read in another way than usual. */
function readWords({
  filters,
  excludeCaches,
  excludeIfPresent,
  oneFileSystem,
  linksAs,
  digest,
}: ShownManifest['header']['options']) {
  const words: (string | false)[] = [
    digest && 'with a digest of each file',
    filters.length > 0 && `filters: ${filters.map(escapeName).join(', ')}`,
    excludeCaches && 'without the contents of caches (--exclude-caches)',
    excludeIfPresent.length > 0 && `without folders that hold ${excludeIfPresent.map(escapeName).join(' or ')}`,
    oneFileSystem && 'without other file systems (--one-file-system)',
    linksAs !== undefined && `symbolic links read as ${linksAs} (--links-as)`,
  ];
  return words.filter((each) => each !== false);
}

const PIECE = 1 << 16;

/** Renders all entries, one per line: kind, mode, owner, size, time, digest, path. In pieces, since there may be millions. */
export function* manifestListing(entries: Iterable<ManifestEntry>): Generator<string> {
  let text = '';
  for (const listed of entries) {
    text += `${listingLine(listed)}\n`;
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text;
}

function listingLine({path, entry, state, digest}: ManifestEntry): string {
  if (entry === undefined) return `${state === 'excluded' ? 'left out' : 'unread'}  ${plainPath(path)}`;
  const {kind, mode, uid, gid, mtime} = entry;
  const columns = [KIND_WORDS[kind].padEnd(7), octal(mode), `${uid}:${gid}`, sizeOf(entry), formatTime(mtime)];
  return `${columns.join('  ')}  ${digest === undefined ? '' : `${digest}  `}${plainPath(path)}${linkOf(entry)}`;
}

function sizeOf({kind, size, rdev = ''}: Entry): string {
  return (kind === 'file' ? formatBytes(size) : rdev).padStart(9);
}

function linkOf({link}: Entry): string {
  return link === undefined ? '' : ` -> ${escapeName(link)}`;
}
