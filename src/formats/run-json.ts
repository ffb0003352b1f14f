/** The JSON form of a run: its header, steps and end. */
import type {ActionKind, Moved} from '../core/action.js';
import {noOutcomes, OUTCOME_STATUSES, type OutcomeStatus, STOPS, type Stop} from '../core/outcome.js';
import type {RunEnd, RunHeader, RunStep} from '../core/run.js';
import {decodePath, KIND_NAMES, TARGET_DRIFT_NAMES} from './json.js';
import {date, id, integer, keys, oneOf, record, refuse, systemText, text} from './shapes.js';

const RUN_KEYS = keys<RunHeader>({
  id: 1,
  planId: 1,
  writer: 1,
  source: 1,
  target: 1,
  started: 1,
  changes: 1,
  bytes: 1,
});
const STEP_KEYS = keys<RunStep>({
  kind: 1,
  path: 1,
  from: 1,
  moved: 1,
  targetDrift: 1,
  status: 1,
  bytes: 1,
});
const MOVED_KEYS = keys<Moved>({leaves: 1, bytes: 1});
const END_KEYS = keys<RunEnd>({finished: 1, counts: 1, bytes: 1, interrupted: 1});
const STATUSES: ReadonlySet<OutcomeStatus> = new Set(OUTCOME_STATUSES);
const STOP_KEYS: ReadonlySet<Stop> = new Set(STOPS);

/** Encodes the header of a journal. */
export function encodeRunHeader({id, planId, writer, source, target, started, changes, bytes}: RunHeader): RunHeader {
  return {id, planId, writer, source, target, started, changes, bytes};
}

/** Decodes the header of a run. @throws FormatError. */
export function decodeRunHeader(value: unknown): RunHeader {
  const json = record(value, 'the header', RUN_KEYS);
  return {
    id: id(json.id, 'id'),
    planId: id(json.planId, 'planId'),
    writer: text(json.writer, 'writer'),
    source: systemText(json.source, 'source'),
    target: systemText(json.target, 'target'),
    started: date(json.started, 'started'),
    changes: integer(json.changes, 'changes'),
    bytes: integer(json.bytes, 'bytes'),
  };
}

/** Encodes the outcome of an action. */
export function encodeRunStep({kind, path, from, moved, targetDrift, status, bytes}: RunStep): RunStep {
  return {
    kind,
    path,
    ...(from !== undefined && {from}),
    ...(moved && {moved: {leaves: moved.leaves, bytes: moved.bytes}}),
    ...(targetDrift && {targetDrift}),
    status,
    bytes,
  };
}

/** Decodes a step. @throws FormatError; HostilePathError for a forbidden path. */
export function decodeRunStep(value: unknown): RunStep {
  const {kind, path, from, moved, targetDrift, status, bytes} = record(value, 'the step', STEP_KEYS);
  if (!KIND_NAMES.has(kind)) refuse('kind', kind, 'a kind of action');
  return {
    kind: kind as ActionKind,
    path: decodePath(path, 'path'),
    ...(from !== undefined && {from: decodePath(from, 'from')}),
    ...(moved !== undefined && {moved: decodeMoved(moved)}),
    ...(targetDrift !== undefined && {targetDrift: oneOf(targetDrift, 'targetDrift', TARGET_DRIFT_NAMES)}),
    status: oneOf(status, 'status', STATUSES),
    bytes: integer(bytes, 'bytes'),
  };
}

function decodeMoved(value: unknown): Moved {
  const {leaves, bytes} = record(value, 'moved', MOVED_KEYS);
  return {leaves: integer(leaves, 'moved.leaves'), bytes: integer(bytes, 'moved.bytes')};
}

/** Encodes the end of a run. */
export function encodeRunEnd({finished, counts, bytes, interrupted}: RunEnd): RunEnd {
  return {finished, counts, bytes, interrupted};
}

/** Decodes the end of a run. @throws FormatError. */
export function decodeRunEnd(value: unknown): RunEnd {
  const {finished, counts, bytes, interrupted} = record(value, 'end', END_KEYS);
  const json = record(counts, 'end.counts', STATUSES);
  const read = noOutcomes();
  // The first versions of the journal did not have these.
  for (const status of OUTCOME_STATUSES)
    read[status] = integer(
      json[status] ?? (status === 'blocked' || status === 'not-kept' ? 0 : undefined),
      `end.counts.${status}`,
    );
  return {
    finished: date(finished, 'end.finished'),
    counts: read,
    bytes: integer(bytes, 'end.bytes'),
    ...(interrupted !== undefined && {interrupted: oneOf(interrupted, 'end.interrupted', STOP_KEYS)}),
  };
}
