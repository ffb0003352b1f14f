/** Limits which jobs run at the same time: a maximum number of jobs, and never two on one target. */

interface Waiting {
  readonly target: string;
  readonly start: () => void;
}

/** Options of one use of a slot. */
export interface SlotOptions {
  readonly target: string;
  readonly signal: AbortSignal;
  readonly onWait: () => void;
}

/** The slots that all jobs of this process share. */
export class Slots {
  readonly #busy = new Set<string>();
  #waiting: Waiting[] = [];

  constructor(private readonly most: number) {}

  /**
   * Runs `work` when a slot is free, in the order of the calls except for busy targets. Undefined if the signal was aborted before
   * it began. `onWait` is called if it has to wait.
   */
  async use<Result>(
    {target, signal, onWait}: SlotOptions,
    work: (hasWaited: boolean) => Promise<Result>,
  ): Promise<Result | undefined> {
    const mustWait = this.#busy.size >= this.most || this.#busy.has(target);
    if (mustWait) onWait();
    if (!(await this.#admission(target, signal))) return undefined;
    try {
      return await work(mustWait);
    } finally {
      this.#busy.delete(target);
      this.#admit();
    }
  }

  #admission(target: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const start = () => {
        signal.removeEventListener('abort', leave);
        resolve(true);
      };
      const waiting = {target, start};
      const leave = () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        resolve(false);
      };
      signal.addEventListener('abort', leave);
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  #admit(): void {
    for (const waiting of [...this.#waiting]) {
      if (this.#busy.size >= this.most) return;
      if (this.#busy.has(waiting.target)) continue;
      this.#busy.add(waiting.target);
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.start();
    }
  }
}
