/** What is left out of a tree: gitignore patterns of the command line, and of the .dirsyncignore files met on the way down. */
import ignore from 'ignore';
import type {FilterDecision, FilterRule} from '../core/filter.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';

export type {FilterRule} from '../core/filter.js';

export const IGNORE_FILE = '.dirsyncignore';

/** A line as `ignore` gets it; `mark` comes back with its verdict and holds the FilterRule as JSON. */
interface Line {
  readonly pattern: string;
  readonly mark: string;
}

/** `ignore` keeps every verdict for ever, so its cache is dropped after so many questions. */
const CACHED_VERDICTS = 4096;

/**
 * The filters that hold in one folder; immutable, so scopes can be shared. All lines go into one matcher, anchored at their
 * folders and in rising order of precedence: with one matcher per file, a folder that one file excludes and a higher one
 * takes back would still count as an excluded parent for the first.
 */
export class FilterScope {
  private asked = 0;

  private constructor(
    private readonly commandLine: readonly Line[],
    private readonly files: readonly Line[],
    private matcher = matcherOf([...files, ...commandLine]),
  ) {}

  /** `lines`: patterns of the command line and the config in order, the last match wins; they rank above every .dirsyncignore. */
  static root(lines: readonly string[]): FilterScope {
    return new FilterScope(linesOf(lines, ''), []);
  }

  /** The scope of what lies in the folder `path`; `rules` is the text of its .dirsyncignore, if it has one. */
  within(path: RelPath, rules: string | undefined): FilterScope {
    if (rules === undefined) return this;
    const lines = linesOf(rules.replace(/^\ufeff/, '').split(/\r?\n/), joinPath(path, IGNORE_FILE), path);
    return lines.length === 0 ? this : new FilterScope(this.commandLine, [...this.files, ...lines]);
  }

  /** False when nothing can be left out here, so that a walk need not build paths. */
  get active(): boolean {
    return this.commandLine.length + this.files.length > 0;
  }

  /** Whether this path is left out; `path` must lie in the folder of the scope. Below an excluded folder everything is. */
  excludes(path: RelPath, directory: boolean): boolean {
    return this.active && path !== ROOT && this.test(path, directory).ignored;
  }

  /** As `excludes`, with the line that decided; no rule when no line matches. */
  decide(path: RelPath, directory: boolean): Omit<FilterDecision, 'at'> {
    if (!this.active || path === ROOT) return {excluded: false};
    const {ignored, unignored, rule} = this.test(path, directory);
    // `ignore` names the rule of an exclusion only; the rule that took a path back is found by asking each alone.
    const line = unignored ? this.lineThatIncludes(path, directory) : rule;
    return {excluded: ignored, ...(line?.mark !== undefined && {rule: JSON.parse(line.mark) as FilterRule})};
  }

  private test(path: RelPath, directory: boolean): ignore.TestResult {
    if (++this.asked > CACHED_VERDICTS) {
      this.matcher = ignore({ignorecase: false}).add(this.matcher); // shares the compiled rules
      this.asked = 0;
    }
    return this.matcher.test(question(path, directory));
  }

  private lineThatIncludes(path: RelPath, directory: boolean): Line | undefined {
    const lines = [...this.files, ...this.commandLine];
    return lines.findLast((line) => matcherOf([line]).test(question(path, directory)).unignored);
  }
}

function question(path: RelPath, directory: boolean): string {
  return directory ? `${path}/` : path;
}

function matcherOf(lines: readonly Line[]): ignore.Ignore {
  // `ignore` drops a byte order mark from the first pattern, which here need not be the first line of a file.
  return ignore({ignorecase: false}).add(['', ...lines]);
}

/** The lines that can match something, anchored at `folder`. */
function linesOf(texts: readonly string[], from: string, folder: RelPath = ROOT): Line[] {
  return texts.flatMap((text, i) => {
    if (/^(#|!?\/? *$)/.test(text)) return [];
    return {pattern: anchor(text, folder), mark: JSON.stringify({from, line: i + 1, pattern: text} satisfies FilterRule)};
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
function escapePattern(path: string): string {
  return path.replace(/[\\*?[]/g, '\\$&');
}
