/** Filters: gitignore patterns from the command line, and from the .dirsyncignore files on the way down. */
import ignore from 'ignore';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {type FilterDecision, type FilterRule, IGNORE_FILE, type Tags} from '../core/filter.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';

/** A line for `ignore`; `mark` is returned with its verdict and contains the FilterRule as JSON. */
interface Line {
  readonly pattern: string;
  readonly mark: string;
  /** The number of `**` parts, without one at its end, which costs nothing. */
  readonly spans: number;
  readonly isLong: boolean;
}

/** `ignore` caches every verdict for ever, so its cache is dropped after this many calls. */
const CACHED_VERDICTS = 4096;

/** A longer pattern could only match paths that programs cannot use, and its regular expression could be too large for V8. */
const MAX_PATTERN = 4096;
/**
 * The most steps of a regular expression (6 ns each) for one path. Each pattern takes about 100. The n-th `**` of a pattern tries
 * all positions that the ones before it leave: in a path of 200 names, three of them take 9 ms and five take hours.
 */
const MAX_STEPS = 1_000_000;
const PATTERN_STEPS = 100;
const MAX_PATTERNS = MAX_STEPS / PATTERN_STEPS;

const NO_TAGS: Tags = {excludeCaches: false, excludeIfPresent: []};

/** Lines and their compiled form. */
interface Rules {
  readonly lines: readonly Line[];
  readonly matcher: ignore.Ignore;
}

/**
 * The filters that apply in one folder; immutable, so scopes can be shared. One matcher contains all lines, anchored at their
 * folders and in rising order of precedence: with one matcher per file, a folder that one file excludes and a higher one includes
 * again would still count as an excluded parent for the first.
 */
export class FilterScope {
  private asked = 0;
  private matcher: ignore.Ignore;
  /** The most names that the path of a folder may have, so that the filters are fast enough for its content. */
  readonly deepest: number;

  private constructor(
    private readonly commandLine: Rules,
    private readonly files: Rules,
    /** The files that count as tags. */
    readonly tags: Tags,
    /** The tag of this folder, or of one above it: everything except the tag is excluded, regardless of the lines. */
    private readonly tag?: RelPath,
  ) {
    this.matcher = matcherOf(files.matcher, commandLine.matcher);
    this.deepest = deepestFolder([...files.lines, ...commandLine.lines]);
  }

  /**
   * `lines`: patterns of the command line and the config in order. The last match wins, and they take precedence over every
   * .dirsyncignore. @throws DirsyncError FILTERS_REFUSED.
   */
  static root(lines: readonly string[], tags = NO_TAGS): FilterScope {
    const rules = linesOf(lines, '');
    if (rules.length > MAX_PATTERNS) refuse(`there are ${rules.length} patterns, more than the limit of ${MAX_PATTERNS}`);
    const long = lines.find(({length}) => length > MAX_PATTERN);
    if (long !== undefined) refuse(`a pattern is longer than ${MAX_PATTERN} characters: ${escapeName(long.slice(0, 40))}…`);
    return new FilterScope(rulesOf(rules), rulesOf([]), tags);
  }

  /**
   * The scope for the content of the folder `path`, with the text of its .dirsyncignore and the name of its tag, if it has them.
   */
  within(path: RelPath, rules: string | undefined, tag?: string): FilterScope {
    const files = this.#withRules(path, rules);
    const known = this.tag ?? (tag === undefined ? undefined : joinPath(path, tag));
    return files === this.files && known === this.tag ? this : new FilterScope(this.commandLine, files, this.tags, known);
  }

