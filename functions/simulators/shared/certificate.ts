import { generate } from 'selfsigned';

const DAY = 24 * 60 * 60 * 1000;

/**
 * Makes a new key and certificate (PEM) for localhost, 127.0.0.1, ::1 and the given names.
 * The certificate is its own authority: trust it with `ca: cert`, or through NODE_EXTRA_CA_CERTS.
 */
export async function makeCertificate(
  names: string[] = [],
  now = Date.now(),
): Promise<{ key: string; cert: string }> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    // a P-256 handshake costs the server a tenth of an RSA one
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // valid from a little earlier, since a container's clock may be behind
    notBeforeDate: new Date(now - DAY),
    notAfterDate: new Date(now + 365 * DAY),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...['localhost', ...names].map((value) => ({ type: 2 as const, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
