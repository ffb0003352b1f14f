/** Commands, webhooks and heartbeats around a run. */

/** A string for the shell, or a program and its arguments. */
export type CommandLine = string | readonly [string, ...string[]];

/** Commands that are started on an event of a run and cannot stop it. */
const HOOK_EVENTS = ['onStart', 'onChange', 'onSuccess', 'onFailure', 'onGuard'] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** If `before` fails, the run does not start; `after` follows every run for which `before` was started. */
export const HOOKS = ['before', 'after', ...HOOK_EVENTS] as const;
export type HookName = (typeof HOOKS)[number];

/** The commands of a job. */
export interface Hooks {
  readonly commands: Readonly<Partial<Record<HookName, CommandLine>>>;
  /** The time limit of one command, in milliseconds. */
  readonly timeout: number;
  /** The working directory of commands: the folder of the config file. Undefined without a config file. */
  readonly folder: string | undefined;
}

/** The body of a webhook: JSON for Slack and compatible services (`{"text": …}`), for Discord (`{"content": …}`), or Markdown. */
export const WEBHOOK_FORMATS = ['slack', 'discord', 'markdown'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** An address that receives a summary of each run that changed something or did not succeed. */
export interface Webhook {
  readonly url: string;
  readonly format: WebhookFormat;
  /** Also send summaries of runs that had nothing to do. */
  readonly always: boolean;
}

/** Addresses that are called when a run starts, when it succeeds, and when it ends in any other way. */
export interface Heartbeat {
  readonly start?: string | undefined;
  readonly success?: string | undefined;
  readonly fail?: string | undefined;
  /** The time limit of one call, in milliseconds. */
  readonly timeout: number;
}
