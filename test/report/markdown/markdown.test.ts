import {expect} from 'chai';
import fc from 'fast-check';
import {marked} from 'marked';
import type {RelPath} from '../../../src/core/path.js';
import {markdownReport} from '../../../src/report/markdown/markdown.js';
import {act, file, planOf} from '../../support/plan.js';
import {
  counts,
  everyKind,
  HOSTILE,
  historySubject,
  hostileSubjects,
  killed,
  locked,
  movedRun,
  movesAndDrift,
  planSubject,
  run,
  runSubject,
  subject,
} from '../../support/subject.js';

const OURS = new Set('h3 h4 p code pre table thead tbody tr th td blockquote ul li details summary b strong em'.split(' '));

/** What a browser would get beyond our own elements and their plain attributes, and what GitHub would make of the words. */
function intruders(markdown: string): string[] {
  const html = marked.parse(markdown, {async: false});
  const tags = [...html.matchAll(/<\/?([^\s/>]+)([^>]*)>/g)].filter(([, name = '', attributes = '']) => {
    return !OURS.has(name) || !/^(?: class="language-diff"| align="right")?$/.test(attributes);
  });
  const words = html.replaceAll(/<code.*?<\/code>/gs, '').replaceAll(/<[^>]*>|&#39;/g, '');
  return [...tags.map(([tag]) => tag), ...(words.match(/@\w|#\d|GH-\d|https?:|www\.|\b[0-9a-f]{40}\b|:tada:|\*\*/g) ?? [])];
}

function expectWellFormed(markdown: string): void {
  const [outside, ...fences] = markdown.split(/^```diff$/m);
  const prose = [outside, ...fences.map((fence) => fence.slice(fence.search(/^```$/m) + 3))].join('\n');
  expect(fences.filter((fence) => (fence.match(/^```$/gm) ?? []).length !== 1)).to.deep.equal([]);
  expect(prose.match(/^<details>$/gm)?.length).to.equal(prose.match(/^<\/details>$/gm)?.length);
  for (const line of prose.split('\n')) expect((line.match(/`/g) ?? []).length % 2, line).to.equal(0);
  for (const table of prose.match(/(?:^\|.*\n)+/gm) ?? []) {
    const cells = table
      .trimEnd()
      .split('\n')
      .map((row) => row.replaceAll(/\\[\\|]/g, '').split('|').length);
    const more = table.includes('| … and ') ? 1 : 0;
    expect(new Set(cells.slice(0, cells.length - more)).size, table).to.equal(1);
  }
}

describe('report/markdown/markdown', () => {
  describe('shows a plan', () => {
    it('of every kind, deletes first', () => {
      expect(markdownReport(planSubject(planOf(everyKind)))).to.equal(`\
### Plan: 10 changes: 2 to create, 1 to update, 1 to replace, 1 to link, 2 to move, 1 in attributes only, 2 to delete; 2 GiB to write. 1,201 files (5 MiB) moved, not copied. In the target since the last run: 1 added, 1 changed. 1 path is blocked and kept.

\`/source\` → \`/target\`

Plan \`plan-1\`, made 2026-01-01 10:00:00Z by \`dirsync 0.1.0\`.

| | Kind | Count | Bytes |
| --- | --- | ---: | ---: |
| \`+\` | mkdir | 1 |  |
| \`+\` | create | 1 | 1.2 KiB |
| \`~\` | update | 1 | 12 B |
| \`±\` | replace | 1 | 2 GiB |
| \`=\` | link | 1 |  |
| \`→\` | move | 2 | 5 MiB |
| \`·\` | attrs | 1 |  |
| \`-\` | delete | 1 | 300 B |
| \`-\` | rmdir | 1 |  |
| \`!\` | blocked | 1 | 40 B |

The times of 1 folder are restored afterwards.

#### Deletes (2)

\`\`\`diff
- z/old  300 B, added in the target since the last run
- zz/
\`\`\`

#### Replacements (1)

\`\`\`diff
± r  2 GiB, folder → file
\`\`\`

#### Moves (2)

\`\`\`diff
→ n/   from old/n/ · 1,200 files, 5 MiB not copied
→ n/x  from z/x · 64 B not copied · changed in the target since the last run
\`\`\`

#### Other changes (6)

\`\`\`diff
+ a/
+ a/new  1.2 KiB
= a/two  hard link to a/new
~ b.txt  12 B, size 10 → 12
· m/     mode 0755 → 0700
! zzz/   40 B, kept because the source could not be read here
\`\`\`
`);
    });

    it('with nothing to do', () => {
      const text = markdownReport(planSubject(planOf([])));
      expect(text)
        .to.match(/^### Nothing to do: the target equals the source\.\n/)
        .and.not.include('|');
    });

    it('with guards, warnings, problems, and what was left out', () => {
      const plan = planOf([act.create('a')], {
        overlap: 'same',
        sourceMissing: true,
        narrowed: {from: 'plan-0', leftOut: 3},
        warnings: ['the target keeps times to 2 s', 'see `x` at https://example.com'],
        problems: [locked],
      });
      expect(markdownReport(planSubject(plan, ['source-missing'])))
        .to.include(`
Narrowed: 3 changes of plan \`plan-0\` left out.

> [!CAUTION]
> The guard **same-tree** halts this plan: source and target are the same folder. Lift it with \`--allow same-tree\`.

> [!WARNING]
> Allowed by \`--allow source-missing\`: the source does not exist and was treated as an empty folder.

> [!WARNING]
> the target keeps times to 2 s
>
> \`see \\x60x\\x60 at https://example.com\`
`)
        .and.include(`
#### Problems (1)

- \`locked\` (source): \`EACCES\`, permission denied while reading; check the permissions of the path and of the folders above it
`);
    });

    it('of many changes, with a list of what somebody changed in the target', () => {
      const text = markdownReport(
        planSubject(planOf([...movesAndDrift, ...Array.from({length: 30}, (_, i) => act.mkdir(`zz${i}`))])),
      );
      expect(text).to.include(`
#### Changed in the target since the last run (3)

\`\`\`diff
+ a.txt          7 B, removed from the target since the last run
~ photos/2024/x  2 B, size 1 → 2 · changed in the target since the last run
- z              300 B, added in the target since the last run
\`\`\`

#### Deletes (1)
`);
    });

    it('of many changes folded, with the largest folders', () => {
      const photos = Array.from({length: 40}, (_, i) => act.create(`photos/${i}`, file(1024)));
      const text = markdownReport(planSubject(planOf([...photos, act.delete('x|y/z')])));
      expect(text).to.include('#### Deletes (1)\n').and.include('<summary><b>Other changes (40)</b></summary>\n\n```diff\n');
      expect(text).to.include('| `photos/` | 40 | 40 KiB | `+` 40 |\n| `x\\|y/` | 1 |  | `-` 1 |\n');
    });
  });

  describe('shows a run', () => {
    it('with problems first, then what was not done', () => {
      const step = (path: string, status: 'failed' | 'skipped' | 'done') => {
        return {kind: 'create', path: path as RelPath, status, bytes: 12} as const;
      };
      const text = markdownReport(
        runSubject({
          steps: [step('a', 'done'), step('b', 'failed'), step('c', 'skipped')],
          problems: [locked],
          end: {finished: '2026-01-01T10:02:05.000Z', counts: {...counts, done: 1, failed: 1, skipped: 1}, bytes: 12},
        }),
      );
      expect(text).to.equal(`\
### Incomplete: 1 change done, 1 failed, 1 skipped.

\`/source\` → \`/target\`

Run \`run-1\` of plan \`plan-1\` (9 changes, 1.2 KiB to write) started 2026-01-01 10:00:00Z by \`dirsync 0.1.0\`; it wrote 12 B in 2 min 5 s.

| Outcome | Changes |
| --- | ---: |
| failed | 1 |
| skipped (drift) | 1 |
| done | 1 |

#### Problems (1)

- \`locked\` (source): \`EACCES\`, permission denied while reading; check the permissions of the path and of the folders above it

#### Failed (1)

\`\`\`diff
+ b  12 B
\`\`\`

#### Skipped because of drift (1)

\`\`\`diff
+ c  12 B
\`\`\`

#### Done (1)

\`\`\`diff
+ a  12 B
\`\`\`
`);
    });

    it('with what moved, and what somebody had changed in the target', () => {
      const text = markdownReport({type: 'run', run: movedRun});
      expect(text).to.include('\n40,001 files (1 GiB) moved, not copied.\n');
      expect(text).to.include(`
→ README          from readme
+ a.txt           7 B, removed from the target since the last run
→ photos/2024     from incoming/trip · 40,000 files, 1 GiB not copied
~ photos/2024/x   2 B, changed in the target since the last run
→ photos/b\\n.jpg  from c\\x1b.jpg · 64 B not copied
- z               300 B, added in the target since the last run
`);
    });

    it('that was killed', () => {
      expect(markdownReport(killed())).to.match(/^### Not finished: the run is still running or was killed;/);
    });
  });

  it('shows a history', () => {
    expect(markdownReport(historySubject([killed().run, run]))).to.equal(`\
### 2 runs of \`/target\`

| Run | Started | Took | Changes | Written | Result |
| --- | --- | ---: | ---: | ---: | --- |
| \`run-1\` | 2026-01-01 10:00:00Z |  | 9 |  | Not finished: the run is still running or was killed; apply again to do the rest. |
| \`run-1\` | 2026-01-01 10:00:00Z | 2 min 5 s | 9 | 1.2 KiB | Done: 9 changes. |
`);
  });

  describe('lets no name be more than a name:', () => {
    for (const text of HOSTILE) {
      it(JSON.stringify(text), () => {
        for (const hostile of hostileSubjects(text)) {
          const markdown = markdownReport(hostile);
          expect(intruders(markdown)).to.deep.equal([]);
          expectWellFormed(markdown);
        }
      });
    }

    it('any', () => {
      fc.assert(
        fc.property(subject, (any) => {
          expect(intruders(markdownReport(any))).to.deep.equal([]);
        }),
      );
    });
  });

  describe('keeps to its limit', () => {
    const many = planSubject(
      planOf([
        ...Array.from({length: 3000}, (_, i) => act.delete(`old/写真 ${i}`)),
        ...Array.from({length: 3000}, (_, i) => act.create(`new/${i}`)),
      ]),
    );

    it('by dropping whole rows, of each list some', () => {
      const text = markdownReport(many);
      const bytes = Buffer.byteLength(text);
      expect(bytes).to.be.within(55_000, 60_000);
      expect(text)
        .to.match(/^- old\/写真 0 +0 B\n/m)
        .and.match(/^… and [\d,]+ more\n```\n\n<\/details>\n\n#### Largest folders\n/m);
      expect(text)
        .to.match(/^\+ new\/0 .*\n/m)
        .and.match(/\n_Shortened to fit here; .*_\n$/);
      expectWellFormed(text);
    });

    it('unless all is asked for', () => {
      const text = markdownReport(many, {limit: Number.POSITIVE_INFINITY});
      expect(text.match(/^[+-] (?:new|old)\//gm)).to.have.length(6000);
      expect(text).to.not.include('… and');
    });

    it('whatever it is', () => {
      const limits = fc.oneof(fc.nat(300), fc.nat(5000));
      fc.assert(
        fc.property(fc.oneof(subject, fc.constant(many)), limits, (any, limit) => {
          const text = markdownReport(any, {limit});
          expect(Buffer.byteLength(text)).to.be.at.most(limit);
          expectWellFormed(text);
          expect(intruders(text)).to.deep.equal([]);
        }),
      );
    });
  });
});
