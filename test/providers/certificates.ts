/**
 * A client certificate as Apple issues them, with the bundle id as its UID, in the forms teams have
 * it in. Made once, since nothing here makes PKCS #12:
 *
 *   openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 \
 *     -subj '/UID=com.example.app/CN=Apple Push Services: com.example.app' -keyout k.pem -out c.pem
 *   openssl pkcs12 -export [-legacy] -in c.pem -inkey k.pem -passout pass:secret
 *   openssl pkey -in k.pem -aes256 -passout pass:secret
 */

export const PASSWORD = 'secret';

/** PEM; it is its own authority */
export const certificate = `-----BEGIN CERTIFICATE-----
MIIB9zCCAZ2gAwIBAgIUeYjCVAlmSuqKM7GAuhGwvUsKxVgwCgYIKoZIzj0EAwIw
UDEfMB0GCgmSJomT8ixkAQEMD2NvbS5leGFtcGxlLmFwcDEtMCsGA1UEAwwkQXBw
bGUgUHVzaCBTZXJ2aWNlczogY29tLmV4YW1wbGUuYXBwMCAXDTI2MTEyMTE0MzYx
OFoYDzIxMjYxMDI4MTQzNjE4WjBQMR8wHQYKCZImiZPyLGQBAQwPY29tLmV4YW1w
bGUuYXBwMS0wKwYDVQQDDCRBcHBsZSBQdXNoIFNlcnZpY2VzOiBjb20uZXhhbXBs
ZS5hcHAwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASlHRbl381hPtQ14yDh8FxC
Oo8/OpI2ltmZi74Q6FMZ9BHyN5mgNIk9phQcFJfCIc1EgzwGbOMsQrQnArQ+BIi2
o1MwUTAdBgNVHQ4EFgQUXS1LFhVt3UM/i4QcUcR/zXe1G6owHwYDVR0jBBgwFoAU
XS1LFhVt3UM/i4QcUcR/zXe1G6owDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQD
AgNIADBFAiEA1VT8OkP5ktraE9Gtj6RbHafGlRLLO2q8W9zPdDvAFc0CIDl3XW2h
7zB65dsxnyOuk5XxxIi/dFqHxcay+k3JP3Ud
-----END CERTIFICATE-----
`;

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgrEr+ihAGoBvMKxlv
ThOzXNzD3JwsK840XPxsUVkvzqihRANCAASlHRbl381hPtQ14yDh8FxCOo8/OpI2
ltmZi74Q6FMZ9BHyN5mgNIk9phQcFJfCIc1EgzwGbOMsQrQnArQ+BIi2
-----END PRIVATE KEY-----
`;

const encryptedKey = `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjH3CaetFXBfgICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEHw1Aq9iCc1ahf3o/217kOUEgZC9
uTSv/diFydBoYkYI6CodipY4mLh5ewcGnX66qGhGcRW8d/+XhBva/1SLjUnYDGX4
PALM9mZxm4wmZeI9SVkBm5p0aov9Fqv4ak2QM22rTbZ7cikQjdm2GxqOKogxyl3K
rmP1vw2h4DwBDCNLVzEwAbpfte6wgJ7/5zgsKS41NReeyhjNG9VAu17KKa27wAs=
-----END ENCRYPTED PRIVATE KEY-----
`;

export const pem = certificate + key;
export const encryptedPem = certificate + encryptedKey;

export const p12 = fromBase64([
  'MIIEjAIBAzCCBEIGCSqGSIb3DQEHAaCCBDMEggQvMIIEKzCCAuIGCSqGSIb3DQEHBqCCAtMwggLPAgEAMIICyAYJKoZIhvcN',
  'AQcBMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhUN4cM7M5JmQICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQME',
  'ASoEEMo7oXYLLVF3g7aTmCg3fveAggJgWNCIhn/+TqmE/8HQT4cx8nnCp4l5h9r3s9aftlqvTtvkI+ESaQ72EWdST32qk3Ro',
  'R/b1NvyZqHT7QmtgXvvDyHafTF/apxPpEULoJkMGN7NDuw/5Ch/7KzimULRyttDvJV0psQLdTkpdgnERFcjOwtgz8Ipnh2lG',
  'btQkWCQk8W3HoycTRKMwoCZWCbYLvlMo/sndaqebKLfKYXgl32zWvFHj7LhkeWa6J1FaIM0uQ5mTPZHyvrsoJF2u6LVWE11A',
  '1oFZPpiOaCkQBShUfcyF7rADPVw66q2PTXIAkr5YB6MvDXkV3PUzWmQhWlURVvSHJQGH4rwLiU00/FzkksYHpzyQ7DlOGlVs',
  '212jyuzCz4vcSAL8clhcG/nKesAXpggxVtajz0aHBW9ATfYlaF2F+Bg0RBEgNG0pqy+uJpDJ4WDouW1aCYyo9DQBouQyIlq0',
  '1f1qb7remDTO/g7/fbjEQch4rjz2wXSPypMAyHkTGLqCBJXkLhAy1rvacmhO4COz+TKzyiun8YvVyaOIfT17Bk6C1kMLdXf4',
  'L3rsYXV6sbiDjaMeDcJsWrzdU6Mvkr5llbtGhx4W90PtVcytunDy/RI9aboERaeiGcvHSYgwh2FPjdpZackKyAylk8GiiFkE',
  'NbgbNThKd9RCvy9L37/hAbys/Pyufu8K0IEwjq7yWk1haK1SWVGgVxt8bWWVHDECPYpS5WuuxsQ77o0tDIV1j2S/y/bGvMeL',
  'seNPWa+AyaMbCs0TP99abnraRlMM+p91HN2Lb3ny+cVA6cQ8XIJYCa1I0Xz6MHBMh7WmczEDoSEwggFBBgkqhkiG9w0BBwGg',
  'ggEyBIIBLjCCASowggEmBgsqhkiG9w0BDAoBAqCB7zCB7DBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQIsii1XxGF',
  'gB4CAggAMAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBB4MnqCYPb+EQomV7eMp3UDBIGQPwF/oSBN4S6kFknx2jLiDx2u',
  'QsAeR4u0YQvGfrqVNbvMfNyc4CFjtNAXpIFo3pJ4LIyYd+fCoUuZoJ3X2Wsjci9SJQ1xPrbtTsbsYhL9mqyuipYFDdr71eFa',
  'Te4ZCi/kC0/z6DX2pvjlGD6gL6llSFp5yW+FmHd3WCPBhfhg1WvWU64xQ6DZZkA8mo3SywhDMSUwIwYJKoZIhvcNAQkVMRYE',
  'FHVRflfHYqUjcDOeyA5dU0cd56CnMEEwMTANBglghkgBZQMEAgEFAAQgekELse6pih5Sq535QioJCSKg0VHqWvavNoYo7UZa',
  'pvwECAC+8lKflUYiAgIIAA==',
]);

/** as macOS' Keychain exports it */
export const oldP12 = fromBase64([
  'MIID+gIBAzCCA8AGCSqGSIb3DQEHAaCCA7EEggOtMIIDqTCCAp8GCSqGSIb3DQEHBqCCApAwggKMAgEAMIIChQYJKoZIhvcN',
  'AQcBMBwGCiqGSIb3DQEMAQYwDgQI1jjzsEOsN0QCAggAgIICWOOvmZDc+NrwatsOpbXvPcJ35YN3caE/vetrrHX8PjuGwV7p',
  'QpWKVYUpW5xWOPzlIDeRG0Sqvh32GHETRN2VzTU4EOxM/Deg4+R9uzENbSjtiv4F0jLv28N+JoqSRrSN4p8rmQXp7aJ5p13k',
  'cRSWobzWT5unGWPu2KIdRfjCPMyUx59kcyRkkC7KJKedNCZrym+jR6raSaFCB9xugjli01xEZ07/DoLZ6CNOgBlLW8koKjM8',
  'fvtnso+L6NkIycrao6YjaiCr2cUPvveOnoO9nIYS3spV0x0jIXXqL5FOU1lOifChVfeJ0s+rmoKveRTljEAfwxfB041DWbXa',
  'uFl56rEclnOD0vfMEn3sIVSEWGFBAzc5pI9GJ9YCUL5hpdIlxyAV+1/st1aaKrqfg/RTTABmzB/5iwm6S49GfNZvGNKsIkIs',
  'Y6R3983C79Ajk0NDAWsknil98hGstV9jLxnZ/xnjNwf/HRP60kuYUzcFLsdCbvRJ6wr7uBGK7PZ6JIJrOsv7+vD1bah8mXxZ',
  'jGPfGVpD5VkuDccQuCAU6eghyPJ9uZTvbSEoBApeqGZJM6QkBoXIjL2BqWHlE3N9yV5XfjSjoTwcEI0YJD4JJpvJC7TXQMAF',
  'ia13bXsRsAn3SZqLrnlwG2iY6O/zR3Vf/MvW6lT8H5aJDTx+ME17xkWNnCD4N7rNcJvMM2oTPAEzona55grlsjQXk4VPKyeQ',
  'Qe1DajQvx+dNidSCFVx1zBm9OQ4YsdAjlf85gmLYjPNVw4tB0HORfWSCWKRGaTJuc2SlVeh7hKiB7VEa2jCCAQIGCSqGSIb3',
  'DQEHAaCB9ASB8TCB7jCB6wYLKoZIhvcNAQwKAQKggbQwgbEwHAYKKoZIhvcNAQwBAzAOBAhnVXhd5NK1ZwICCAAEgZCAOa72',
  'qxFK8tlbkyGTXT2sQKHIwEeJwmF2/cRLc57eq4IjnMYUrdU/oq5oonMXpvvPVQnkX3V1Kn6fM2onh52C2q2ra1hmoXW2Wnrr',
  'beBBWXgXH0OIGvID+miX+CXCCYftUcMVxf7FwdXZ6zX+FR79IpDFWPjo3QVDIul3YA5FPllOC06Xl2UJle48uS7Jiz8xJTAj',
  'BgkqhkiG9w0BCRUxFgQUdVF+V8dipSNwM57IDl1TRx3noKcwMTAhMAkGBSsOAwIaBQAEFC3K5fLw8WynWvBtvGkSao6FUfI1',
  'BAijoTcw9TIjRAICCAA=',
]);

function fromBase64(lines: string[]): Buffer {
  return Buffer.from(lines.join(''), 'base64');
}
