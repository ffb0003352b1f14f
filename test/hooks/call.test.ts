import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import https from 'node:https';
import net, {type AddressInfo} from 'node:net';
import path from 'node:path';
import {expect} from 'chai';
import {type Call, callAddress} from '../../src/hooks/call.js';
import {type Answer, listeners} from '../support/listen.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

const SECRET = '/services/T000/secret?token=hunter2';

interface Case {
  readonly name: string;
  readonly answer: Answer | number;
  /** After the host; undefined: it was told. */
  readonly failure: string | undefined;
  readonly calls: number;
  readonly options?: Partial<Call>;
}

const cases: readonly Case[] = [
  {name: 'a host that takes it', answer: 200, failure: undefined, calls: 1},
  {name: 'a host that says nothing to it', answer: 204, failure: undefined, calls: 1},
  {
    name: 'a host that fails once',
    answer: (response, _, n) => response.writeHead(n === 0 ? 500 : 200).end(),
    failure: undefined,
    calls: 2,
  },
  {
    name: 'a host that had too much',
    answer: (response, _, n) => response.writeHead(n === 0 ? 429 : 200).end(),
    failure: undefined,
    calls: 2,
  },
  {name: 'a host that always fails', answer: 503, failure: 'answered 503 (attempt 3 of 3)', calls: 3},
  {name: 'one attempt', answer: 503, options: {pauses: []}, failure: 'answered 503', calls: 1},
  {name: 'an address that is gone', answer: 404, failure: 'answered 404', calls: 1},
  {
    name: 'a host that never answers',
    answer: () => {},
    options: {timeout: 1000, pauses: [1]},
    failure: 'did not answer within 1.0 s (attempt 2 of 2)',
    calls: 2,
  },
  {
    name: 'a host that begins to answer and stops',
    answer: (response) => response.socket?.write('HTTP/1.1 200 OK\r\nx-slow: '),
    options: {timeout: 1000, pauses: []},
    failure: 'did not answer within 1.0 s',
    calls: 1,
  },
  {
    name: 'a host that closes the connection',
    answer: (response) => response.destroy(),
    failure: 'closed the connection (UND_ERR_SOCKET) (attempt 3 of 3)',
    calls: 3,
  },
  {
    name: 'a host that speaks no HTTP',
    answer: (response) => response.socket?.end('SSH-2.0-OpenSSH\r\n'),
    options: {pauses: []},
    failure: 'did not answer with HTTP',
    calls: 1,
  },
  {
    name: 'a host that sends one elsewhere',
    answer: (response, request) =>
      request.url === '/there' ? response.writeHead(200).end() : response.writeHead(307, {location: '/there'}).end(),
    failure: undefined,
    calls: 2,
  },
  {
    name: 'a host that sends one round',
    answer: (response, request) => response.writeHead(307, {location: request.url}).end(),
    options: {pauses: []},
    failure: 'could not be called',
    calls: 21,
  },
];

describe('hooks/call', () => {
  const temp = tempDirs();
  const listen = listeners();
  const {signal} = new AbortController();
  const call = (url: string, options: Partial<Call> = {}) =>
    callAddress({url: url + SECRET, timeout: 10_000, pauses: [1, 1], signal, ...options});

  for (const {name, answer, options, failure, calls} of cases) {
    it(name, async () => {
      const {url, host, heard} = await listen(answer);
      expect(await call(url, options)).to.equal(failure && `${host} ${failure}`);
      expect(heard).to.have.length(calls);
    });
  }

  it('is a GET', async () => {
    const {url, heard} = await listen(200);
    await call(url);
    expect(heard).to.have.nested.property('[0].method', 'GET');
    expect(heard).to.have.nested.property('[0].path', SECRET);
  });

  it('is a POST of a message', async () => {
    const {url, heard} = await listen(200);
    await call(url, {message: {body: 'ä', contentType: 'text/markdown; charset=utf-8'}});
    const [{method, body, headers} = {method: '', body: '', headers: {}}] = heard;
    expect({method, body, type: headers['content-type']}).to.deep.equal({
      method: 'POST',
      body: 'ä',
      type: 'text/markdown; charset=utf-8',
    });
  });

  it('reads no answer, however long it is', async () => {
    let isClosed: Promise<unknown> = Promise.resolve();
    const {url} = await listen((response) => {
      isClosed = new Promise((resolve) => response.once('close', resolve));
      const pour = (): void => void (response.write('x'.repeat(65_536)) ? setImmediate(pour) : response.once('drain', pour));
      response.writeHead(200);
      pour();
    });
    expect(await call(url)).to.equal(undefined);
    await isClosed;
  });

  it('sends a user and a password like browsers, and shows neither', async () => {
    const {url, host, heard} = await listen(403);
    expect(await call(url.replace('//', '//ada:p%40ss@'))).to.equal(`${host} answered 403`);
    expect(heard[0]?.headers.authorization).to.equal(`Basic ${Buffer.from('ada:p@ss').toString('base64')}`);
  });

  it('a port without a listener', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await new Promise((resolve) => server.close(resolve));
    expect(await call(`http://${host}`)).to.equal(`${host} refused the connection (ECONNREFUSED) (attempt 3 of 3)`);
  });

  it('a name that nobody knows', async () => {
    expect(await call('http://dirsync.invalid', {pauses: []})).to.match(
      /^dirsync\.invalid (is an unknown host|cannot be looked up at the moment) \((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  it('a host that speaks no TLS', async () => {
    const {url, host} = await listen(200);
    expect(await call(url.replace('http:', 'https:'), {pauses: []})).to.match(
      new RegExp(`^${host} did not make a secure connection \\(ERR_SSL_\\w+\\)$`),
    );
  });

  it('a certificate that nobody vouches for', async function () {
    const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(temp(), name)) as [string, string];
    const made = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost'.split(' ');
    try {
      execFileSync('openssl', [...made, '-keyout', key, '-out', cert], {stdio: 'ignore'});
    } catch {
      skip(this, 'openssl makes no certificate');
    }
    const server = https.createServer({key: readFileSync(key), cert: readFileSync(cert)}).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
    const host = `localhost:${(server.address() as AddressInfo).port}`;
    expect(await call(`https://${host}`, {pauses: []})).to.equal(
      `${host} did not make a secure connection (DEPTH_ZERO_SELF_SIGNED_CERT)`,
    );
    server.close();
  });

  describe('ends when the signal is aborted', () => {
    const stopped = 'was not called, because dirsync was asked to stop';

    it('before it began', async () => {
      const {url, host, heard} = await listen(200);
      expect(await call(url, {signal: AbortSignal.abort()})).to.equal(`${host} ${stopped}`);
      expect(heard).to.deep.equal([]);
    });

    it('while it waits for an answer', async () => {
      const controller = new AbortController();
      const {url, host, heard} = await listen(() => controller.abort());
      expect(await call(url, {signal: controller.signal})).to.equal(`${host} ${stopped}`);
      expect(heard).to.have.length(1);
    });

    it('between two attempts', async () => {
      const controller = new AbortController();
      const {url, host, heard} = await listen((response) => {
        response.writeHead(500).end();
        setTimeout(() => controller.abort(), 20);
      });
      const failure = await call(url, {signal: controller.signal, pauses: [100_000]});
      expect(failure).to.equal(`${host} ${stopped} (attempt 2 of 2)`);
      expect(heard).to.have.length(1);
    });
  });
});
