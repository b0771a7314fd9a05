import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { endIdleConnections } from './idle-connections.js';

describe('a server that closes', () => {
  let app: FastifyInstance;
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function connected(text = ''): Promise<{ socket: Socket; said: () => string; ended: Promise<unknown> }> {
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    let said = '';
    socket.on('data', (chunk) => (said += chunk.toString()));
    const ended = once(socket, 'close');
    await once(socket, 'connect');
    if (text) socket.write(text);
    return { socket, said: () => said, ended };
  }

  it('ends connections without a request and those answered, and answers what is under way', async () => {
    app = fastify({ keepAliveTimeout: 60_000, connectionTimeout: 60_000 });
    endIdleConnections(app);
    let answer: (text: string) => void = () => undefined;
    const asked = new Promise<void>((seen) => {
      app.get('/slow', () => {
        seen();
        return new Promise<string>((resolve) => (answer = resolve));
      });
    });
    app.get('/fast', () => 'fast');
    await app.listen({ port: 0, host: '127.0.0.1' });

    const silent = await connected();
    const answered = await connected('GET /fast HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(answered.socket, 'data');
    const slow = await connected('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    await asked;

    const closed = app.close();
    await Promise.all([silent.ended, answered.ended]);
    expect(slow.said()).toBe('');
    answer('slow');
    await closed;
    await slow.ended;
    expect(slow.said()).toMatch(/^HTTP\/1\.1 200 OK[^]*slow$/i);
  });
});
