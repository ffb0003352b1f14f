import {execFile} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import * as library from '../src/index.js';
import {tempDirs} from './support/temp.js';
import {writeTree} from './support/tree.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIBRARY = new URL('../../dist/lib/index.js', import.meta.url).href;

const FILES = fs
  .readdirSync(path.join(ROOT, 'src'), {recursive: true, encoding: 'utf8'})
  .filter((file) => file.endsWith('.ts'))
  .map((file) => fs.readFileSync(path.join(ROOT, 'src', file), 'utf8'));

/** The code of a docstring's example. */
function exampleIn(docstring: string): string {
  const [, code = ''] = docstring.split('@example');
  return code.replace(/\n \*\/?( |$)/gm, '\n').replace(/\n \*$/gm, '\n');
}

/** The example of an exported function or class; undefined if it has none. */
function exampleOf(name: string): string | undefined {
  const declaration = new RegExp(
    `/\\*\\*((?:(?!\\*/).)*@example(?:(?!\\*/).)*)\\*/\\nexport (?:async )?(?:function|class) ${name}\\b`,
    's',
  );
  const found = FILES.map((text) => declaration.exec(text)?.[1]).find((docstring) => docstring !== undefined);
  return found === undefined ? undefined : exampleIn(found);
}

const START = exampleIn(/^\/\*\*(.*?)\*\//s.exec(fs.readFileSync(path.join(ROOT, 'src/index.ts'), 'utf8'))?.[1] ?? '');

/** Checks each expression of an example that names its value: `expression; // → value`. */
function checked(code: string): string {
  return code.replace(/^(.+); \/\/ → (.+)$/gm, 'assert.deepEqual($1, $2);');
}

async function run(code: string, folder: string): Promise<{stdout: string; stderr: string}> {
  writeTree(folder, {source: {'a.txt': 'a', sub: {'b.txt': 'b'}}, target: {'old.txt': 'old'}});
  const file = path.join(folder, 'example.mjs');
  fs.writeFileSync(file, code);
  return promisify(execFile)(process.execPath, [file], {cwd: folder, env: {...process.env, HOME: folder}});
}

describe('the library', () => {
  const temp = tempDirs();

  it('its first example runs as it stands', async () => {
    const {stdout, stderr} = await run(START.replace("'dirsync'", JSON.stringify(LIBRARY)), temp());
    expect(stderr).to.equal('');
    expect(stdout).to.include('+ create   a.txt').and.include('Plan: 4 changes: 3 to create, 1 to delete');
  });

  const names = Object.entries(library).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
  for (const name of names) {
    it(`the example of ${name} runs, and gives what it says`, async () => {
      const example = exampleOf(name) ?? '';
      expect(example, 'it has an example').to.include(name).and.include('; // → ');
      const start = START.replace(/^import .*$/m, '').replace(/^console\.log.*$/m, '');
      const imports = `import assert from 'node:assert/strict';\nimport {${Object.keys(library).join(', ')}} from '${LIBRARY}';`;
      await run(`${imports}\n${start}\n{\n${checked(example)}\n}\n`, temp());
    });
  }
});
