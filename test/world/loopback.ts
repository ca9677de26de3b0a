/**
 * Loaded before the Functions Framework, which listens on every interface: here it listens on
 * 127.0.0.1 alone, and tells where. And it does what a faulty library might, when asked.
 */

import { type AddressInfo, Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (this: Server, port: unknown, ready: unknown) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, () => {
    (ready as () => void)();
    process.send!({ port: (this.address() as AddressInfo).port });
  });
} as typeof listen;

process.on('message', (what) => {
  if (what === 'reject') void Promise.reject(new Error('a library forgot to catch'));
  if (what === 'throw')
    setImmediate(() => {
      throw new Error('a library threw in a callback');
    });
  if (what === 'memory') process.send!({ rss: process.memoryUsage().rss });
});
// it must not keep the process
process.channel?.unref();
