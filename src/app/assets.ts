import {readFileSync} from 'node:fs';
import type {HtmlAssets} from '../report/html/html.js';

/**
 * Reads the script and the style sheet of HTML reports. build.js bundles them from `src/page` into a folder next to this module.
 */
export function readPageAssets(): HtmlAssets {
  const read = (file: string) => readFileSync(new URL(`../assets/${file}`, import.meta.url), 'utf8');
  return {script: read('page.js'), style: read('page.css')};
}
