/**
 * Explains answers that are not from the API: the API refuses with problem documents, so any other
 * refusal comes from something in between, or from another server.
 *
 * Cloud Run refuses calls before a function gets them: with 404 if the ingress does not let this network
 * in (or there is no such service), with 401 and 403 if a caller needs roles/run.invoker.
 * https://cloud.google.com/run/docs/troubleshooting
 */

import type { Problem } from '../../http/core/problems.ts';
import { quoted } from '../../lib/redact.ts';

type Diagnosis = Pick<Problem, 'title'> & Partial<Pick<Problem, 'detail' | 'next'>>;

const URL_OF_API =
  'VOLLEY_URL (or --url) must be the address of volley-api alone, without a path: terraform output api_url, or gcloud run services describe volley-api --region=REGION.';

/** A problem document for the answer. Its detail quotes the beginning of `text` unless we know more. */
export function foreignProblem(response: Response, text: string): Problem {
  const { status, statusText } = response;
  const it = isRedirect(status)
    ? byRedirect(response)
    : isCloudRun(response, text)
      ? byCloudRun(status)
      : byAnother(response);
  const said = textOf(text) || 'It said nothing else.';
  return {
    type: 'about:blank',
    status,
    title: `The server answered ${status} ${statusText}`.trim(),
    detail: said,
    next: URL_OF_API,
    ...it,
  };
}

/** A problem document for an answer that was not refused, but that cannot be used; `why` is a sentence. */
export const strangeProblem = ({ status }: { status: number }, why: string): Problem => ({
  type: 'about:blank',
  status,
  title: `What answered ${status} does not answer as the API of this version does`,
  detail: why,
  next: `Look whether volley-api and this command line are of the same version. ${URL_OF_API}`,
});

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status);

/** A redirect is not followed: the answer of another call, or of another server, would count. */
function byRedirect({ status, headers, url }: Response): Diagnosis {
  const location = headers.get('location') ?? '';
  const base = url === '' ? undefined : url;
  const to = URL.canParse(location, base) ? quoted(new URL(location, base).href, 200) : 'nowhere';
  return {
    title: `The server answered ${status}: it redirects to ${to}`,
    detail: 'Redirects are not followed. Nothing else was asked.',
  };
}

/** True if the server's name, the address or the page is Cloud Run's. */
const isCloudRun = ({ headers, url }: Response, text: string) =>
  headers.get('server') === 'Google Frontend' ||
  /<h1>Error: (Page not found|Unauthorized|Forbidden)<\/h1>/.test(text) ||
  (URL.canParse(url) && /\.(run\.app|cloudfunctions\.net)$/.test(new URL(url).hostname));

const isHtml = ({ headers }: Response) => /^text\/html\b/i.test(headers.get('content-type') ?? '');

function byCloudRun(status: number): Diagnosis | null {
  switch (status) {
    case 404:
      return {
        title: 'Cloud Run answered 404 before the API was asked',
        detail: 'Its ingress does not let this network in, or no service has this address.',
        next: `${URL_OF_API} If it is: gcloud run services update volley-api --region=REGION --ingress=all (functions other than the API take calls from inside of the project alone).`,
      };
    case 401:
    case 403:
      return {
        title: `Cloud Run answered ${status} before the API was asked`,
        detail:
          'It wants callers to prove who they are: the API is not public. The key was not looked at.',
        next: `Make it public again: terraform apply or infra/gcloud.sh; where the organisation forbids that, gcloud run services update volley-api --region=REGION --no-invoker-iam-check (docs/operations.md, "If something is refused"). ${URL_OF_API}`,
      };
    case 429:
      return {
        title: 'Cloud Run answered 429: no instance of the API is free',
        next: 'Try again in a moment. If it stays so, look at the quota of the region and at the instances of volley-api.',
      };
    case 500:
    case 502:
    case 503:
    case 504:
      return {
        title: `Cloud Run answered ${status}: the API does not start, or died`,
        next: 'Look at the log of volley-api.',
      };
    default:
      return null;
  }
}

function byAnother(response: Response): Diagnosis | null {
  const { status, headers } = response;
  if (status === 405 && headers.get('allow') === 'POST')
    return {
      title: 'This is a function of Volley, but not its API',
      detail: 'Only Cloud Tasks, Pub/Sub and Cloud Scheduler call it.',
    };
  if (status === 404 || response.ok)
    return {
      title: `What answered ${status} is not the API of Volley`,
      ...(isHtml(response) && { detail: 'It sent a web page.' }),
    };
  if (status === 401 || status === 403)
    return {
      title: `Something before the API answered ${status}`,
      next: `The key was not looked at: a proxy or firewall wants other credentials, or does not let this network in. ${URL_OF_API}`,
    };
  return null;
}

/** The readable text of a page, shortened. */
const textOf = (text: string) =>
  text
    .slice(0, 4_000)
    .replace(/<[^<>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200);
