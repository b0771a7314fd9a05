/**
 * Connections on which nothing is asked end when the server closes. Node ends those that have been answered, and waits for
 * those on which no request has come yet; browsers open such ones ahead, and keep them for a minute.
 */
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** Requests under way are answered; then their connections end as well. */
export function endIdleConnections(fastify: FastifyInstance): void {
  const { server } = fastify;
  const idle = new Set<Socket>();
  let closing = false;
  server.on('connection', (socket) => {
    if (closing) return void socket.destroy();
    idle.add(socket);
    socket.once('close', () => idle.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    response.once('close', () => {
      if (closing) socket.end();
      else if (!socket.destroyed) idle.add(socket);
    });
  });
  fastify.addHook('preClose', async () => {
    closing = true;
    for (const socket of idle) socket.destroy();
  });
}
