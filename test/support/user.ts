import process from 'node:process';

/** Does something as a user without rights, if root runs the tests; other users have no such rights anyway. */
export function asNobody<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  const back = () => process.seteuid?.(0);
  process.seteuid?.(65_534);
  let result: T | undefined;
  try {
    result = act();
    return result instanceof Promise ? (result.finally(back) as T) : result;
  } finally {
    if (!(result instanceof Promise)) back();
  }
}
