/**
 * Builds dist/ (bundled, with type declarations and the JSON schemas of config files and of what is written for programs); with
 * --test also .build/, where every file of src, test and bench is transpiled by itself for mocha.
 */
import {execFileSync} from 'node:child_process';
import {mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {build} from 'esbuild';

const common = {platform: 'node', jsx: 'automatic', target: 'node20.19', format: 'esm', logLevel: 'warning', sourcemap: true};

/** The script and the style sheet of HTML reports, for the browser (app/assets). */
const page = {
  entryPoints: ['src/page/page.ts', 'src/page/page.css'],
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  logLevel: 'warning',
};

rmSync('dist', {recursive: true, force: true});
await build({...page, outdir: 'dist/assets'});
const bundle = {
  ...common,
  outdir: 'dist',
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  define: {'process.env.NODE_ENV': '"production"'},
  // ink asks for the devtools only with DEV=true in the environment.
  external: ['koffi', '@napi-rs/blake-hash', '@parcel/watcher', 'react-devtools-core'],
  // oclif and cosmiconfig are CommonJS and call require for Node's own modules.
  banner: {js: "import {createRequire as requireFor} from 'node:module';const require=requireFor(import.meta.url);"},
};
// Entries and chunks each sit in a folder of dist/, so that ../worker.js is the worker for all of them (platform/pool).
const split = {...bundle, splitting: true, chunkNames: 'chunks/[name]-[hash]'};
// Perf: what the three share is bundled for each, since every file more that a start reads takes a millisecond (bench: startup-plan).
await build({...split, entryPoints: {'cli/main': 'src/main.ts', 'cli/commands': 'src/commands/index.ts'}});
await build({...split, entryPoints: {'lib/index': 'src/index.ts'}});
await build({...bundle, entryPoints: {worker: 'src/worker.ts'}});
const tsc = path.join(path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], {stdio: 'inherit'});

const [{documentSchemas}, {jsonSchema}] = await Promise.all(
  ['src/report/schema/documents.ts', 'src/config/schema.ts'].map(loadSource),
);
mkdirSync('dist/schema');
for (const [name, content] of Object.entries({...documentSchemas(), config: jsonSchema()})) {
  writeFileSync(`dist/schema/${name}.json`, `${JSON.stringify(content, null, 2)}\n`);
}

if (process.argv.includes('--test')) {
  rmSync('.build', {recursive: true, force: true});
  const sources = ['src', 'test', 'bench'].flatMap((folder) =>
    readdirSync(folder, {recursive: true}).map((file) => path.join(folder, String(file))),
  );
  await build({...page, outdir: '.build/src/assets'});
  await build({...common, entryPoints: sources.filter((file) => /\.tsx?$/.test(file)), outdir: '.build', outbase: '.'});
}

/** A module of the sources, with all that it imports. */
async function loadSource(file) {
  const {outputFiles} = await build({...common, entryPoints: [file], bundle: true, write: false, sourcemap: false});
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}
