/** Metrics as read by Prometheus' own Python library, with its parsers for OpenMetrics and for the older text format. */
import {spawnSync} from 'node:child_process';
import {call} from './shell.js';
import {skip} from './skip.js';

/** Debian's Python: a different Python on the path does not have its packages. */
const PYTHON = '/usr/bin/python3';

const SCRIPT = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as classic
def read(parse, text):
    return [[s.name, s.labels, s.value, f.type, f.documentation] for f in parse(text) for s in f.samples]
print(json.dumps([[read(openmetrics, text), read(classic, text)] for text in json.load(sys.stdin)]))
`;

export type Sample = readonly [name: string, labels: Readonly<Record<string, string>>, value: number, type: string, help: string];

/** Both results for each text, which must be equal. @throws if a parser refuses one. */
export function parseMetrics(texts: readonly string[]): {openmetrics: readonly Sample[]; classic: readonly Sample[]}[] {
  const read = JSON.parse(call(PYTHON, ['-c', SCRIPT], {input: Buffer.from(JSON.stringify(texts))})) as [Sample[], Sample[]][];
  return read.map(([openmetrics, classic]) => ({openmetrics, classic}));
}

export function needPrometheus(context: Mocha.Context): void {
  const found = spawnSync(PYTHON, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0;
  if (!found) skip(context, 'python3-prometheus-client is not installed');
}
