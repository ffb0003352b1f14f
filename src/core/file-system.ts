/**
 * Names of file systems: "ext4 1f2e…", the type and an id that survives a reboot, or only the type. The portable backend knows no
 * id, so a name without one may stand for any file system of its type.
 */

/** Whether two names may stand for the same file system. */
export function isSameFileSystem(a: string, b: string): boolean {
  return a === b || (typeOf(a) === typeOf(b) && (isType(a) || isType(b)));
}

/** Adds a name in front. A type alone is not added if an id of that type is known, and an id replaces its type. */
export function withFileSystem(names: readonly string[], name: string): string[] {
  if (isType(name) && names.some((other) => other !== name && typeOf(other) === name)) return [...names];
  return [name, ...names.filter((other) => other !== name && other !== typeOf(name))];
}

function typeOf(name: string): string {
  return name.split(' ', 1)[0] as string;
}

function isType(name: string): boolean {
  return !name.includes(' ');
}
