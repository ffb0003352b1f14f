/** HTML reports: their size, and the time until a browser shows the tree of one. */
import {execFileSync} from 'node:child_process';
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';
import {Unavailable} from './trees.js';

export function findChromium(): string {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v chromium'], {encoding: 'utf8'}).trim();
  } catch {
    throw new Unavailable('needs chromium (on Debian: apt-get install chromium)');
  }
}

/** Seconds from opening a report until its tree is drawn, each time in a new browser. */
export async function openReport(
  file: string,
  {chromium: executablePath, times}: {chromium: string; times: number},
): Promise<number[]> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time++) {
    const browser = await chromium.launch({executablePath, args: ['--no-sandbox']});
    try {
      const page = await browser.newPage();
      const start = performance.now();
      await page.goto(pathToFileURL(file).href, {waitUntil: 'commit'});
      await page.getByRole('treeitem').first().waitFor();
      seconds.push((performance.now() - start) / 1000);
    } finally {
      await browser.close();
    }
  }
  return seconds;
}
