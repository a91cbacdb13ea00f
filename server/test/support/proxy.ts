import { connect, createServer, type Socket } from 'node:net';
import { afterAll } from 'vitest';

/** A way to a database that can be cut, and mended. */
export interface CuttableWay {
  /** The database's address by way of the proxy. */
  readonly url: string;
  /** Breaks every connection, and refuses new ones. */
  cut(): Promise<void>;
  /** Takes connections again. */
  mend(): Promise<void>;
  /** Takes it away for good; may be called again. */
  close(): Promise<void>;
}

/** Puts a proxy before a database; it is gone after the file. */
export async function proxyTo(databaseUrl: string): Promise<CuttableWay> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const close = async () => {
    if (server.listening) await cut();
  };
  afterAll(close);
  const url = new URL(databaseUrl);
  url.port = String(port);
  return { url: url.href, cut, mend: () => listen(port), close };
}