  #withRules(path: RelPath, rules: string | undefined): Rules {
    if (rules === undefined) return this.files;
    const lines = linesOf(rules.replace(/^\ufeff/, '').split(/\r?\n/), joinPath(path, IGNORE_FILE), path);
    if (lines.length === 0) return this.files;
    const all = [...this.files.lines, ...lines];
    // A scope with too many lines is never used, so they are not compiled.
    const matcher = all.length > MAX_PATTERNS ? this.files.matcher : matcherOf(this.files.matcher, lines);
    return {lines: all, matcher};
  }

  /** False if nothing can be excluded here, so that a walk need not build paths. */
  get active(): boolean {
    return this.tag !== undefined || this.commandLine.lines.length + this.files.lines.length > 0;
  }

  /** Whether this path is excluded; it must be in the folder of the scope. Everything below an excluded folder is excluded. */
  excludes(path: RelPath, directory: boolean): boolean {
    return this.active && path !== ROOT && (this.#isTaggedOut(path) || this.test(path, directory).ignored);
  }

  /** Like `excludes`, with the tag or the line that decided; neither if no line matches. */
  decide(path: RelPath, directory: boolean): Omit<FilterDecision, 'at'> {
    if (!this.active || path === ROOT) return {excluded: false};
    if (this.#isTaggedOut(path)) return {excluded: true, tag: this.tag as RelPath};
    const {ignored, unignored, rule} = this.test(path, directory);
    // `ignore` returns only the rule of an exclusion; the rule that includes a path again is found by trying each one.
    const line = unignored ? this.lineThatIncludes(path, directory) : rule;
    return {excluded: ignored, ...(line?.mark !== undefined && {rule: JSON.parse(line.mark) as FilterRule})};
  }

  #isTaggedOut(path: RelPath): boolean {
    return this.tag !== undefined && path !== this.tag;
  }

  private test(path: RelPath, directory: boolean): ignore.TestResult {
    if (++this.asked > CACHED_VERDICTS) {
      this.matcher = matcherOf(this.matcher);
      this.asked = 0;
    }
    return this.matcher.test(question(path, directory));
  }

  private lineThatIncludes(path: RelPath, directory: boolean): Line | undefined {
    const lines = [...this.files.lines, ...this.commandLine.lines];
    return lines.findLast((line) => matcherOf([line]).test(question(path, directory)).unignored);
  }
}

function question(path: RelPath, directory: boolean): string {
  return directory ? `${path}/` : path;
}

/** Adds lines to a matcher and shares the compiled rules of other matchers. */
function matcherOf(...parts: readonly (ignore.Ignore | readonly Line[])[]): ignore.Ignore {
  const matcher = ignore({ignorecase: false});
  // `ignore` removes a byte order mark from the first pattern, which need not be the first line of a file here.
  for (const part of parts) matcher.add(Array.isArray(part) ? ['', ...part] : (part as ignore.Ignore));
  return matcher;
}

function rulesOf(lines: readonly Line[]): Rules {
  return {lines, matcher: matcherOf(lines)};
}

function deepestFolder(lines: readonly Line[]): number {
  if (lines.length > MAX_PATTERNS || lines.some(({isLong}) => isLong)) return -1;
  /** The number of patterns by their number of `**`. A single `**` costs no more than the length of the path. */
  const counts = new Map<number, number>();
  for (const {spans} of lines) if (spans > 1) counts.set(spans, (counts.get(spans) ?? 0) + 1);
  if (counts.size === 0) return Number.POSITIVE_INFINITY;
  for (let names = 1; ; names++) {
    let steps = lines.length * PATTERN_STEPS;
    for (const [spans, count] of counts) steps += count * choices(names, spans);
    if (steps > MAX_STEPS) return names - 2;
  }
}

/** The number of ways in which this many `**` can match in a path of this many names. */
function choices(names: number, spans: number): number {
  let ways = 1;
  for (let i = 0; i < spans && ways <= MAX_STEPS; i++) ways = (ways * (names - i)) / (i + 1);
  return ways;
}

/** A part that consists only of stars, with another part after it. */
const SPAN = /(?<![^!/])\*{2,}(?=\/.)/g;

/** The lines that can match anything, anchored at `folder`. */
function linesOf(texts: readonly string[], from: string, folder: RelPath = ROOT): Line[] {
  return texts.flatMap((text, i) => {
    if (/^(#|!?\/? *$)/.test(text)) return [];
    const pattern = anchor(text, folder);
    const mark = JSON.stringify({from, line: i + 1, pattern: text} satisfies FilterRule);
    return {pattern, mark, spans: pattern.match(SPAN)?.length ?? 0, isLong: text.length > MAX_PATTERN};
  });
}

/** A line of the .dirsyncignore in `folder` as a pattern for the whole tree. */
function anchor(line: string, folder: RelPath): string {
  if (folder === ROOT) return line;
  const not = line.startsWith('!') ? '!' : '';
  const body = line.slice(not.length);
  // gitignore(5): a slash at the beginning or in the middle ties a pattern to the folder of its file, one at the end does not.
  const tied = body.replace(/ +$/, '').slice(0, -1).includes('/');
  return `${not}/${escapePattern(folder)}/${tied ? '' : '**/'}${body.replace(/^\//, '')}`;
}

/** The pattern that matches this path and no other. */
export function escapePattern(path: string): string {
  return path.replace(/[\\*?[]/g, '\\$&');
}

function refuse(what: string): never {
  throw new DirsyncError(
    'FILTERS_REFUSED',
    what,
    'write fewer and shorter patterns; a pattern for a folder leaves out everything in it',
  );
}
