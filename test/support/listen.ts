/** Servers for tests, on this machine. */
import http from 'node:http';
import type {AddressInfo} from 'node:net';

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface Heeding {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly host: string;
  readonly heard: Heard[];
}

/** The answer of a server to its n-th request, from 0; a number is a status without a body. */
export type Answer = (response: http.ServerResponse, request: http.IncomingMessage, n: number) => void;

/** Called in a `describe`: returns a function that starts servers, which end after the test. */
export function listeners(): (answer: Answer | number) => Promise<Heeding> {
  const servers: http.Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });
  return async (answer) => {
    const heard: Heard[] = [];
    const server = http.createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk;
      const {method = '', url: path = '', headers} = request;
      heard.push({method, path, headers, body});
      if (typeof answer === 'number') response.writeHead(answer).end();
      else answer(response, request, heard.length - 1);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return {url: `http://${host}`, host, heard};
  };
}
