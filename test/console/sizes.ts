import { brotliCompressSync } from 'node:zlib';
import { type Assets, bundleConsole } from '../../functions/local/console/bundle.ts';

interface Sizes {
  /** kB of JavaScript until the list of campaigns is shown */
  firstLoadKb: number;
  /** kB of everything, without what only a sign-in to Firebase loads */
  totalKb: number;
  cssKb: number;
  /** kB of what only a sign-in to Firebase loads */
  firebaseKb: number;
}

const sizeOf = (assets: Assets, names: Iterable<string>) => {
  let bytes = 0;
  for (const it of names) bytes += brotliCompressSync(assets.get(it)!.bytes).byteLength;
  return Math.round(bytes / 10) / 100;
};

/** The files that a script imports in statements, and what they import. */
function withImports(assets: Assets, names: string[]): Set<string> {
  const found = new Set(names);
  for (const name of found) {
    const text = new TextDecoder().decode(assets.get(name)!.bytes);
    for (const [, file] of text.matchAll(/(?:from|import)"\.\/([\w.-]+)"/g))
      found.add(`assets/${file}`);
  }
  return found;
}

export async function sizesOf(): Promise<Sizes> {
  const assets = await bundleConsole({ signIn: { kind: 'code' }, simulated: true });
  const scripts = [...assets.keys()].filter((it) => it.endsWith('.js'));
  const named = (name: string) => scripts.filter((it) => it.startsWith(`assets/${name}-`));
  const first = withImports(assets, [...named('main'), ...named('campaigns')]);
  const screens = withImports(
    assets,
    scripts.filter((it) => !it.startsWith('assets/google-')),
  );
  const google = withImports(assets, named('google'));
  const isShared = (it: string) => first.has(it) || named('main').includes(it);
  const firebase = [...google].filter((it) => !isShared(it));
  const styles = [...assets.keys()].filter((it) => it.endsWith('.css'));
  const others = [...screens].filter((it) => !firebase.includes(it));
  return {
    firstLoadKb: sizeOf(assets, first),
    totalKb: sizeOf(assets, [...others, ...styles, 'index.html']),
    cssKb: sizeOf(assets, styles),
    firebaseKb: sizeOf(assets, firebase),
  };
}
