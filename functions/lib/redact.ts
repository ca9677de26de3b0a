/** Makes texts fit to be shown that come from outside or contain secrets. */

/** The ends of a token: enough to recognise it, too little to use it. */
export const shortToken = (token: string) =>
  token.length <= 16 ? `${token.slice(0, 2)}…` : `${token.slice(0, 6)}…${token.slice(-4)}`;

/**
 * Shortens everything that looks like a secret: PEM blocks, API keys, webhook secrets, bearer tokens,
 * and any unbroken run of 48 or more characters. Device tokens of APNs have 64 characters, those of FCM
 * 140 or more, JWTs and Google's access tokens even more; our ids have fewer than 48. `volley_…` stands
 * for a key in advice, and is none.
 */
export const redact = (text: string) =>
  text
    .replace(/-----BEGIN [^-]*-----[\s\S]*?(?:-----END [^-]*-----|$)/g, '[key]')
    .replace(
      /\b(Bearer\s+)(?!volley_…)(\S+)/gi,
      (_, word: string, secret: string) => word + shortToken(secret),
    )
    .replace(/volley_[\w-]{17,}/g, shortToken)
    .replace(/whsec_[\w+/=]{8,}/g, shortToken)
    .replace(/\w[\w:-]{46,}\w/g, shortToken);

/**
 * The text as a terminal may show it: a control character, which could move the cursor or change a
 * title, becomes U+FFFD. Line breaks and tabs are kept.
 */
export const printable = (text: string) => text.replace(/(?!\r\n)[^\P{Cc}\n\t]/gu, '\ufffd');

/** An error quotes at most this many characters of the input. */
const QUOTED = 64;

/** The input as an error may quote it: at most `most` characters, on one line, without secrets. */
export function quoted(text: string, most = QUOTED): string {
  const head = text.slice(0, 4 * most);
  let safe = redact(printable(head.replace(/\s+/g, ' ').toWellFormed()));
  // the cut may have split a token
  if (head.length < text.length) safe = `${safe.replace(/(?<![\w:-])[\w:-]+$/, '')}…`;
  return safe.length > most ? `${safe.slice(0, most)}…` : safe;
}
