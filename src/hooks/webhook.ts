/** The summary of a run in the form that each kind of address accepts. */
import {escapeElement} from '../core/entities.js';
import type {WebhookFormat} from '../core/hooks.js';
import type {JobRun} from '../core/job-run.js';
import {runMessage} from '../report/markdown/run-message.js';
import type {Message} from './call.js';

/** The message of a webhook about a run. */
export function webhookMessage(run: JobRun, format: WebhookFormat): Message {
  const text = runMessage(run);
  switch (format) {
    case 'slack':
      // There these characters make mentions, links and commands, even in code. Slack decodes no other entities.
      return json({text: escapeElement(text)});
    case 'discord':
      return json({content: text, allowed_mentions: {parse: []}});
    case 'markdown':
      return {body: `${text}\n`, contentType: 'text/markdown; charset=utf-8'};
  }
}

function json(value: object): Message {
  return {body: JSON.stringify(value), contentType: 'application/json'};
}
