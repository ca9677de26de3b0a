/** Bundles the console: its page, and its scripts and styles under names that have their hash. */

import { fileURLToPath } from 'node:url';
import type { Deployment } from '../../console/session/kind.ts';

interface Asset {
  bytes: Uint8Array;
  type: string;
  /** true if its name changes with its content */
  isHashed: boolean;
}

/** By the path below `/console/`. */
export type Assets = Map<string, Asset>;

const TYPES: Record<string, string> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

/**
 * Takes some 50 ms. esbuild is a package for developers, as Node is: a clone has both, and
 * what is deployed to Google Cloud is bundled before. Throws without it.
 */
export async function bundleConsole(deployment: Deployment): Promise<Assets> {
  const { build, stop } = await import('esbuild');
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: 'functions/console/main.tsx', style: 'functions/console/style/style.css' },
    outdir: 'assets',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2023', 'chrome123', 'firefox120', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  await stop();
  const assets: Assets = new Map();
  for (const { path, contents } of outputFiles) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]!;
    assets.set(`assets/${name}`, { bytes: contents, type, isHashed: true });
  }
  const outputs = Object.entries(metafile.outputs);
  const [main] = outputs.find(([, it]) => it.entryPoint === 'functions/console/main.tsx')!;
  const [style] = outputs.find(([, it]) => it.entryPoint?.endsWith('style.css'))!;
  const first = metafile.outputs[main]!.imports.filter((it) => it.kind === 'import-statement').map(
    (it) => it.path,
  );
  assets.set('index.html', {
    bytes: new TextEncoder().encode(page({ main, style, first, deployment })),
    type: 'text/html; charset=utf-8',
    isHashed: false,
  });
  return assets;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

/** `first`: what `main` imports, fetched beside it and not after it. */
const page = (it: { main: string; style: string; first: string[]; deployment: Deployment }) =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="volley" content="${escaped(JSON.stringify(it.deployment))}">
<title>Volley</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<link rel="stylesheet" href="/console/${it.style}">
${it.first.map((path) => `<link rel="modulepreload" href="/console/${path}">\n`).join('')}<script type="module" src="/console/${it.main}"></script>
</head>
<body><div id="app"></div><noscript>The console needs JavaScript.</noscript></body>
</html>
`;

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#3b4fd8"/><path d="M6 8l4 8 2-4m-2-4l4 8 4-8" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>';
