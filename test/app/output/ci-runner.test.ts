import {expect} from 'chai';
import fc from 'fast-check';
import {readPageAssets} from '../../../src/app/assets.js';
import {Breaker, breakCommands, type Form, isRead, printAs} from '../../../src/app/output/ci-runner.js';
import {renderReport} from '../../../src/app/output/render.js';
import {unescapeName} from '../../../src/core/escape.js';
import type {Event} from '../../../src/core/event.js';
import {FORMATS, type Format} from '../../../src/core/format.js';
import {eventLine} from '../../../src/report/json.js';
import {githubReport} from '../../../src/report/markdown/github.js';
import type {Subject} from '../../../src/report/subject.js';
import * as arbitrary from '../../support/arbitrary.js';
import {HEADER} from '../../support/run.js';
import {COMMANDS, obeyed} from '../../support/runner.js';
import {hostileSubjects, subject} from '../../support/subject.js';

const FORMS = {text: 'text', json: 'json', markdown: 'text', html: 'markup', junit: 'markup'} as const;

/** A text that comes in pieces of these lengths, as it leaves. */
function broken(text: string, form: Form, lengths: readonly number[] = []): string {
  const breaker = new Breaker(form);
  let at = 0;
  let written = '';
  for (const length of [...lengths, text.length]) {
    written += breaker.break(text.slice(at, at + length));
    at += length;
  }
  return written;
}

/** A report as it leaves, and as it was. */
async function printed(about: Subject, format: Exclude<Format, 'github'>) {
  const options = {color: false, width: 100, all: true};
  const given = [...(await renderReport(about, format, options))].join('');
  return {given, shown: broken(given, FORMS[format])};
}

/** Times are checked when a journal is read, and text counts with them. */
function timely(about: Subject): Subject {
  const {started} = HEADER;
  if (about.type === 'run') return {...about, run: {...about.run, header: {...about.run.header, started}}};
  if (about.type === 'plan') return about;
  return {...about, runs: about.runs.map((run) => ({...run, header: {...run.header, started}}))};
}

const part = fc.constantFrom(...'#:[] \n\r\u00a0x', '##', '::', '##[', '##vso[task.x]', 'error', 'group', 'set-env', 'teamcity');
const hostile = fc.oneof(
  fc.constantFrom(...COMMANDS),
  fc.array(part, {maxLength: 12}).map((parts) => parts.join('')),
  arbitrary.name,
);
const lengths = fc.array(fc.nat(7), {maxLength: 20});

