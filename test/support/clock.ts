/** The monotonic clock of this thread, `performance.now`, which advances only when a test says so. */
export interface Clock {
  pass(milliseconds: number): void;
}

/** Called in a `describe`: the clock of its tests. Only synchronous code can depend on it; timers have their own. */
export function steppedClock(): Clock {
  const {now} = performance;
  let time = 0;
  beforeEach(() => {
    time = now.call(performance);
    performance.now = () => time;
  });
  afterEach(() => {
    performance.now = now;
  });
  return {
    pass(milliseconds) {
      time += milliseconds;
    },
  };
}
