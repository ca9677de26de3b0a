/** Tokens: APNs's are hexadecimal numbers in lower case, FCM's are kept as they are. */

/** The length of an APNs token is not promised; 64 digits is the shortest seen. */
export const isApnsToken = (token: string) => /^(?:[0-9a-f]{2}){32,100}$/i.test(token);

/** An app may print the same token's bytes in either case; FCM's tokens differ by case. */
export const tokenOf = (provider: string, token: string) =>
  provider === 'apns' ? token.toLowerCase() : token;

/**
 * A token in a list that does not say whose it is. FCM's have characters other than hexadecimal
 * digits, so what looks like an APNs token is one.
 */
export const namedToken = (token: string) => (isApnsToken(token) ? token.toLowerCase() : token);
