/** HTTP calls of hooks. Paths and queries of addresses are secrets: only the host is ever shown. */
import {setTimeout as sleep} from 'node:timers/promises';
import {formatDuration} from '../report/words/units.js';
import {type LimitReached, startLimit} from './limit.js';

/** One HTTP call. */
export interface Call {
  readonly url: string;
  /** Sent with POST; without a body the call is a GET. */
  readonly message?: Message | undefined;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  /** Milliseconds before each further attempt; one attempt per number. */
  readonly pauses: readonly number[];
  readonly signal: AbortSignal;
}

/** The body of a call. */
export interface Message {
  readonly body: string;
  readonly contentType: string;
}

interface Failure {
  /** What went wrong, as the end of a sentence about the host. */
  readonly words: string;
  /** Whether another attempt may succeed. */
  readonly isPassing: boolean;
}

/** Calls an address until it accepts the call. Returns undefined on success, or a sentence with the reason. */
export async function callAddress(call: Call): Promise<string | undefined> {
  const {url, pauses, signal} = call;
  for (let attempt = 1; ; attempt++) {
    const failure = await callOnce(call);
    if (failure === undefined) return undefined;
    const pause = failure.isPassing ? pauses[attempt - 1] : undefined;
    if (pause === undefined) {
      const which = attempt === 1 ? '' : ` (attempt ${attempt} of ${pauses.length + 1})`;
      return `${new URL(url).host} ${failure.words}${which}`;
    }
    await sleep(pause, undefined, {signal}).catch(() => {});
  }
}

async function callOnce({url, message, timeout, signal}: Call): Promise<Failure | undefined> {
  if (signal.aborted) return failureOf('stopped', timeout);
  const controller = new AbortController();
  let reached: LimitReached | undefined;
  const dropLimit = startLimit({timeout, signal}, (why) => {
    reached = why;
    controller.abort();
  });
  try {
    const {address, authorization} = withoutCredentials(url);
    const response = await fetch(address, {
      method: message === undefined ? 'GET' : 'POST',
      headers: {
        'user-agent': 'dirsync',
        ...(authorization !== undefined && {authorization}),
        ...(message && {'content-type': message.contentType}),
      },
      body: message?.body ?? null,
      signal: controller.signal,
    });
    // The body of the response is not read.
    void response.body?.cancel().catch(() => {});
    if (response.ok) return undefined;
    return {words: `answered ${response.status}`, isPassing: response.status >= 500 || response.status === 429};
  } catch (error) {
    return reached === undefined ? {words: errorWords(error), isPassing: true} : failureOf(reached, timeout);
  } finally {
    dropLimit();
  }
}

function failureOf(reached: LimitReached, timeout: number): Failure {
  if (reached === 'stopped') return {words: 'was not called, because dirsync was asked to stop', isPassing: false};
  return {words: `did not answer within ${formatDuration(timeout)}`, isPassing: true};
}

/** `fetch` refuses an address with user and password, so they are sent as a header, as in browsers. */
function withoutCredentials(url: string): {address: URL; authorization: string | undefined} {
  const address = new URL(url);
  const {username, password} = address;
  if (username === '' && password === '') return {address, authorization: undefined};
  address.username = '';
  address.password = '';
  const credentials = [username, password].map(decodeURIComponent).join(':');
  return {address, authorization: `Basic ${Buffer.from(credentials).toString('base64')}`};
}

const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is an unknown host',
  EAI_AGAIN: 'cannot be looked up at the moment',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  UND_ERR_SOCKET: 'closed the connection',
};

/** Uses only the error's code, since its message may contain the address. */
function errorWords(error: unknown): string {
  const {cause} = error as {cause?: unknown};
  const {code, name} = (cause ?? {}) as {code?: unknown; name?: unknown};
  // Node 24 sets no code for it.
  if (name === 'HTTPParserError') return 'did not answer with HTTP';
  if (typeof code !== 'string') return 'could not be called';
  if (/CERT|ISSUER|SIGNATURE|^ERR_(?:TLS|SSL)_/.test(code)) return `did not make a secure connection (${code})`;
  return `${WORDS[code] ?? 'could not be reached'} (${code})`;
}
