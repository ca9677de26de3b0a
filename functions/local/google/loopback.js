/**
 * Loaded before the Functions Framework, which listens on every interface: here it listens on
 * 127.0.0.1 alone, and tells where. Not TypeScript, so that a measured start does not pay for its
 * types.
 */

import { Server } from 'node:net';

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ready) {
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, () => {
    ready();
    process.send({ port: this.address().port });
  });
};

// it must not keep the process
process.channel.unref();
// nor outlive whoever started it
process.once('disconnect', () => process.exit(0));
