/**
 * Which part of `functions/` may know which, types included: the ground floor is `lib`, on it stands
 * `model`, then `ports`, then `pipeline`; a room of the outside knows the ports and its own SDK. What
 * composes the rooms (engines, entry points, the local server) may know them all.
 */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

interface Room {
  /** rooms whose files it may import; it may always import its own */
  knows: readonly string[];
  /** npm packages that it may import */
  packages?: readonly string[];
}

const ground = ['lib', 'model', 'ports'];
const adapters = ['store', 'store/firestore', 'store/sqlite', 'queue', 'events', 'providers'];
const product = ['pipeline', 'webhooks', 'doctor', 'log', ...adapters, ...ground];

const rooms: Record<string, Room> = {
  // a fault is read from zod's issues
  lib: { knows: [], packages: ['zod'] },
  model: { knows: ['lib'], packages: ['zod', 'croner', 'semver'] },
  ports: { knows: ['model', 'lib'] },
  pipeline: { knows: ground },
  log: { knows: ground },
  sqlite: { knows: ['lib'] },
  'http2/hpack': { knows: [] },
  'http2/session': { knows: ['http2/hpack'] },
  'http2/client': { knows: ['http2/session', 'http2/hpack', 'lib'] },
  'http2/server': { knows: ['http2/session', 'http2/hpack'] },
  'http2/pool': { knows: ['http2/client', 'lib'] },
  store: { knows: ['sqlite', ...ground] },
  'store/sqlite': { knows: ['store', 'sqlite', ...ground] },
  'store/firestore': {
    knows: ['store', ...ground],
    packages: ['@google-cloud/firestore', '@grpc/grpc-js', 'google-auth-library'],
  },
  queue: { knows: ['sqlite', ...ground], packages: ['@google-cloud/tasks', '@grpc/grpc-js'] },
  events: {
    knows: ground,
    packages: ['@google-cloud/pubsub', '@grpc/grpc-js', 'google-auth-library'],
  },
  providers: {
    knows: ['http2/pool', 'http2/client', ...ground],
    packages: ['@parse/node-apn', '@noble/curves', 'firebase-admin'],
  },
  // it announces and reports as the pipeline does: it is the last step of a campaign's way
  webhooks: { knows: ['pipeline', ...ground], packages: ['standardwebhooks', 'zod'] },
  doctor: { knows: ['providers', ...ground] },
  // rows of an import, read alike by the API and by its client
  import: { knows: ground, packages: ['zod'] },
  http: {
    knows: ['import', 'pipeline', 'webhooks', 'doctor', ...ground],
    packages: [
      'hono',
      '@asteasolutions/zod-to-openapi',
      'zod',
      'firebase-admin',
      'google-auth-library',
    ],
  },
  // a client of the API: it reads rows as the API does, and knows its answers' types
  cli: {
    knows: ['http', 'import', 'lib', 'model'],
    packages: ['commander', 'cli-progress', 'pg', 'zod'],
  },
  // runs in a browser: of the product it takes types, and a few values (below)
  console: {
    knows: ['http', 'model', 'lib'],
    packages: ['preact', '@preact/signals', 'preact-iso', '@firebase/app', '@firebase/auth'],
  },
  config: { knows: ['providers', ...ground] },
  engines: { knows: ['config', ...product] },
  entry: {
    knows: ['config', 'engines', 'http', ...product],
    packages: ['@google-cloud/functions-framework', '@hono/node-server'],
  },
  // paces as the embedded queue does, and reads no more of the product than the ground floor
  simulators: {
    knows: ['queue', 'http2/server', 'http2/session', ...ground],
    packages: ['@grpc/grpc-js', '@grpc/proto-loader', 'selfsigned'],
  },
  local: {
    knows: ['config', 'engines', 'simulators', 'http', 'cli', 'console', ...product],
    // esbuild is loaded where the console is asked for
    packages: ['@hono/node-server', 'google-auth-library', 'esbuild'],
  },
};

/** Files beside the folders. */
const beside: Record<string, string> = {
  'log.ts': 'log',
  'index.ts': 'entry',
};

/** Imports that the table forbids, each with its reason. One that is not there any more is a fault. */
const exceptions: Record<string, string> = {
  'doctor/google.ts > queue/cloud-tasks/request.ts':
    'the doctor asks for a task by the id that it has there',
};

const root = 'functions';

