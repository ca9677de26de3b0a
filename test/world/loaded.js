/** Loaded into a function: says, when asked, which CommonJS packages it has loaded, as Google's are. */

import { createRequire } from 'node:module';

const { cache } = createRequire(import.meta.url);

process.on('message', (what) => {
  if (what !== 'loaded') return;
  const names = Object.keys(cache).map(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules\/)/.exec(path)?.[1],
  );
  process.send([...new Set(names.filter(Boolean))].sort());
});
process.channel.unref();
