import {createHash} from 'node:crypto';
import {chmod, chown, symlink as makeSymlink, mkdtemp, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {gunzipSync, gzipSync} from 'node:zlib';
import {expect} from 'chai';
import fc from 'fast-check';
import {DirsyncError, type ErrorCode} from '../../src/core/errors.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {encodeHeader} from '../../src/formats/header-json.js';
import {encodeAction, encodeEntry} from '../../src/formats/json.js';
import {readPlanFile, writePlanFile} from '../../src/formats/plan-file.js';
import * as arbitrary from '../support/arbitrary.js';
import {act, file, folder, header, planOf, symlink} from '../support/plan.js';
import {skip} from '../support/skip.js';
import {asNobody} from '../support/user.js';

const small = planOf([act.upkeep(''), act.create('a\udcff', file(3)), act.update('b', file(1), file(2)), act.delete('c')], {
  problems: [problem({path: 'd' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'})],
});

describe('formats/plan-file', () => {
  let folderPath: string;
  let planPath: string;

  beforeEach(async () => {
    folderPath = await mkdtemp(path.join(tmpdir(), 'dirsync-plan-'));
    planPath = path.join(folderPath, 'plan');
  });
  afterEach(() => rm(folderPath, {recursive: true}));

  /** The error by which a file of these bytes is refused. */
  async function refusal(content: string | Uint8Array): Promise<DirsyncError> {
    await writeFile(planPath, content);
    return failure(readPlanFile(planPath));
  }

  async function expectRefused(content: string | Uint8Array, code: ErrorCode, message = ''): Promise<void> {
    const error = await refusal(content);
    expect(error.code, error.message).to.equal(code);
    expect(error.detail).to.include(message);
  }

  describe('writing and reading', () => {
    it('gives back any plan', async () => {
      await fc.assert(
        fc.asyncProperty(arbitrary.plan, async (plan) => {
          await writePlanFile(planPath, plan);
          expect((await readPlanFile(planPath)).plan).to.deep.equal(plan);
        }),
      );
    });

    it('answers with the checksum of the lines before the trailer, and writes the same bytes for the same plan', async () => {
      const {sha256} = await writePlanFile(planPath, small);
      const first = await readFile(planPath);
      const lines = gunzipSync(first).toString().split('\n');
      const body = `${lines.slice(0, -2).join('\n')}\n`;
      expect(createHash('sha256').update(body).digest('hex')).to.equal(sha256);
      expect(lines.at(-2)).to.equal(`{"trailer":{"actions":4,"problems":1,"sha256":"${sha256}"}}`);
      await writePlanFile(planPath, small);
      expect((await readFile(planPath)).equals(first)).to.equal(true);
    });

    it('reads plain NDJSON too', async () => {
      await writePlanFile(planPath, small);
      await writeFile(planPath, gunzipSync(await readFile(planPath)));
      expect((await readPlanFile(planPath)).plan).to.deep.equal(small);
    });

    it('reads lines however they fall into chunks', async () => {
      const actions = Array.from({length: 5000}, (_, i) => act.create(String(i).padStart(150, '0')));
      await writePlanFile(planPath, planOf(actions));
      await writeFile(planPath, gunzipSync(await readFile(planPath)));
      expect((await readPlanFile(planPath)).plan.actions).to.deep.equal(actions);
    });

    it('reads the stored file of format 1', async () => {
      const {plan} = await readPlanFile('test/formats/plan-v1.ndjson');
      expect(plan.header.id).to.equal('2026-01-01T10:00:00.000Z-7f3a');
      expect(plan.actions.map(({kind, path}) => `${kind} ${path}`)).to.deep.equal([
        'attrs ',
        'create a\udcffb',
        'replace link',
        'mkdir new',
        'link new/hard',
        'rmdir old',
        'delete old/x',
        'update z',
      ]);
      expect(plan.problems.map(({code}) => code)).to.deep.equal(['EACCES']);
      expect(plan.actions[1]?.after?.mtime).to.equal(-500_000_000n);
      await writePlanFile(planPath, plan);
      // What the first plans did not say of their options is said in words now; the rest is written as it was.
      const linesOf = (text: string) => text.split('\n').slice(1, -2);
      const again = gunzipSync(await readFile(planPath)).toString();
      expect(linesOf(again)).to.deep.equal(linesOf(await readFile('test/formats/plan-v1.ndjson', 'utf8')));
      expect((await readPlanFile(planPath)).plan).to.deep.equal(plan);
      const {options} = plan.header;
      expect(options).to.include({mode: true, times: true, hardlinks: true, acls: false, specials: false, oneFileSystem: false});
      expect(options.xattrs).to.deep.equal([]);
    });

    it('follows a symlink and keeps it', async () => {
      const link = path.join(folderPath, 'link');
      await writeFile(planPath, 'old');
      await makeSymlink('plan', link);
      await writePlanFile(link, small);
      expect((await readPlanFile(planPath)).plan).to.deep.equal(small);
      expect((await readdir(folderPath)).sort()).to.deep.equal(['link', 'plan']);
    });

    it('makes a new file readable only by its owner', async () => {
      await writePlanFile(planPath, small);
      expect((await stat(planPath)).mode & 0o777).to.equal(0o600);
    });

    for (const mode of [0o600, 0o640, 0o644, 0o660]) {
      it(`keeps the mode ${mode.toString(8)} of the file that it replaces`, async () => {
        await writeFile(planPath, 'old');
        await chmod(planPath, mode);
        await writePlanFile(planPath, small);
        expect((await stat(planPath)).mode & 0o777).to.equal(mode);
      });
    }

    it('keeps the owner and group of a replaced file if root writes', async function () {
      if (process.geteuid?.() !== 0) skip(this, 'root');
      await writeFile(planPath, 'old');
      await chown(planPath, 1234, 5678);
      await chmod(planPath, 0o640);
      await writePlanFile(planPath, small);
      const {uid, gid, mode} = await stat(planPath);
      expect({uid, gid, mode: mode & 0o777}).to.deep.equal({uid: 1234, gid: 5678, mode: 0o640});
    });

    it('gives no access to a new group if it cannot keep the old one', async function () {
      if (process.geteuid?.() !== 0) skip(this, 'root');
      await writeFile(planPath, 'old');
      await chown(planPath, 1234, 5678);
      await chmod(planPath, 0o640);
      await chown(folderPath, 65_534, 65_534);
      await asNobody(() => writePlanFile(planPath, small));
      const {uid, mode} = await stat(planPath);
      expect({uid, mode: mode & 0o777}).to.deep.equal({uid: 65_534, mode: 0o600});
    });
  });

  describe('cannot write', () => {
    const cases: [name: string, file: () => string, message: string][] = [
      ['into a missing folder', () => path.join(folderPath, 'none', 'plan'), 'ENOENT: no such file or directory'],
      ['over a folder', () => folderPath, 'is not a regular file'],
      ['over a device', () => '/dev/null', 'is not a regular file'],
    ];
    for (const [name, place, message] of cases) {
      it(name, async () => {
        const error = await failure(writePlanFile(place(), small));
        expect(error.code).to.equal('PLAN_UNWRITABLE');
        expect(error.detail).to.include(message);
        expect((await readdir(folderPath)).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
      });
    }

    it('a line that no reader would take, and leaves the old file', async () => {
      await writeFile(planPath, 'old');
      const error = await failure(writePlanFile(planPath, planOf([], {warnings: ['x'.repeat(1 << 20)]})));
      expect(error.code).to.equal('PLAN_UNWRITABLE');
      expect(await readFile(planPath, 'utf8')).to.equal('old');
      expect(await readdir(folderPath)).to.deep.equal(['plan']);
    });
  });

  describe('cannot read', () => {
    it('a missing file', async () => {
      const error = await failure(readPlanFile(path.join(folderPath, 'no\x1bne')));
      expect(error.code).to.equal('PLAN_UNREADABLE');
      expect(error.detail).to.match(/no\\x1bne: ENOENT: no such file or directory$/);
    });

    it('a folder', async () => {
      expect((await failure(readPlanFile(folderPath))).code).to.equal('PLAN_UNREADABLE');
    });

    it('a file without permission', async () => {
      await writeFile(planPath, '');
      await chmod(planPath, 0);
      expect((await asNobody(() => failure(readPlanFile(planPath)))).code).to.equal('PLAN_UNREADABLE');
      await chmod(planPath, 0o600);
    });
  });

  describe('refuses a file that is not a plan', () => {
    const cases: [name: string, content: string | Uint8Array][] = [
      ['an empty file', ''],
      ['an empty gzip', gzipSync('')],
      ['one byte', 'x'],
      ['an empty line', '\n'],
      ['random bytes', Buffer.from('8f00ff10ab', 'hex')],
      ['a long line', Buffer.alloc(3 << 20, 'x')],
      ['other JSON', '{"name":"dirsync"}\n'],
      ['other JSON with gzip', gzipSync('{"dirsync":"manifest","format":1}\n')],
      ['a JSON list', '[]'],
      ['JSON null', 'null\n'],
    ];
    for (const [name, content] of cases) {
      it(name, () => expectRefused(content, 'PLAN_NOT_A_PLAN'));
    }
  });

  describe('refuses a newer format', () => {
    it('and names the writer, whatever else the header says', () =>
      expectRefused(
        '{"dirsync":"plan","format":2,"writer":"dirsync\\u001b 9.0","strange":{}}\nmore\n',
        'PLAN_NEWER',
        'has format 2 and was written by dirsync\\x1b 9.0; this dirsync reads format 1',
      ));
    it('also without a writer', () => expectRefused('{"dirsync":"plan","format":2}', 'PLAN_NEWER', 'an unknown program'));
  });

  describe('refuses damage', () => {
    const head = JSON.stringify({dirsync: 'plan', format: 1, ...encodeHeader(header)});
    const a = JSON.stringify(encodeAction(act.create('a')));
    const b = JSON.stringify(encodeAction(act.create('b')));
    const trouble = '{"problem":{"path":"p","side":"source","phase":"scan","code":"EIO","message":"m"}}';

    const cases: [name: string, content: string | Uint8Array, message: string][] = [
      ['a format that is no number', '{"dirsync":"plan","format":"1"}\n', 'line 1: the format number is wrong'],
      ['a header that is cut', '{"dirsync":"plan","for', 'line 1: the header is not JSON'],
      ['a header of the wrong shape', '{"dirsync":"plan","format":1}\n', 'line 1: id is missing'],
      ['a header alone', `${head}\n`, 'line 1: it is cut off'],
      ['no trailer', lines(head, a), 'line 2: it is cut off'],
      ['no newline at the end', sealed(head, a).slice(0, -1), 'line 3: it is cut off'],
      ['an action of the wrong shape', lines(head, a, '{"kind":"create"}'), 'line 3: path is missing'],
      ['an empty line', lines(head, '', a), 'line 2: the line is not JSON'],
      ['a line that is no object', lines(head, '7'), 'line 2: the action is 7, not an object'],
      ['deep nesting', lines(head, '['.repeat(500_000)), 'line 2: the line is not JSON'],
      ['deep nesting that ends', lines(head, '['.repeat(500_000) + ']'.repeat(500_000)), 'line 2: '],
      ['a line over 1 MiB', lines(head, 'x'.repeat(1 << 20)), 'line 2: the line is longer than 1 MiB'],
      ['a line over 1 MiB, unpacked', gzipSync(lines(head, ' '.repeat(50 << 20))), 'line 2: the line is longer than 1 MiB'],
      ['a path twice', sealed(head, a, a), 'line 3: the path "a" appears twice'],
      ['paths out of order', sealed(head, b, a), 'line 3: the path "a" is out of order'],
      ['an action after a problem', sealed(head, trouble, a), 'line 3: an action follows a problem'],
      ['a problem with more', sealed(head, '{"problem":{},"more":1}'), 'line 2: the problem has other keys beside it'],
      ['a wrong count', sealed(head, a).replace('"actions":1', '"actions":2'), 'line 3: its counts or its checksum'],
      ['a lost line', sealed(head, a, b).replace(`${a}\n`, ''), 'line 3: its counts or its checksum'],
      ['an edited line', sealed(head, a, b).replace('"size":0', '"size":1'), 'line 4: its counts or its checksum'],
      ['a line after the end', `${sealed(head, a)}${b}\n`, 'line 4: there is more after the end of the plan'],
      ['a second end', sealed(head, a) + sealed(head, a), 'line 4: there is more after the end of the plan'],
      ['text after the end', `${sealed(head, a)}x`, 'line 4: it is cut off'],
      ['a broken gzip', Buffer.from('1f8b0800ffff', 'hex'), 'line 0: it cannot be unpacked ('],
    ];
    for (const [name, content, message] of cases) {
      it(name, () => expectRefused(content, 'PLAN_DAMAGED', message));
    }

    it('a plan that moves one entry twice', async () => {
      const actions = [act.carry('b', 'a'), act.carry('c', 'a')].map((action) => JSON.stringify(encodeAction(action)));
      await expectRefused(sealed(head, ...actions), 'PLAN_DAMAGED', 'line 3: "a" is moved twice');
    });

    it('accepts the parts of those cases', async () => {
      await writeFile(planPath, sealed(head, a, b, trouble));
      expect((await readPlanFile(planPath)).plan.actions).to.have.length(2);
    });

    it('a plain or packed file cut anywhere', async () => {
      await writePlanFile(planPath, small);
      const packed = await readFile(planPath);
      const plain = gunzipSync(packed);
      for (const whole of [packed, plain]) {
        for (let length = 0; length < whole.length; length += 7) {
          expect((await refusal(whole.subarray(0, length))).code).to.be.oneOf(['PLAN_NOT_A_PLAN', 'PLAN_DAMAGED']);
        }
        expect((await refusal(whole.subarray(0, -1))).code).to.equal('PLAN_DAMAGED');
      }
    });

    it('a plain file with any bit of any byte flipped', async () => {
      await writePlanFile(planPath, small);
      const plain = gunzipSync(await readFile(planPath));
      for (let at = 0; at < plain.length; at++) {
        const changed = Buffer.from(plain);
        changed[at] = (plain[at] as number) ^ (1 << (at % 8));
        await refusal(changed);
      }
    });

    it('a packed file with any byte flipped, unless its content is the same', async () => {
      await writePlanFile(planPath, small);
      const packed = await readFile(planPath);
      for (let at = 0; at < packed.length; at++) {
        const changed = Buffer.from(packed);
        changed[at] = (packed[at] as number) ^ (1 << (at % 8));
        await writeFile(planPath, changed);
        const plan = await readPlanFile(planPath).then(
          (saved) => saved.plan,
          (error: unknown) => error,
        );
        if (!(plan instanceof DirsyncError)) expect(plan).to.deep.equal(small);
      }
    });
  });

  describe('refuses a hostile plan', () => {
    const head = JSON.stringify({dirsync: 'plan', format: 1, ...encodeHeader(header)});
    const f = encodeEntry(file());
    const d = encodeEntry(folder());
    const l = encodeEntry(symlink('/etc'));
    const [made, gone] = [['new'], ['gone']];
    const cases: [name: string, actions: object[], message: string][] = [
      [
        'a path that climbs out',
        [{kind: 'create', path: '../\x1bx', reasons: made, after: f}],
        'line 2: path "../\\x1bx" climbs out of the root with ".."',
      ],
      [
        'a leader that climbs out',
        [{kind: 'link', path: 'a', leader: '../../etc/shadow', reasons: made, after: f}],
        'line 2: leader "../../etc/shadow" climbs out of the root',
      ],
      [
        'a path in .dirsync',
        [{kind: 'create', path: '.dirsync/id.json', reasons: made, after: f}],
        'line 2: path ".dirsync/id.json" is inside',
      ],
      [
        'a file made through a symlink that it makes',
        [
          {kind: 'create', path: 'a', reasons: made, after: l},
          {kind: 'create', path: 'a/b', reasons: made, after: f},
        ],
        'line 3: "a/b" is inside "a", which is not a folder at that point',
      ],
      [
        'a file made far below a folder that it replaces by a symlink',
        [
          {kind: 'replace', path: 'a', reasons: ['kind'], before: d, after: l},
          {kind: 'rmdir', path: 'a/b', reasons: gone, before: d},
          {kind: 'delete', path: 'a/b/c', reasons: gone, before: f},
          {kind: 'create', path: 'a/z/d', reasons: made, after: f},
        ],
        'line 5: "a/z/d" is inside "a", which is not a folder at that point',
      ],
      [
        'a file made in a folder that goes',
        [
          {kind: 'rmdir', path: 'a', reasons: gone, before: d},
          {kind: 'create', path: 'a/b', reasons: made, after: f},
        ],
        'line 3: "a/b" is inside "a"',
      ],
      [
        'a file deleted through a symlink',
        [
          {kind: 'delete', path: 'a', reasons: gone, before: l},
          {kind: 'delete', path: 'a/b', reasons: gone, before: f},
        ],
        'line 3: "a/b" is inside "a"',
      ],
      [
        'a file changed in a folder that is new',
        [
          {kind: 'mkdir', path: 'a', reasons: made, after: d},
          {kind: 'update', path: 'a/b', reasons: ['size'], before: f, after: f},
        ],
        'line 3: "a/b" is inside "a"',
      ],
    ];
    for (const [name, actions, message] of cases) {
      it(name, () => expectRefused(sealed(head, ...actions.map((action) => JSON.stringify(action))), 'PLAN_HOSTILE', message));
    }

    it('but takes names that only begin alike', async () => {
      const actions = [act.create('a', symlink('x')), act.create('a b'), act.mkdir('ab'), act.create('ab/c')];
      await writePlanFile(planPath, planOf(actions));
      expect((await readPlanFile(planPath)).plan.actions).to.deep.equal(actions);
    });
  });
});

async function failure(promise: Promise<unknown>): Promise<DirsyncError> {
  const result = await promise.catch((error: unknown) => error);
  expect(result).to.be.instanceOf(DirsyncError);
  return result as DirsyncError;
}

function lines(...texts: string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** Lines with the trailer that makes them whole. */
function sealed(...texts: string[]): string {
  const body = lines(...texts);
  const problems = texts.filter((text) => text.startsWith('{"problem"')).length;
  const trailer = {actions: texts.length - 1 - problems, problems, sha256: createHash('sha256').update(body).digest('hex')};
  return body + lines(JSON.stringify({trailer}));
}
