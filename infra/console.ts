/**
 * `npm run build:console` writes the console for Firebase Hosting to dist-console/, with a firebase.json
 * of its own. The site is Volley's own as well (infra/console.tf): what is deployed replaces all that a
 * site served before, and a project's first site is its apps'. Hosting rewrites `/v1/**` to the function `api`, so the console and the API have one
 * origin. https://firebase.google.com/docs/hosting/full-config
 *
 * Variables, as `terraform output -raw console` prints them; none is secret: CONSOLE_SITE, FIREBASE_API_KEY,
 * GOOGLE_CLOUD_PROJECT, OAUTH_CLIENT_ID, VOLLEY_REGION, and VOLLEY_PREFIX (default: volley).
 */

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleConsole } from '../functions/local/console/bundle.ts';
import { CONSOLE_HEADERS, cacheControl } from '../functions/local/console/headers.ts';

interface Site {
  /** the id of the site: https://ID.web.app */
  site: string;
  apiKey: string;
  projectId: string;
  clientId: string;
  region: string;
  prefix: string;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** Writes `outdir`, which is deleted first. */
export async function buildConsole(outdir: string, { site, region, prefix, ...google }: Site) {
  const assets = await bundleConsole({ signIn: { kind: 'google', ...google }, simulated: false });
  await rm(outdir, { recursive: true, force: true });
  for (const [name, { bytes }] of assets) {
    const path = join(outdir, 'public', 'console', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  const config = { hosting: hosting({ site, region, prefix }) };
  await writeFile(join(outdir, 'firebase.json'), `${JSON.stringify(config, null, 2)}\n`);
}

/** A later rule replaces an earlier one with the same header. */
const hosting = ({ site, region, prefix }: Pick<Site, 'site' | 'region' | 'prefix'>) => {
  const run = { serviceId: `${prefix}-api`, region };
  return {
    site,
    public: 'public',
    redirects: [{ source: '/', destination: '/console/', type: 302 }],
    rewrites: [
      { source: '/v1/**', run },
      { source: '/openapi.json', run },
      { source: '/console/**', destination: '/console/index.html' },
    ],
    headers: [
      {
        source: '/console/**',
        headers: [...headersOf(CONSOLE_HEADERS), ...headersOf(cached(false))],
      },
      { source: '/console/assets/**', headers: headersOf(cached(true)) },
    ],
  };
};

const cached = (isHashed: boolean) => ({ 'Cache-Control': cacheControl(isHashed) });

const headersOf = (headers: Record<string, string>) =>
  Object.entries(headers).map(([key, value]) => ({ key, value }));

/** Throws an Error that names every variable that is missing. */
export function siteOf(env: Record<string, string | undefined>): Site {
  const needed = [
    'CONSOLE_SITE',
    'FIREBASE_API_KEY',
    'GOOGLE_CLOUD_PROJECT',
    'OAUTH_CLIENT_ID',
    'VOLLEY_REGION',
  ];
  const missing = needed.filter((it) => !env[it]);
  if (missing.length > 0) throw new Error(`not set: ${missing.join(', ')}`);
  return {
    site: env.CONSOLE_SITE!,
    apiKey: env.FIREBASE_API_KEY!,
    projectId: env.GOOGLE_CLOUD_PROJECT!,
    clientId: env.OAUTH_CLIENT_ID!,
    region: env.VOLLEY_REGION!,
    prefix: env.VOLLEY_PREFIX || 'volley',
  };
}

if (import.meta.main) await buildConsole(`${root}dist-console`, siteOf(process.env));
