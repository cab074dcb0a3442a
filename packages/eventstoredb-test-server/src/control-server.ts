import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Fault, Reaction } from './faults.js';
import type { TestServer } from './test-server.js';

/**
 * Faults for a test server that runs as a process of its own, over HTTP:
 * `POST /faults` with a Fault as JSON · `DELETE /faults` · `POST /cut` · `POST /freeze` · `POST /subscriptions/<reaction>` · `POST /kill` ·
 * `POST /follow` with `{host, port}`, or with nothing to lead again.
 */
export function startControlServer(server: TestServer, host: string, port: number): Promise<Server> {
  const http = createServer((request, response) => {
    readBody(request)
      .then((body) => carryOut(server, `${request.method} ${request.url}`, body))
      .then(
        (known) => answer(response, known ? 204 : 404),
        (error: unknown) => answer(response, 400, String(error)),
      );
  });
  return new Promise((resolve, reject) => {
    http.once('error', reject).listen(port, host, () => resolve(http));
  });
}

function carryOut(server: TestServer, request: string, body: string): boolean {
  if (request === 'POST /faults') server.inject(JSON.parse(body) as Fault);
  else if (request === 'DELETE /faults') server.faults.clear();
  else if (request === 'POST /cut') server.cutConnections();
  else if (request === 'POST /freeze') server.freeze();
  else if (request === 'POST /kill') setImmediate(() => server.kill());
  else if (request === 'POST /follow') server.follow(body === '' ? undefined : JSON.parse(body));
  else if (request.startsWith('POST /subscriptions/')) server.failSubscriptions(request.slice('POST /subscriptions/'.length) as Reaction);
  else return false;
  return true;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function answer(response: ServerResponse, status: number, text = ''): void {
  response.writeHead(status).end(text);
}