function roomOf(path: string): string {
  const [folder = '', inner = ''] = path.split('/');
  if (folder === 'http2') return `http2/${inner}`;
  if (folder === 'store' && /^(firestore|sqlite)(\.ts)?$/.test(inner))
    return `store/${inner.replace('.ts', '')}`;
  return beside[path] ?? folder;
}

/** Statements begin a line; an `import()` may be a type. */
const specifiers =
  /^(?:import|export)\b[^'"`;]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;

const files = globSync('**/*.{ts,tsx}', { cwd: root }).sort();
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(posix.join(root, file), 'utf8');
    const found = Array.from(text.matchAll(specifiers), ([, a, b, c]) => (a ?? b ?? c)!);
    return [
      file,
      {
        ours: found
          .filter((it) => it.startsWith('.') || it === '#providers')
          // the package's one import by a name of its own
          .map((it) =>
            it === '#providers' ? 'model/provider/list.ts' : posix.join(posix.dirname(file), it),
          )
          .filter((it) => /\.tsx?$/.test(it)),
        packages: found
          .filter((it) => !/^[.#]|^node:/.test(it))
          .map((it) => it.split('/', it.startsWith('@') ? 2 : 1).join('/')),
      },
    ];
  }),
);

test('each room imports only what it may know', () => {
  const forbidden: string[] = [];
  const used = new Set<string>();
  for (const [file, { ours, packages }] of imports) {
    const name = roomOf(file);
    const room = rooms[name];
    assert.ok(room, `${file}: no room in the table`);
    for (const other of ours) {
      assert.ok(imports.has(other), `${file} imports ${other}, which is not there`);
      const edge = `${file} > ${other}`;
      if (roomOf(other) === name || room.knows.includes(roomOf(other))) continue;
      if (edge in exceptions) used.add(edge);
      else forbidden.push(edge);
    }
    for (const it of packages)
      if (!room.packages?.includes(it)) forbidden.push(`${file} > package ${it}`);
  }
  assert.deepEqual(forbidden, []);
  assert.deepEqual([...used].sort(), Object.keys(exceptions).sort(), 'exceptions in use');
});

/** The imports of a room from others that are more than types. */
const valuesIn = (room: string, others: string) =>
  files
    .filter((file) => roomOf(file) === room)
    .flatMap((file) =>
      Array.from(
        readFileSync(posix.join(root, file), 'utf8').matchAll(
          new RegExp(
            `^(?:import|export) (?!type\\b)[^'"\`;]*?from '((?:\\.\\./)+(?:${others})/[^']+)'`,
            'gm',
          ),
        ),
        ([, it]) => `${file} > ${it}`,
      ),
    );

test('the command line takes only types from the API: it runs without its server', () => {
  assert.deepEqual(valuesIn('cli', 'http'), []);
});

/** Files without imports, whose values the console may take: what is decided there is decided once. */
const shared = ['model/audience/many.ts', 'model/audience/parts.ts', 'lib/wall-clock.ts'];

test('the console takes only types from the product: zod alone is twice its size', () => {
  const taken = valuesIn('console', 'http|model|lib').filter(
    (it) => !shared.some((file) => it.endsWith(`/${file}`)),
  );
  assert.deepEqual(taken, []);
  for (const it of shared) assert.deepEqual(imports.get(it), { ours: [], packages: [] });
});

test('no file imports itself over others, types included', () => {
  const cycles = files.map((file) => cycleFrom(file)).filter((it) => it !== null);
  assert.deepEqual(cycles, []);
});

/** The shortest way from a file back to itself. */
function cycleFrom(start: string): string | null {
  const from = new Map<string, string>();
  const waiting = [start];
  for (const file of waiting)
    for (const next of imports.get(file)?.ours ?? []) {
      if (next === start) {
        const way = [start];
        for (let it = file; it !== start; it = from.get(it)!) way.unshift(it);
        return [start, ...way].join(' > ');
      }
      if (from.has(next)) continue;
      from.set(next, file);
      waiting.push(next);
    }
  return null;
}

test('a client imports its own files, and nothing else', () => {
  const taken = globSync('clients/*/src/**/*.ts').flatMap((file) =>
    Array.from(readFileSync(file, 'utf8').matchAll(specifiers), ([, a, b, c]) => (a ?? b ?? c)!)
      .filter((it) => !/^\.\/[\w-]+\.ts$/.test(it))
      .map((it) => `${file} > ${it}`),
  );
  assert.deepEqual(taken, []);
});
