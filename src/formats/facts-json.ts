/** The JSON form of a plan's facts, which are written as they are. */
import type {Facts, Found, Known, MountFacts, Space, Unread} from '../core/plan.js';
import {decodePath, MAX_ID} from './json.js';
import {boolean, integer, keys, list, record, systemText, text} from './shapes.js';

const FACT_KEYS = keys<Facts>({
  target: 1,
  unread: 1,
  sourceFileSystem: 1,
  sourceMounts: 1,
  targetMounts: 1,
  reversed: 1,
  space: 1,
  notWritable: 1,
  stateOwner: 1,
  collisions: 1,
  unfiltered: 1,
});
const KNOWN_KEYS = keys<Known>({now: 1, before: 1});
const MOUNT_KEYS = keys<MountFacts>({at: 1, now: 1, before: 1});
const UNREAD_KEYS = keys<Unread>({file: 1, why: 1});
const FOUND_KEYS = keys<Found>({count: 1, example: 1});
const SPACE_KEYS = keys<Space>({at: 1, block: 1, free: 1, freeInodes: 1, needed: 1});
/** Decodes the facts of a plan header. @throws FormatError. */
export function decodeFacts(value: unknown): Facts {
  const json = record(value, 'facts', FACT_KEYS);
  const {target, unread, sourceFileSystem, sourceMounts, targetMounts, reversed} = json;
  const {space, notWritable, stateOwner, collisions, unfiltered} = json;
  return {
    ...(target !== undefined && {target: decodeKnown(target, 'facts.target')}),
    ...(unread !== undefined && {unread: list(unread, 'facts.unread', decodeUnread)}),
    ...(sourceFileSystem !== undefined && {sourceFileSystem: decodeKnown(sourceFileSystem, 'facts.sourceFileSystem')}),
    ...(sourceMounts !== undefined && {sourceMounts: list(sourceMounts, 'facts.sourceMounts', decodeMount)}),
    ...(targetMounts !== undefined && {targetMounts: list(targetMounts, 'facts.targetMounts', decodeMount)}),
    ...(reversed !== undefined && {reversed: boolean(reversed, 'facts.reversed')}),
    ...(space !== undefined && {space: list(space, 'facts.space', decodeSpace)}),
    ...(notWritable !== undefined && {notWritable: decodeFound(notWritable, 'facts.notWritable')}),
    ...(stateOwner !== undefined && {stateOwner: integer(stateOwner, 'facts.stateOwner', MAX_ID)}),
    ...(collisions !== undefined && {collisions: decodeFound(collisions, 'facts.collisions')}),
    ...(unfiltered !== undefined && {unfiltered: decodeFound(unfiltered, 'facts.unfiltered')}),
  };
}

function decodeKnown(value: unknown, what: string): Known {
  const {now, before} = record(value, what, KNOWN_KEYS);
  return {...(now !== undefined && {now: text(now, `${what}.now`)}), before: list(before, `${what}.before`, text)};
}

function decodeMount(value: unknown, what: string): MountFacts {
  const {at, now, before} = record(value, what, MOUNT_KEYS);
  return {
    at: decodePath(at, `${what}.at`),
    now: text(now, `${what}.now`),
    before: list(before, `${what}.before`, text),
  };
}

function decodeUnread(value: unknown, what: string): Unread {
  const {file, why} = record(value, what, UNREAD_KEYS);
  return {file: systemText(file, `${what}.file`), why: text(why, `${what}.why`)};
}

function decodeFound(value: unknown, what: string): Found {
  const {count, example} = record(value, what, FOUND_KEYS);
  return {count: integer(count, `${what}.count`), example: decodePath(example, `${what}.example`)};
}

function decodeSpace(value: unknown, what: string): Space {
  const {at, block, free, freeInodes, needed} = record(value, what, SPACE_KEYS);
  return {
    at: decodePath(at, `${what}.at`),
    block: Math.max(1, integer(block, `${what}.block`)),
    free: integer(free, `${what}.free`),
    ...(freeInodes !== undefined && {freeInodes: integer(freeInodes, `${what}.freeInodes`)}),
    ...(needed !== undefined && {needed: integer(needed, `${what}.needed`)}),
  };
}
