import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../../functions/simulators/shared/certificate.ts';
import { faultOfUrl, isPublic, type Resolve } from '../../functions/webhooks/addresses.ts';
import { createPoster } from '../../functions/webhooks/post.ts';
import { createReceiver, status } from './receiver.ts';

const closed = [
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.0.0.1', '10.255.255.255', '172.16.0.1'],
  ...['172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '100.127.255.255'],
  ...['192.0.0.1', '192.0.2.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9'],
  ...['224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '192.88.99.1'],
  ...['::1', '::', 'fe80::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '::ffff:127.0.0.1'],
  ...['::ffff:8.8.8.8', '::ffff:a9fe:a9fe', '::127.0.0.1', '64:ff9b::a9fe:a9fe', '100::1'],
  ...['2001::1', '2001:db8::1', '2002:7f00:1::', '2001:20::1', '3fff::1', 'fec0::1', '4000::1'],
  ...['', 'localhost', '1.2.3', '8.8.8.8.8'],
];
const open = ['8.8.8.8', '1.1.1.1', '172.15.0.1', '172.32.0.1', '100.63.0.1', '100.128.0.1'];
const open6 = ['2606:4700::1111', '2a00:1450:4001::200e', '2620:fe::fe'];

test('only addresses that the whole internet reaches are public', () => {
  for (const it of closed) assert.equal(isPublic(it), false, it);
  for (const it of [...open, ...open6]) assert.equal(isPublic(it), true, it);
});

test('a URL that cannot be a webhook is refused when it is registered, however it is written', () => {
  const bad = [
    ...['http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'example.com', ''],
    ...['https://user:secret@example.com/', 'https://user@example.com/', 'https://example.com/#a'],
    ...['https://127.0.0.1/', 'https://127.1/', 'https://2130706433/', 'https://0x7f.1/'],
    ...[
      'https://0177.0.0.1/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://[::]:8443/',
    ],
    ...['https://169.254.169.254/computeMetadata/v1/', 'https://10.0.0.1:8080/x', 'https://0/'],
    ...[
      'https://127.0.0.1./',
      'https://127。0。0。1/',
      'https://①②⑦.0.0.1/',
      'https://0xa9fea9fe/',
    ],
    ...['https://100.64.0.1/', 'https://[64:ff9b::a9fe:a9fe]/', 'https://[64:ff9b:1::a00:1]/'],
    ...['https://[::ffff:0:a00:1]/', 'https://[fe80::1]/', 'https://[fd00:ec2::254]/'],
  ];
  for (const it of bad) assert.notEqual(faultOfUrl(it, { local: false }), null, it);
  for (const it of ['https://example.com/hook?a=b', 'https://8.8.8.8/', 'https://[2620:fe::fe]/'])
    assert.equal(faultOfUrl(it, { local: false }), null, it);
  assert.equal(faultOfUrl('http://127.0.0.1:9000/', { local: true }), null);
  assert.notEqual(faultOfUrl('ftp://127.0.0.1/', { local: true }), null);
});

/** A server that does not speak HTTP. */
async function listening(t: TestContext, met: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    met(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const it of sockets) it.destroy();
    await closed;
  });
  return server.address() as AddressInfo;
}

/** Gives the answers in turn, then the last one again and again. */
function scripted(...answers: string[][]) {
  const asked: string[] = [];
  const resolve: Resolve = (host, found) => {
    asked.push(host);
    const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
    found(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  return { asked, resolve };
}

test('a name that leads to this machine or its network is not connected to', async (t) => {
  const tls = await makeCertificate();
  const receiver = await createReceiver(t, tls);
  for (const addresses of [
    ['127.0.0.1'],
    ...[['::1'], ['::'], ['0.0.0.0'], ['::ffff:127.0.0.1'], ['::ffff:a9fe:a9fe']],
    // metadata servers, the provider's own network, IPv4 behind IPv6
    ...[['169.254.169.254'], ['fd00:ec2::254'], ['100.64.0.1'], ['64:ff9b::7f00:1']],
    ...[['8.8.8.8', '10.0.0.1'], ['2620:fe::fe', 'fe80::1'], []],
  ]) {
    const { resolve } = scripted(addresses);
    const post = createPoster({ local: false, resolve, ca: tls.cert });
    const posted = await post(`https://hooks.example:${receiver.port}/`, {}, '{}');
    assert.deepEqual(posted, {
      kind: 'failed',
      reason: 'hooks.example has an address that is not public',
    });
  }
  assert.equal(receiver.connections(), 0);
});

test('a name is looked up once: a second lookup could give another address', async (t) => {
  const tls = await makeCertificate();
  const receiver = await createReceiver(t, tls);
  // 2fff::/16 is not assigned
  const { asked, resolve } = scripted(['2fff::1'], ['127.0.0.1']);
  const post = createPoster({ local: false, resolve, ca: tls.cert, deadlineMs: 300 });
  const posted = await post(`https://rebind.example:${receiver.port}/`, {}, '{}');
  assert.equal(posted.kind, 'failed');
  assert.deepEqual(asked, ['rebind.example']);
  assert.equal(receiver.connections(), 0);
});

test('an address in the URL of an old webhook is checked again', async (t) => {
  const tls = await makeCertificate();
  const receiver = await createReceiver(t, tls);
  const post = createPoster({ local: false, ca: tls.cert });
  for (const url of [`https://127.0.0.1:${receiver.port}/`, receiver.url.replace('https', 'http')])
    assert.deepEqual(await post(url, {}, '{}'), {
      kind: 'failed',
      reason: 'its URL is not https, or its address not public',
    });
  assert.equal(receiver.connections(), 0);
});

test('a redirect is an answer, and is not followed', async (t) => {
  const [here, there] = [await createReceiver(t), await createReceiver(t)];
  for (const code of [301, 302, 307, 308]) {
    here.answer = status(code, { Location: there.url });
    assert.deepEqual(await createPoster({ local: true })(here.url, {}, '{}'), {
      kind: 'answered',
      status: code,
      retryAfterMs: null,
    });
  }
  assert.equal(there.connections(), 0);
});

test('a server that stalls fails at the deadline; an endless answer is cut off', async (t) => {
  const receiver = await createReceiver(t);
  const post = createPoster({ local: true, deadlineMs: 200 });
  receiver.answer = () => {};
  assert.deepEqual(await post(receiver.url, {}, '{}'), {
    kind: 'failed',
    reason: 'no answer within 0.2 s',
  });
  let written = 0;
  receiver.answer = (_, response) => {
    response.writeHead(200);
    const more = () => {
      written += 64 * 1024;
      response.write(Buffer.alloc(64 * 1024), (error) => error ?? setImmediate(more));
    };
    more();
  };
  const posted = await createPoster({ local: true })(receiver.url, {}, '{}');
  assert.deepEqual(posted, { kind: 'answered', status: 200, retryAfterMs: null });
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes were read`);
});

test('a stall anywhere from the lookup to the headers fails at the deadline', async (t) => {
  const options = { deadlineMs: 200 };
  const late = { kind: 'failed', reason: 'no answer within 0.2 s' };
  const withoutAnswer = createPoster({ local: false, resolve: () => {}, ...options });
  assert.deepEqual(await withoutAnswer('https://slow.example/', {}, '{}'), late);

  // accepts the connection, and never answers the TLS handshake
  const mute = await listening(t, () => {});
  const post = createPoster({ local: true, ...options });
  assert.deepEqual(await post(`https://127.0.0.1:${mute.port}/`, {}, '{}'), late);

  const dripping = await listening(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nX-Padding: ');
    const drip = setInterval(() => socket.write('x'), 10);
    socket.once('close', () => clearInterval(drip));
  });
  assert.deepEqual(await post(`http://127.0.0.1:${dripping.port}/`, {}, '{}'), late);

  // small headers without end
  const early = await listening(t, (socket) => {
    const hint = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 1);
    socket.once('close', () => clearInterval(hint));
  });
  assert.deepEqual(await post(`http://127.0.0.1:${early.port}/`, {}, '{}'), late);
});

test('an answer whose body comes drop by drop counts by its status', async (t) => {
  const receiver = await createReceiver(t);
  receiver.answer = (_, response) => {
    response.writeHead(202);
    const drip = setInterval(() => response.write('x'), 10);
    response.once('close', () => clearInterval(drip));
  };
  assert.deepEqual(await createPoster({ local: true })(receiver.url, {}, '{}'), {
    kind: 'answered',
    status: 202,
    retryAfterMs: null,
  });
});

test('the deadline is 15 seconds by default', async (t) => {
  const receiver = await createReceiver(t);
  receiver.answer = () => {};
  const late = new AbortController();
  const timeout = t.mock.method(AbortSignal, 'timeout', () => late.signal);
  const posting = createPoster({ local: true })(receiver.url, {}, '{}');
  await receiver.until(() => receiver.got.length === 1);
  assert.deepEqual(
    timeout.mock.calls.map((it) => it.arguments),
    [[15_000]],
  );
  late.abort();
  assert.deepEqual(await posting, { kind: 'failed', reason: 'no answer within 15 s' });
});

test('a server that is down, or has a self-signed certificate, is a failure with its reason', async (t) => {
  const tls = await makeCertificate();
  const receiver = await createReceiver(t, tls);
  const post = createPoster({ local: true });
  const untrusted = await post(receiver.url, {}, '{}');
  assert.match(untrusted.kind === 'failed' ? untrusted.reason : '', /SELF_SIGNED/);
  const refused = await post('http://127.0.0.1:1/', {}, '{}');
  assert.match(refused.kind === 'failed' ? refused.reason : '', /ECONNREFUSED/);
  assert.equal(receiver.got.length, 0);
});
