/** The CLI over the API. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../functions/cli/program.ts';
import { createFixture, failAll } from '../http/fixture.ts';

/** The CLI over the API in the same process; everything sent is failed by hand. */
export async function cli(t: { after(done: () => Promise<void>): void }) {
  const fixture = await createFixture(t);
  const folder = await mkdtemp(join(tmpdir(), 'volley-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  const keys: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const asked = new Request(input, init);
    keys.push(asked.headers.get('authorization'));
    return fixture.api.fetch(asked);
  };
  const volley = async (...args: string[]) => volleyWith({ VOLLEY_API_KEY: fixture.key }, ...args);
  const volleyWith = async (env: Record<string, string>, ...args: string[]) => {
    const out = { stdout: '', stderr: '' };
    const to = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => {
        out[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
        return true;
      },
    });
    const io = { env, stdout: to('stdout'), stderr: to('stderr'), fetch };
    return { code: await run(args, io), ...out };
  };
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  /** sends one without waiting, and lets it fail */
  const failed = async (tokens: string[]) => {
    const { stdout } = await volley('send', '--title', 'Hi', '--everybody', '--no-wait');
    const id = stdout.trim();
    await failAll(fixture.store, id, tokens);
    return id;
  };
  return { ...fixture, folder, volley, volleyWith, file, failed, keys };
}
