/**
 * A plan, a run or a history as one HTML page that needs nothing else, not even its script to be read: the script adds the
 * tree that is searched. The page's policy allows that script and style sheet by their hashes and nothing else.
 */
import {createHash} from 'node:crypto';
import type {Subject} from '../subject.js';
import {historyPage} from './history.js';
import {html, verbatim} from './markup.js';
import type {Page} from './parts.js';
import {planPage} from './plan.js';
import {runPage} from './run.js';

/** What the browser runs and how the page looks: `src/page`, bundled. */
export interface HtmlAssets {
  readonly script: string;
  readonly style: string;
}

/** The page in pieces: that of a million changes is longer than a string may be. */
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
    // Text alone: nothing in the script may turn a string into markup.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
