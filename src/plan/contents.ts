/** Compares files by content, in batches, so that both trees are read in parallel. */
import type {Reason} from '../core/action.js';
import {baseName, joinPath, type RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Problem} from '../core/problem.js';
import type {Draft, Pair} from './draft.js';
import {pathInTarget} from './frame.js';

/**
 * Compares the content of the files at these paths in both trees, only with `compare: 'content'`. `inTarget`: their paths in the
 * target, which differ if something will be renamed. Returns for each path whether the content is the same, or the problem that
 * prevented it.
 */
export type SameContent = (paths: readonly RelPath[], inTarget: readonly RelPath[]) => Promise<readonly (boolean | Problem)[]>;

/** The number of files in a batch. */
const BATCH = 512;

interface Candidate {
  readonly pair: Pair;
  /** How their metadata differs. */
  readonly reasons: readonly Reason[];
}

/** Files that wait for a comparison of their content. */
export class Contents {
  readonly #waiting: Candidate[] = [];

  constructor(
    private readonly draft: Draft,
    private readonly options: {readonly policy: PlanOptions; readonly sameContent: SameContent},
  ) {}

  get isFull(): boolean {
    return this.#waiting.length >= BATCH;
  }

  add(pair: Pair, reasons: readonly Reason[]): void {
    this.#waiting.push({pair, reasons});
  }

  /** Compares all waiting files; returns for each whether the content is the same. */
  async compare(): Promise<boolean[]> {
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) return [];
    const answers = await this.#ask(waiting.map(({pair}) => pair));
    return waiting.map(({pair, reasons}, i) => {
      const answer = answers[i] as boolean | Problem;
      if (typeof answer !== 'boolean') this.#leave(pair, answer);
      else if (answer) this.draft.settle(pair, reasons);
      else this.draft.update(pair, ['content', ...reasons]);
      return answer === true;
    });
  }

  /** Compares the content of one leaf with equal metadata, if content is compared at all. On a problem it is left alone: true. */
  async isSame(pair: Pair): Promise<boolean> {
    if (this.options.policy.compare !== 'content' || pair.after.kind !== 'file') return true;
    const [answer] = await this.#ask([pair]);
    if (typeof answer === 'boolean') return answer;
    this.#leave(pair, answer as Problem);
    return true;
  }

  #leave({after}: Pair, found: Problem): void {
    this.draft.addProblem(found);
    this.draft.elsewhere.add(after);
  }

  #ask(files: readonly Pair[]): Promise<readonly (boolean | Problem)[]> {
    const inTarget = files.map(({path, from, frame}) => {
      return from ?? (frame?.isRenamed ? joinPath(pathInTarget(frame), baseName(path)) : path);
    });
    return this.options.sameContent(
      files.map(({path}) => path),
      inTarget,
    );
  }
}
