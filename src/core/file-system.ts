/**
 * How a file system is named: "ext4 1f2e…", its type and the id that outlives a reboot, or its type alone. The portable backend knows no
 * id, so a name without one may stand for any of its type.
 */

export function isSameFileSystem(a: string, b: string): boolean {
  return a === b || (typeOf(a) === typeOf(b) && (isType(a) || isType(b)));
}

/** The names with one more, as the first. A type says nothing new where an id is known, and an id says more than its type. */
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