describe('app/output/ci-runner', () => {
  it('the model of a runner obeys what is a command, and nothing else', () => {
    for (const text of COMMANDS) expect(obeyed(text), text).to.have.length(1);
    expect(obeyed('x ::error::y\n##[unknown]\n::error\n[error]\n# #[error]\n##vso[task]')).to.deep.equal([]);
  });

  describe('law: a text in which nothing is obeyed, and which reads as before', () => {
    it('as text', () => {
      fc.assert(
        fc.property(hostile, lengths, (text, pieces) => {
          const shown = broken(text, 'text', pieces);
          expect(obeyed(shown)).to.deep.equal([]);
          if (!text.includes('\\')) expect(unescapeName(shown)).to.equal(text);
        }),
        {numRuns: 2000},
      );
    });

    it('as JSON', () => {
      fc.assert(
        fc.property(hostile, lengths, (text, pieces) => {
          const shown = broken(JSON.stringify({[text]: [text]}, null, 2), 'json', pieces);
          expect(obeyed(shown)).to.deep.equal([]);
          expect(JSON.parse(shown)).to.deep.equal({[text]: [text]});
        }),
        {numRuns: 2000},
      );
    });

    it('as markup', () => {
      fc.assert(
        fc.property(hostile, lengths, (text, pieces) => {
          const shown = broken(text, 'markup', pieces);
          expect(obeyed(shown)).to.deep.equal([]);
          const plain = shown.replace(/&#x([0-9a-f]+);/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
          expect(plain).to.equal(text);
        }),
        {numRuns: 2000},
      );
    });
  });

  describe('law: no name commands in a report', () => {
    for (const format of FORMATS) {
      if (format === 'github') continue;
      it(`as ${format}`, async () => {
        const every = COMMANDS.flatMap(hostileSubjects).map(timely);
        for (const about of [...every, ...fc.sample(subject, {numRuns: 30, seed: 1})]) {
          const {given, shown} = await printed(about, format);
          expect(obeyed(shown)).to.deep.equal([]);
          if (format === 'json') expect(JSON.parse(shown)).to.deep.equal(JSON.parse(given));
        }
      });
    }

    it('as github, but for the commands of the report itself', () => {
      for (const about of COMMANDS.flatMap(hostileSubjects)) {
        const {annotations, summary} = githubReport(about);
        const own = annotations.split('\n');
        const lines = obeyed(`${broken(annotations, 'commands')}\n${broken(summary, 'text')}`);
        expect(lines).to.have.length(own.length);
        for (const line of lines)
          expect(line)
            .to.match(/^::(?:error|warning|notice) title=/)
            .and.not.to.match(/##(?:vso|teamcity)?\[/);
      }
    });

    it('as events', () => {
      for (const text of COMMANDS) {
        const event: Event = {type: 'notice', level: 'warn', about: 'hook', message: text};
        const given = JSON.stringify(eventLine(event, text));
        expect(obeyed(broken(given, 'json'))).to.deep.equal([]);
        expect(JSON.parse(broken(given, 'json'))).to.deep.equal(JSON.parse(given));
      }
    });
  });

  it("leaves the script and the style sheet of a report as they are, since the page's policy has their hashes", () => {
    const {script, style} = readPageAssets();
    for (const text of [script, style]) expect(broken(`<x>${text}</x>`, 'markup')).to.equal(`<x>${text}</x>`);
  });

  describe('what a process writes', () => {
    function written(env: NodeJS.ProcessEnv, write: (process: Pick<NodeJS.Process, 'stdout' | 'stderr'>) => void): string[] {
      const all: string[] = [];
      const stream = () => ({write: (text: string) => all.push(text) > 0}) as unknown as NodeJS.WriteStream & {fd: 1 & 2};
      const process = {stdout: stream(), stderr: stream(), env};
      breakCommands(process);
      write(process);
      return all;
    }
    const both = (process: Pick<NodeJS.Process, 'stdout' | 'stderr'>) => {
      process.stdout.write('a ##');
      process.stderr.write('  :');
      process.stdout.write('[group]\n');
      process.stderr.write(Buffer.from(':error::x\n'));
    };

    for (const name of ['GITHUB_ACTIONS', 'TF_BUILD', 'TEAMCITY_VERSION']) {
      it(`is broken up with ${name}, on both streams, also in pieces`, () => {
        expect(isRead({[name]: 'true'})).to.equal(true);
        expect(written({[name]: 'true'}, both)).to.deep.equal(['a ##', '  :', '\\x5bgroup]\n', '\\x3aerror::x\n']);
      });
    }

    it('is as it was where no runner reads it', () => {
      expect(isRead({})).to.equal(false);
      expect(written({CI: 'true'}, both).map(String)).to.deep.equal(['a ##', '  :', '[group]\n', ':error::x\n']);
    });

    it('holds commands where they are to be obeyed, and no others', () => {
      const lines = written({GITHUB_ACTIONS: 'true'}, ({stdout}) => {
        printAs('commands');
        stdout.write('::notice title=dirsync::##[group]\n');
        printAs('text');
        stdout.write('::notice::x\n');
      });
      expect(lines).to.deep.equal(['::notice title=dirsync::##\\x5bgroup]\n', ':\\x3anotice::x\n']);
    });
  });
});
