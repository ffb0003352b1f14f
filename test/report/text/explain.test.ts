import {expect} from 'chai';
import type {RelPath} from '../../../src/core/path.js';
import {problem} from '../../../src/core/problem.js';
import {explanationText} from '../../../src/report/text/explain.js';
import {filterRuleWords} from '../../../src/report/words/words.js';
import {act, file, folder, header} from '../../support/plan.js';
import {explanationOf, HOSTILE, hostileXattrs, locked, run} from '../../support/subject.js';

const path = (text: string) => text as RelPath;

describe('report/text/explain', () => {
  it('shows the verdict, both sides, and what led to it', () => {
    const [before, after] = [file(10), file(12, {mode: 0o600})];
    const text = explanationText(
      explanationOf({
        path: path('docs/a.md'),
        verdict: 'changed',
        source: {entry: after},
        target: {entry: before},
        action: {kind: 'update', path: path('docs/a.md'), reasons: ['size', 'mode'], before, after},
        above: [{kind: 'replace', path: path('docs'), reasons: ['kind'], before: file(), after: folder()}],
        leader: path('b'),
        below: {changes: 1200, problems: 1},
        filter: {excluded: false, rule: {from: 'docs/.dirsyncignore', line: 3, pattern: '!a.md'}, at: path('docs/a.md')},
        problems: [locked],
        halts: [{guard: 'same-tree', message: 'the same', allowed: false}],
        notes: ['owner-not-kept'],
        lastRun: {header: run.header, step: {kind: 'create', path: path('docs/a.md'), status: 'done', bytes: 10}},
      }),
      false,
    );
    expect(text.split('\n')).to.deep.equal([
      '/source → /target',
      '',
      'docs/a.md will be updated: size 10 → 12, mode 0644 → 0600.',
      '',
      '            target                source',
      '  kind      file                  file',
      '~ size      10 B                  12 B',
      '  modified  2026-01-01 10:00:00Z  2026-01-01 10:00:00Z',
      '~ mode      0644                  0600',
      '  owner     1000:1000             1000:1000',
      '',
      'Above      ± replace docs/  file → folder',
      'Hard link  another name of b',
      'Below      1,200 changes',
      'Below      1 problem',
      'Filter     included by docs/.dirsyncignore:3: !a.md',
      'Note       the owner differs and is not kept: only root can give files to other users, if the target stores owners at all',
      'Last run   run-1, 2026-01-01 10:00:00Z: create done',
      '',
      'Problems (1):',
      '  ! EACCES  locked (source): permission denied while reading; check the permissions of the path and of the folders above it',
      '',
      'Would halt: same-tree — the same; lift it with --allow same-tree',
    ]);
  });

  it('keeps its columns narrow for all but the texts that are wide', () => {
    const wide = {xattrs: {'user.a': Buffer.from('w'.repeat(100)).toString('base64')}};
    const sides = {target: {entry: file(1, wide)}, source: {entry: file(1)}};
    const rows = explanationText(explanationOf({...sides, verdict: 'equal'}), false).split('\n');
    expect(rows.find((row) => row.includes('mode'))).to.have.length.below(90);
    expect(rows.find((row) => row.includes('user.a'))).to.equal(`~ user.a    "${'w'.repeat(100)}"  –`);
  });

  it('says little of what is nowhere', () => {
    expect(explanationText(explanationOf({}), false)).to.equal('/source → /target\n\na does not exist on either side.');
  });

  it('colour only repeats what words say', () => {
    const explanation = explanationOf({
      source: {entry: file(1)},
      target: {entry: file(2)},
      verdict: 'drifted',
      above: [act.mkdir('d')],
    });
    const colored = explanationText(explanation, true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what colour is made of
    expect(colored.replace(/\x1b\[\d+m/g, '')).to.equal(explanationText(explanation, false));
    expect(colored).to.include('\x1b[');
  });

  it('names where a filter line stands', () => {
    expect(filterRuleWords({from: '', line: 2, pattern: '*.tmp'})).to.equal('command line or config: *.tmp');
    expect(filterRuleWords({from: 'a\n/.dirsyncignore', line: 2, pattern: '\x1b'})).to.equal('a\\n/.dirsyncignore:2: \\x1b');
  });

  it('no name is more than a name', () => {
    for (const text of HOSTILE) {
      const bad = {...problem({path: path(text), side: 'source', phase: 'scan', code: text}), message: text};
      const rule = {from: text, line: 1, pattern: text};
      const filter = {excluded: true, rule, at: path(text)};
      const lastRun = {
        header: {...run.header, id: text, started: text},
        step: {kind: 'create', path: path(text), status: 'done', bytes: 0},
      } as const;
      const given = {path: path(`${text}/x`), header: {...header, source: {path: text}, target: {path: text}}, filter, lastRun};
      const sides = {
        source: {fault: text},
        target: {entry: file(0, {xattrs: hostileXattrs(text)})},
        from: path(`${text}/y`),
        movesTo: path(`${text}/z`),
        above: [act.mkdir(text), act.moveFolder(`${text}/n`, `${text}/o`)],
        leader: path(text),
        holds: path(text),
      };
      const halts = [{guard: 'same-tree', message: text, allowed: false}] as const;
      for (const verdict of ['blocked', 'left-out', 'protected', 'linked', 'holds', 'own', 'moved'] as const) {
        const shown = explanationText(explanationOf({...given, ...sides, halts, problems: [bad], verdict}), false);
        expect(shown.replaceAll('\n', '')).not.to.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(shown.split('\n').length, shown).to.be.below(30);
      }
    }
  });
});
