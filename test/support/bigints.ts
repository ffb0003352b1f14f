/**
 * In parallel mode mocha sends failed tests between processes as JSON, which has no BigInt: one in an error would end the run
 * without its report. So in errors they become text, such as "5n". Only in errors: elsewhere a BigInt in JSON must fail.
 */
import Mocha from 'mocha';

// mocha's types do not include the function that every failed test and hook calls.
const runner = Mocha.Runner.prototype as unknown as {fail: (test: Mocha.Runnable, error: unknown, ...more: unknown[]) => void};
const {fail} = runner;
runner.fail = function (test, error, ...more) {
  fail.call(this, test, spelled(error, new Map()), ...more);
};

/** An error is changed in place, because its stack and message belong to it; everything else is copied. */
function spelled(value: unknown, done: Map<unknown, unknown>): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (done.has(value)) return done.get(value);
  let result: object = value;
  if (Array.isArray(value)) result = [];
  else if (!(value instanceof Error)) result = Object.create(Object.getPrototypeOf(value));
  done.set(value, result);
  for (const key of Object.keys(value)) Reflect.set(result, key, spelled(Reflect.get(value, key), done));
  if (value instanceof Error && value.cause !== undefined) spelled(value.cause, done);
  return result;
}
