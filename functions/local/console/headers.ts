/** The headers of the console's files, here and on Firebase Hosting (a test compares them). */

export const CONSOLE_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; " +
    "connect-src 'self' https://identitytoolkit.googleapis.com https://securetoken.googleapis.com; " +
    "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Names of hashed files change with their content, so browsers keep them. */
export const cacheControl = (isHashed: boolean) =>
  isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
