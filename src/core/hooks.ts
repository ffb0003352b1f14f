/** What others are told of runs, and what they do around them. */

/** A text for the shell, or a program and its arguments. */
export type CommandLine = string | readonly [string, ...string[]];

/** Commands that are told of a run and cannot stop it, by the name of what they are told. */
const HOOK_EVENTS = ['onStart', 'onChange', 'onSuccess', 'onFailure', 'onGuard'] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** `before` stops the run when it fails; `after` follows every run whose `before` began. */
export const HOOKS = ['before', 'after', ...HOOK_EVENTS] as const;
export type HookName = (typeof HOOKS)[number];

export interface Hooks {
  readonly commands: Readonly<Partial<Record<HookName, CommandLine>>>;
  /** Milliseconds that a command may take. */
  readonly timeout: number;
  /** The folder in which commands start: that of the config file. Undefined where no file says anything. */
  readonly folder: string | undefined;
}

/** What an address is sent: the JSON of Slack and its kin (`{"text": …}`), that of Discord (`{"content": …}`), or Markdown itself. */
export const WEBHOOK_FORMATS = ['slack', 'discord', 'markdown'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

/** An address that is sent the summary of runs that changed something or did not succeed. */
export interface Webhook {
  readonly url: string;
  readonly format: WebhookFormat;
  /** Runs that succeeded with nothing to do are told too. */
  readonly always: boolean;
}

/** Addresses that are called when a run starts, when it has succeeded, and when it ended in any other way. */
export interface Heartbeat {
  readonly start?: string | undefined;
  readonly success?: string | undefined;
  readonly fail?: string | undefined;
  /** Milliseconds that one call may take. */
  readonly timeout: number;
}
