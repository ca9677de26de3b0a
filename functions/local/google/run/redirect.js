/**
 * Loaded before a function that runs as if it were deployed. It redirects every connection to this
 * machine (`googleapis.ts`), by host name; port 80 is the metadata server. So the function has the
 * deployed environment, except for the path of a secret, and needs none of the variables that
 * config/google.ts refuses to a deployed function. No name is looked up, so nothing leaves the machine.
 *
 * Not TypeScript, for the reason in ../loopback.js.
 */

import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

const { searchParams } = new URL(import.meta.url);
const https = Number(searchParams.get('https'));
const http = Number(searchParams.get('http'));

setDefaultCACertificates([
  ...getCACertificates('default'),
  readFileSync(searchParams.get('ca'), 'utf8'),
]);

const here = { address: '127.0.0.1', family: 4 };
// gRPC's client resolves names itself; it then connects to an address, and names the host in TLS
dns.promises.lookup = async (_name, options) => (options?.all ? [here] : here);

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...args) {
  // net.connect passes its own normalized array on and recognizes it, so it must stay the same array
  const list = Array.isArray(args[0]) ? args[0] : args;
  const options = typeof list[0] === 'object' ? list[0] : { port: list[0] };
  const port = Number(options?.port);
  // without a port it is a Unix socket
  if (port) {
    list[0] = { ...options, port: port === 80 ? http : https, host: here.address };
    // connect(port, host, listener): the host is in the options now
    if (typeof list[1] === 'string') list.splice(1, 1);
  }
  return connect.apply(this, args);
};
