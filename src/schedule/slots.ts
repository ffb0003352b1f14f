/** Who may run at one time: so many jobs at most, and never two on one target. */

interface Waiting {
  readonly target: string;
  readonly start: () => void;
}

export class Slots {
  readonly #busy = new Set<string>();
  #waiting: Waiting[] = [];

  constructor(private readonly most: number) {}

  /**
   * Does the work when it may, in the order in which it was asked for, but for targets that are busy. Undefined when the signal
   * was aborted before it began.
   */
  async use<Result>(target: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result | undefined> {
    if (!(await this.#admission(target, signal))) return undefined;
    try {
      return await work();
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
