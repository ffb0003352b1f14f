/** The summary of a run in the form that each kind of address accepts. */
import type {WebhookFormat} from '../core/hooks.js';
import type {JobRun} from '../core/job-run.js';
import {runMessage} from '../report/markdown/run-message.js';
import type {Message} from './call.js';

export function webhookMessage(run: JobRun, format: WebhookFormat): Message {
  const text = runMessage(run);
  switch (format) {
    case 'slack':
      return json({text: text.replace(/[&<>]/g, (char) => ENTITIES[char] as string)});
    case 'discord':
      return json({content: text, allowed_mentions: {parse: []}});
    case 'markdown':
      return {body: `${text}\n`, contentType: 'text/markdown; charset=utf-8'};
  }
}

/** In Slack these characters make mentions, links and commands, even in code. Slack decodes no other entities. */
const ENTITIES: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;'};

function json(value: object): Message {
  return {body: JSON.stringify(value), contentType: 'application/json'};
}
