import {readFileSync} from 'node:fs';
import type {HtmlAssets} from '../report/html/html.js';

/** The script and the style sheet of HTML reports: `src/page`, bundled by build.js into a folder beside this module's. */
export function readPageAssets(): HtmlAssets {
  const read = (file: string) => readFileSync(new URL(`../assets/${file}`, import.meta.url), 'utf8');
  return {script: read('page.js'), style: read('page.css')};
}
