/**
 * Loaded before the Functions Framework, which listens on every interface: here it listens on
 * 127.0.0.1 alone, and tells where. And it does what a faulty library might, when asked. Not
 * TypeScript, so that a measured start does not pay for its types.
 */

import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ready) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, () => {
    ready();
    // since the process began
    process.send({ port: this.address().port, ms: performance.now() });
  });
};

process.on('message', (what) => {
  if (what === 'memory') process.send({ rss: process.memoryUsage().rss });
  if (what === 'reject') void Promise.reject(new Error('a library forgot to catch'));
  if (what === 'throw')
    setImmediate(() => {
      throw new Error('a library threw in a callback');
    });
});
// it must not keep the process
process.channel.unref();
