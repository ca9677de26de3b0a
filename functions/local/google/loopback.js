/**
 * Loaded before the Functions Framework, which listens on every interface. This makes it listen on
 * 127.0.0.1 only, and reports the port to the parent. It is not TypeScript, so that stripping types
 * does not add to a measured start.
 */

import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ready) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, () => {
    ready();
    process.send({ port: this.address().port });
  });
};

// the channel must not keep the process alive
process.channel.unref();
// the process must not outlive its parent
process.once('disconnect', () => process.exit(0));
