/**
 * Loaded before a function that believes it is deployed: whatever it connects to is answered on this
 * machine (`googleapis.ts`), by the names that it asks for; port 80 is the metadata server's. So its
 * environment is the deployed one, but for the path of a secret, and what config/google.ts refuses to a
 * deployed function stays refused: there is no variable that leads it elsewhere. No name is looked up, so nothing
 * leaves the machine.
 *
 * Not TypeScript, as ../loopback.js is not.
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
// gRPC's client looks names up itself; it then connects to an address, and says the name in TLS
dns.promises.lookup = async (_name, options) => (options?.all ? [here] : here);

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...args) {
  // net.connect hands over a list, its options first, and knows it again: it has to be the same list
  const list = Array.isArray(args[0]) ? args[0] : args;
  const port = Number(list[0]?.port);
  // without a port it is a pipe
  if (port) list[0] = { ...list[0], port: port === 80 ? http : https, host: here.address };
  return connect.apply(this, args);
};
