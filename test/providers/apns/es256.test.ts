import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { test } from 'node:test';
import { es256 } from '../../../functions/providers/apns/es256.ts';

const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');

/** RFC 6979, appendix A.2.5: ECDSA on P-256, with SHA-256. */
const key = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'EC',
    crv: 'P-256',
    d: base64url('C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721'),
    x: base64url('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6'),
    y: base64url('7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299'),
  },
});
const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
const published = {
  sample: [
    'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
    'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
  ],
  test: [
    'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367',
    '019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
  ],
};

test('a signature is the one RFC 6979 publishes', () => {
  const sign = es256(pem);
  for (const [text, [r, s]] of Object.entries(published))
    assert.equal(Buffer.from(sign(text), 'base64url').toString('hex').toUpperCase(), `${r}${s}`);
});

test('OpenSSL accepts a signature, which is the same each time', () => {
  for (let i = 0; i < 20; i++) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = pair.privateKey
      .export({ type: i % 2 ? 'pkcs8' : 'sec1', format: 'pem' })
      .toString();
    const text = `text ${i} ä`;
    const signature = es256(pem)(text);
    assert.equal(es256(pem)(text), signature);
    const publicKey = createPublicKey(pair.privateKey);
    const bytes = Buffer.from(signature, 'base64url');
    const how = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
    assert.ok(verify('sha256', Buffer.from(text), how, bytes));
  }
});

test('a key that is not P-256 is refused when it is read', () => {
  assert.throws(() => es256('nonsense'));
  for (const pair of [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ])
    assert.throws(() => es256(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()));
});
