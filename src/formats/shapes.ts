/**
 * Decoders for JSON values from files that are not trusted. They throw a FormatError that says what is wrong and where; text from
 * the file is escaped and truncated. `what` names the value in that message.
 */
import {escapeName} from '../core/escape.js';
import {isName} from '../core/name.js';

/** A value with the wrong shape; the message says which value, and what was expected. */
export class FormatError extends Error {
  override readonly name: string = 'FormatError';
}

/** A path that is absolute, climbs out of the root, or could otherwise do harm. */
export class HostilePathError extends FormatError {
  override readonly name = 'HostilePathError';
}

type Json = Record<string, unknown>;

/** Text from a file for a message: escaped, and truncated to 200 characters. */
export function excerpt(text: string): string {
  return text.length <= 200 ? escapeName(text) : `${escapeName(text.slice(0, 200))}…`;
}

/** Nanoseconds as a decimal string of seconds with nine decimals, exact: "1700000000.000000001", "-0.500000000". */
export function encodeTime(time: bigint): string {
  if (time < 0n) return `-${encodeTime(-time)}`;
  const digits = time.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

export const A_TIME = 'seconds with nine decimals';
const TIME = /^-?\d{1,19}\.\d{9}$/;

/** The inverse of `encodeTime`. */
export function decodeTime(value: unknown, what: string): bigint {
  if (!isTime(value)) refuse(what, value, A_TIME);
  return parseTime(value);
}

/** Whether a value is a time as `encodeTime` writes it. */
export function isTime(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value);
}

/** The nanoseconds of a valid time. */
export function parseTime(text: string): bigint {
  return BigInt(text.slice(0, -10) + text.slice(-9));
}

/** The keys of T; the compiler checks that none is missing. */
export function keys<T>(names: Record<keyof T, 1>): ReadonlySet<keyof T & string> {
  return new Set(Object.keys(names)) as ReadonlySet<string> as ReadonlySet<keyof T & string>;
}

/** Decodes an object that has only known keys. @throws FormatError. */
export function record(value: unknown, what: string, known: ReadonlySet<string>): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, value, 'an object');
  for (const key in value) if (!known.has(key)) throw new FormatError(`${what} has an unknown key "${excerpt(key)}"`);
  return value as Json;
}

export const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

/** Whether a value is a whole number from 0 to `max`. */
export function isWhole(value: unknown, max: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= max;
}

/** Decodes a whole number from 0 to `max`. @throws FormatError. */
export function integer(value: unknown, what: string, max = MAX_NUMBER): number {
  if (!isWhole(value, max)) refuseNumber(what, value, max);
  return value;
}

/** @throws FormatError for an invalid whole number. */
export function refuseNumber(what: string, value: unknown, max: number): never {
  refuse(what, value, `a whole number from 0 to ${max}`);
}

/** Decodes a boolean. @throws FormatError. */
export function boolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') refuse(what, value, 'true or false');
  return value;
}

/** Decodes a string. @throws FormatError. */
export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') refuse(what, value, 'a string');
  return value;
}

/** Ids become names of files in `.dirsync`, so they must not contain anything that leads elsewhere. */
const ID = /^\w[\w.:-]{0,99}$/;

/** Decodes an id. @throws FormatError. */
export function id(value: unknown, what: string): string {
  if (typeof value !== 'string' || !ID.test(value)) refuse(what, value, 'an id');
  return value;
}

/** ISO 8601 in UTC, as `Date.toISOString` writes it. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Decodes an ISO 8601 time in UTC. @throws FormatError. */
export function date(value: unknown, what: string): string {
  if (typeof value !== 'string' || !INSTANT.test(value) || Number.isNaN(Date.parse(value))) refuse(what, value, 'a time');
  return value;
}

/** Decodes text that is passed to the operating system as bytes. @throws FormatError. */
export function systemText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '' || value.includes('\0') || !isName(value)) refuse(what, value, 'a path');
  return value;
}

/** Decodes one of `names`. @throws FormatError. */
export function oneOf<T extends string>(value: unknown, what: string, names: ReadonlySet<T>): T {
  if (!names.has(value as T)) refuse(what, value, `one of ${[...names].join(', ')}`);
  return value as T;
}

/** Decodes a list. @throws FormatError. */
export function list<T>(value: unknown, what: string, decode: (item: unknown, what: string) => T): T[] {
  if (!Array.isArray(value)) refuse(what, value, 'a list');
  return value.map((item) => decode(item, what));
}

/** @throws FormatError that says what was expected. */
export function refuse(what: string, value: unknown, expected: string): never {
  throw new FormatError(value === undefined ? `${what} is missing` : `${what} is ${shown(value)}, not ${expected}`);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `"${excerpt(value)}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
