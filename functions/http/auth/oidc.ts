/**
 * Authorizes the callers of a function that is not public: Cloud Tasks, Pub/Sub and Cloud Scheduler, each
 * with an OIDC token of one service account, the invoker.
 * https://cloud.google.com/run/docs/authenticating/service-to-service
 */

import type { OAuth2Client, TokenPayload } from 'google-auth-library';
import { withDeadline } from '../../lib/deadline.ts';
import { Unavailable } from '../../lib/errors.ts';

export interface OidcOptions {
  /** the URL of the function; a token for another one is refused */
  audience: string;
  /** e-mail of the one service account that may call */
  invoker: string;
  /** PEM certificates by key id; Google's without it. DANGER: that server decides who may call. */
  certsUrl?: string | undefined;
  /**
   * 'platform': trusts a token whose signature Cloud Run has removed. Cloud Run removes it from tokens
   * that its own check of `run.routes.invoke` has accepted, so that we cannot use them elsewhere;
   * nothing is left to verify then.
   *
   * Cloud Run lets through the invoker (`roles/run.invoker` on the function), and all accounts that have
   * that permission on the project: owners, editors, and `roles/run.developer`. Their tokens carry their
   * own e-mail, so they are refused here. Cloud Run checks one token of a request: that in
   * X-Serverless-Authorization where there is one, and the one in Authorization not at all. We read
   * Authorization alone, so a request that has the other header, or several tokens, is refused.
   *
   * DANGER: with `allUsers` as an invoker, or with `--no-invoker-iam-check`, Cloud Run checks
   * nothing, and anyone can write such a token.
   * https://cloud.google.com/run/docs/troubleshooting#signature-removed
   * https://cloud.google.com/run/docs/authenticating/service-to-service#acquire-token
   */
  check?: 'signature' | 'platform';
  /** ms since the epoch */
  now?: () => number;
}

type Caller =
  | { kind: 'invoker' }
  /** `reason` is for the log; the caller gets only the status */
  | { kind: 'refused'; status: 401 | 403; reason: string };

const CERTS_MS = 5_000;
/** The longest token, in characters. Google's have about 1,200. */
const MAX_TOKEN = 4096;
/** How far clocks may differ; the library allows as much. */
const SKEW_S = 300;
const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
const REMOVED = '.SIGNATURE_REMOVED_BY_GOOGLE';

const refused = (status: 401 | 403, reason: string): Caller => ({
  kind: 'refused',
  status,
  reason,
});

/** The values of each header of a request, by its name in lower case (Node's `headersDistinct`). */
export type HeaderValues = Record<string, string[] | undefined>;

/**
 * A check of the headers of a request. It throws `Unavailable` if Google's certificates cannot be
 * fetched: the caller is not known then.
 */
export function createOidc({
  audience,
  invoker,
  certsUrl,
  check = 'signature',
  now = Date.now,
}: OidcOptions) {
  let client: Promise<OAuth2Client> | undefined;
  let fetching: Promise<Certificates> | undefined;

  /** The library caches them as their Cache-Control says. Calls that wait share one fetch. */
  async function certificates(library: OAuth2Client): Promise<Certificates> {
    fetching ??= library
      .getFederatedSignonCertsAsync()
      .then(({ certs }) => certs)
      .finally(() => {
        fetching = undefined;
      });
    try {
      return await withDeadline(fetching, CERTS_MS, "Google's certificates");
    } catch (cause) {
      throw new Unavailable("Google's certificates cannot be had", { cause });
    }
  }

  async function verify(token: string): Promise<Read> {
    client ??= newClient(certsUrl);
    const library = await client;
    const certs = await certificates(library);
    try {
      const login = await library.verifySignedJwtWithCertsAsync(token, certs, audience, ISSUERS);
      return { payload: login.getPayload()! };
    } catch (error) {
      return { reason: reasonOf(error) };
    }
  }

  return async (headers: HeaderValues): Promise<Caller> => {
    const [authorization, ...more] = headers.authorization ?? [];
    if (more.length > 0) return refused(401, 'several headers Authorization');
    if (check === 'platform' && headers['x-serverless-authorization'])
      return refused(401, 'Cloud Run has checked X-Serverless-Authorization, not Authorization');
    const token = authorization?.match(/^Bearer +([\w.-]+) *$/i)?.[1];
    if (!token) return refused(401, 'no token');
    if (token.length > MAX_TOKEN) return refused(401, 'the token is too long');
    const removed = token.endsWith(REMOVED);
    if (removed && check === 'signature')
      return refused(
        401,
        "the token's signature was removed by Cloud Run, which checks callers itself; " +
          'set VOLLEY_INVOKER_CHECK=platform if only the invoker has roles/run.invoker',
      );
    const read = removed ? readUnsigned(token, audience, now()) : await verify(token);
    if ('reason' in read) return refused(401, read.reason);
    const { payload } = read;
    if (payload.email_verified !== true || payload.email !== invoker)
      return refused(403, 'the token is of another account');
    return { kind: 'invoker' };
  };
}

type Read = { payload: TokenPayload } | { reason: string };
type Certificates = Awaited<ReturnType<OAuth2Client['getFederatedSignonCertsAsync']>>['certs'];

async function newClient(certsUrl: string | undefined): Promise<OAuth2Client> {
  const { OAuth2Client } = await import('google-auth-library');
  return new OAuth2Client(
    certsUrl ? { endpoints: { oauth2FederatedSignonPemCertsUrl: certsUrl } } : {},
  );
}

/** The library's messages quote whole tokens, so they are replaced here and never logged. */
const REASONS: [RegExp, string][] = [
  [/too late/, 'the token has expired'],
  [/too early/, 'the token is from the future'],
  [/payload audience/, 'the token is for another audience'],
  [/Invalid issuer/, 'the token is of another issuer'],
  [/No pem found/, 'the token is signed with a key that is not one of Google'],
  [/Invalid token signature/, 'the signature is wrong'],
];

const reasonOf = (error: unknown) =>
  REASONS.find(([pattern]) => pattern.test(String(error)))?.[1] ?? 'the token cannot be read';

/** Checks the payload of a token without a signature as the library would. */
function readUnsigned(token: string, audience: string, now: number): Read {
  let payload: TokenPayload;
  try {
    payload = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
  } catch {
    return { reason: 'the token cannot be read' };
  }
  const { iss, aud, exp } = payload ?? {};
  if (!ISSUERS.includes(iss)) return { reason: 'the token is of another issuer' };
  if (aud !== audience) return { reason: 'the token is for another audience' };
  if (!(now / 1000 <= exp + SKEW_S)) return { reason: 'the token has expired' };
  return { payload };
}
