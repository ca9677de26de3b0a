/** What may be shown of a text that came from outside, or has secrets in it. */

/** Enough to tell one token from another, too little to send with. */
export const shortToken = (token: string) =>
  token.length <= 16 ? `${token.slice(0, 2)}…` : `${token.slice(0, 6)}…${token.slice(-4)}`;

/**
 * Shortens what looks like a secret: PEM blocks, API keys, webhook secrets, bearers, and any unbroken run of 48
 * characters and more (APNs tokens have 64, FCM's 140 and more, JWTs and Google's bearers more yet;
 * our ids stay below).
 */
export const redact = (text: string) =>
  text
    .replace(/-----BEGIN [^-]*-----[\s\S]*?(?:-----END [^-]*-----|$)/g, '[key]')
    .replace(/\b(Bearer\s+)(\S+)/gi, (_, word: string, secret: string) => word + shortToken(secret))
    .replace(/volley_[\w-]{17,}/g, shortToken)
    .replace(/whsec_[\w+/=]{8,}/g, shortToken)
    .replace(/\w[\w:-]{46,}\w/g, shortToken);

/** Characters of what was sent to us that an error quotes. */
const QUOTED = 64;

/** What was sent to us, as an error may quote it: short, on one line, without secrets. */
export function quoted(text: string, most = QUOTED): string {
  const head = text.slice(0, 4 * most);
  let safe = redact(head.replace(/\s+/g, ' ').toWellFormed());
  // what was cut off may be the rest of a token
  if (head.length < text.length) safe = `${safe.replace(/(?<![\w:-])[\w:-]+$/, '')}…`;
  return safe.length > most ? `${safe.slice(0, most)}…` : safe;
}
