import {expect} from 'chai';
import {marked} from 'marked';
import type {JobRun} from '../../src/core/job-run.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {webhookMessage} from '../../src/hooks/webhook.js';
import {applyReport, jobRun, plannedOf} from '../support/job-run.js';
import {act} from '../support/plan.js';
import {HOSTILE} from '../support/subject.js';

const denied = problem({path: 'b & <c>' as RelPath, side: 'target', phase: 'write', code: 'EACCES'});
const partial = jobRun({
  result: 'partial',
  exitCode: 3,
  planned: plannedOf([act.create('a'), act.create('b')]),
  report: applyReport({done: 1, failed: 1}, {bytes: 1234, problems: Array(7).fill(denied)}),
});

const CHAT = [
  ...HOSTILE,
  '@everyone',
  '@here',
  '<!channel>',
  '<@U024BE7LH>',
  '<#C123>',
  '<https://x.example|y>',
  '||x||',
  '/giphy',
];

function hostileRun(text: string): JobRun {
  const bad = {...denied, path: text as RelPath, code: text, message: text};
  const planned = plannedOf([act.create(text)]);
  return jobRun({
    id: text,
    job: text,
    source: text,
    target: text,
    result: 'failed',
    planned: {...planned, halts: [{guard: 'same-tree', message: text, allowed: false}]},
    report: applyReport({failed: 1}, {problems: [bad]}),
    error: {code: text, message: text, hint: text},
  });
}

const text = (run: JobRun) => webhookMessage(run, 'markdown').body.trimEnd();

describe('hooks/webhook', () => {
  it('describes a run', () => {
    expect(text(partial)).to.equal(`\
\`photos\` finished incompletely after 2.5 s

- Incomplete: 1 change done, 1 failed. 1.2 KiB written.
- Plan: 2 changes: 2 to create.
- \`b & <c>\` (target): \`EACCES\`, permission denied while writing; check the permissions of the path and of the folders above it
- \`b & <c>\` (target): \`EACCES\`, permission denied while writing; check the permissions of the path and of the folders above it
- \`b & <c>\` (target): \`EACCES\`, permission denied while writing; check the permissions of the path and of the folders above it
- \`b & <c>\` (target): \`EACCES\`, permission denied while writing; check the permissions of the path and of the folders above it
- \`b & <c>\` (target): \`EACCES\`, permission denied while writing; check the permissions of the path and of the folders above it
- … and 2 more
- \`/source\` → \`/target\`
- Run \`run-1\`, exit code 3`);
  });

  it('describes a guard', () => {
    const run = jobRun({
      result: 'halted',
      exitCode: 5,
      planned: plannedOf([act.create('a')], ['source-missing'], {overlap: 'same', sourceMissing: true}),
      report: undefined,
      error: {
        code: 'GUARD_HALTED',
        message: 'A guard halted the run; nothing was changed',
        hint: 'if this is intended, add --allow same-tree',
      },
    });
    expect(text(run)).to.equal(`\
\`photos\` was halted by a guard after 2.5 s

- \`GUARD_HALTED\`: A guard halted the run; nothing was changed
- if this is intended, add --allow same-tree
- Plan: 1 change: 1 to create.
- Guard \`same-tree\`: source and target are the same folder
- Allowed \`source-missing\`: the source does not exist and was treated as an empty folder
- \`/source\` → \`/target\`
- Run \`run-1\`, exit code 5`);
  });

  it('describes a run without any facts', () => {
    const run = {...jobRun(), job: undefined, source: undefined, target: undefined, planned: undefined, report: undefined};
    expect(text({...run, result: 'failed', exitCode: 1})).to.equal('The run failed after 2.5 s\n\n- Run `run-1`, exit code 1');
  });

  it('in the form of Slack', () => {
    const {body, contentType} = webhookMessage(partial, 'slack');
    expect(contentType).to.equal('application/json');
    expect(JSON.parse(body)).to.deep.equal({text: text(partial).replaceAll('b & <c>', 'b &amp; &lt;c&gt;')});
  });

  it('in the form of Discord, which then notifies nobody by name', () => {
    const {body, contentType} = webhookMessage(partial, 'discord');
    expect(contentType).to.equal('application/json');
    expect(JSON.parse(body)).to.deep.equal({content: text(partial), allowed_mentions: {parse: []}});
  });

  for (const name of CHAT) {
    it(`no name is more than a name: ${JSON.stringify(name.slice(0, 40))}`, () => {
      const run = hostileRun(name);
      const html = marked.parse(text(run), {async: false});
      const outside = html.replaceAll(/<code>.*?<\/code>/gs, '');
      expect(outside.match(/<(?!\/?(?:p|ul|li)>)|@|https?:|www\.|#\d|\|\||\*\*|::/g)).to.equal(null);
      expect(JSON.parse(webhookMessage(run, 'slack').body).text).to.not.match(/[<>]/);
    });
  }

  it('truncates a long message at whole lines', () => {
    const run = hostileRun('`'.repeat(4000));
    expect(text(run).length).to.be.lessThan(2001);
    expect(text(run)).to.match(/^`[^`]+…` failed after 2\.5 s\n\n(- `[^`]+….*\n)*- …$/);
    const whole = JSON.parse(webhookMessage(hostileRun('😀'.repeat(4000)), 'discord').body).content;
    expect(whole.isWellFormed()).to.equal(true);
  });
});
