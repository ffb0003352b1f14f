/**
 * Renders a plan, a run or a history as one self-contained HTML page. It can be read without its script, which adds a searchable
 * tree. The content security policy of the page allows only that script and style sheet, by their hashes.
 */
import {createHash} from 'node:crypto';
import type {Subject} from '../subject.js';
import {historyPage} from './history.js';
import {html, verbatim} from './markup.js';
import type {Page} from './parts.js';
import {planPage} from './plan.js';
import {runPage} from './run.js';

/** The script and the style sheet of the page: `src/page`, bundled. */
export interface HtmlAssets {
  readonly script: string;
  readonly style: string;
}

/** Returns the page in pieces, because a page with a million changes does not fit in one string. */
export function* htmlReport(subject: Subject, assets: HtmlAssets): Generator<string> {
  const {title, main, data} = pageOf(subject);
  yield html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(assets)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${verbatim(assets.style)}</style>
</head>
<body>
${data && html`<a class="skip" href="#changes">Skip to the changes</a>`}
`.text;
  for (const part of main) yield part.text;
  yield '\n';
  if (data) {
    yield '<script type="application/json" id="data">';
    yield* data;
    yield '</script>\n';
    yield html`<script>${verbatim(assets.script)}</script>\n`.text;
  }
  yield '</body>\n</html>\n';
}

function pageOf(subject: Subject): Page {
  switch (subject.type) {
    case 'plan':
      return planPage(subject);
    case 'run':
      return runPage(subject);
    case 'history':
      return historyPage(subject);
  }
}

function policy({script, style}: HtmlAssets): string {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "base-uri 'none'",
    "form-action 'none'",
    // Nothing in the script may turn a string into markup.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
