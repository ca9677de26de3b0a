/** Stands for the Functions Framework with a function in it: says what came, or waits to be told. */

import { createServer } from 'node:http';

const held = new Set();

// idle connections stay open, as those to a function do
createServer({ keepAliveTimeout: 0 }, async (request, response) => {
  const { method, url, headersDistinct: headers } = request;
  const body = (await request.toArray()).join('');
  const say = () => response.end(JSON.stringify({ pid: process.pid, method, url, headers, body }));
  if (url === '/deaf') process.on('SIGTERM', () => {});
  if (url === '/polite') process.once('SIGTERM', () => process.exit(0));
  if (url === '/hold') held.add(say);
  else say();
}).listen(0, () => {});

process.on('message', () => {
  for (const answer of held) answer();
  held.clear();
});
process.channel.unref();
