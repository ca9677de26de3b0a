/**
 * Cloud Run's check of callers, which runs before every service that is not public.
 *
 * "Cloud Run removes the token's signature before passing it to the container":
 * https://cloud.google.com/run/docs/troubleshooting#signature-removed
 * X-Serverless-Authorization, where there is one, is the one header that is checked; the other goes on as
 * it came: https://cloud.google.com/run/docs/authenticating/service-to-service#acquire-token
 *
 * Its answers are pages of HTML and say nothing else: 403 "to get URL" without a token, 401 "to the
 * requested URL" with one that is none of Google's for this service.
 * https://cloud.google.com/functions/docs/troubleshooting
 */

import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { OAuth2Client } from 'google-auth-library';
import type { Oidc } from '../../../simulators/shared/oidc.ts';
import type { Admitted, Refusal } from '../front.ts';

export interface InvokerOptions {
  /** the service's addresses; a token's audience must be one of them */
  audiences: string[];
  /** e-mails of accounts that hold run.routes.invoke; 'allUsers': every caller, with a token or without */
  invokers: string[] | 'allUsers';
  /** the signer's certificates; Google's are at https://www.googleapis.com/oauth2/v1/certs */
  certs: Oidc['certs'];
}

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com'];
const CARRIERS = ['x-serverless-authorization', 'authorization'] as const;

/** `headers` are those that the instance gets; a valid token has lost its signature. */
export function createInvokerCheck({ audiences, invokers, certs }: InvokerOptions) {
  const library = new OAuth2Client();

  async function emailOf(token: string): Promise<string | null> {
    try {
      const login = await library.verifySignedJwtWithCertsAsync(token, certs, audiences, ISSUERS);
      const { email, email_verified } = login.getPayload()!;
      return email_verified && email ? email : null;
    } catch {
      return null;
    }
  }

  return async (request: IncomingMessage): Promise<Admitted | Refusal> => {
    const headers: OutgoingHttpHeaders = { ...request.headersDistinct };
    const refuse = (status: 401 | 403) => refusal(status, request.url ?? '/');
    if (invokers === 'allUsers') return { kind: 'admitted', headers };
    const carrier = CARRIERS.find((it) => request.headers[it] !== undefined);
    if (!carrier) return refuse(403);
    const token = /^Bearer +(\S+)$/i.exec(String(request.headers[carrier]))?.[1];
    const email = token ? await emailOf(token) : null;
    if (email === null) return refuse(401);
    if (!invokers.includes(email)) return refuse(403);
    const [head, payload] = token!.split('.');
    headers[carrier] = `Bearer ${head}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`;
    return { kind: 'admitted', headers };
  };
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (it) => `&#${it.charCodeAt(0)};`);

function refusal(status: 401 | 403, path: string): Refusal {
  const [name, permission] =
    status === 401 ? ['Unauthorized', 'to the requested URL'] : ['Forbidden', 'to get URL'];
  return {
    kind: 'refused',
    status,
    headers: {
      'Content-Type': 'text/html; charset=UTF-8',
      ...(status === 401 && { 'WWW-Authenticate': 'Bearer error="invalid_token"' }),
    },
    body:
      `<html><head><title>${status} ${name}</title></head><body><h1>Error: ${name}</h1>` +
      `<h2>Your client does not have permission ${permission} <code>${escaped(path)}</code></h2></body></html>`,
  };
}
