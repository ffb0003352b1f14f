/**
 * Skips a test and says why in its title, where every reporter shows it, also one in another process. From a `before` hook it skips
 * all tests of the hook's suite.
 */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.test as Mocha.Hook | Mocha.Test;
  const explain = (test: Mocha.Test) => {
    test.title += ` (skipped: ${reason})`;
  };
  if (runnable.type === 'hook') runnable.parent?.eachTest(explain);
  else explain(runnable);
  return context.skip();
}
