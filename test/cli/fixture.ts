/** The CLI over the API in the same process. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../functions/cli/program.ts';
import { createFixture, failAll } from '../http/fixture.ts';

export async function createCli(t: { after(done: () => Promise<void>): void }) {
  const fixture = await createFixture(t);
  const folder = await mkdtemp(join(tmpdir(), 'volley-cli-'));
  t.after(() => rm(folder, { recursive: true }));
  const keys: (string | null)[] = [];
  /** null: there is none */
  const terminal = { answer: null as string | null, asked: [] as string[] };
  const ask = async (question: string) => {
    terminal.asked.push(question);
    return terminal.answer!;
  };
  const hooks: { before?: (request: Request) => void } = {};
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const asked = new Request(input, init);
    keys.push(asked.headers.get('authorization'));
    hooks.before?.(asked);
    return fixture.api.fetch(asked);
  };
  const volleyWith = async (env: Record<string, string>, ...args: string[]) => {
    const out = { stdout: '', stderr: '' };
    const to = (name: 'stdout' | 'stderr') => ({
      write: (text: string | Uint8Array) => {
        out[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
        return true;
      },
    });
    const io = {
      env: { VOLLEY_STATE: join(folder, 'state'), ...env },
      stdout: to('stdout'),
      stderr: to('stderr'),
      fetch,
      ...(terminal.answer !== null && { ask }),
    };
    return { code: await run(args, io), ...out };
  };
  return {
    ...fixture,
    folder,
    keys,
    hooks,
    terminal,
    volleyWith,
    volley: (...args: string[]) => volleyWith({ VOLLEY_API_KEY: fixture.key }, ...args),
    async file(name: string, content: string | Uint8Array) {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
  };
}

/** Everything that is sent is failed by hand. */
export async function cli(t: { after(done: () => Promise<void>): void }) {
  const fixture = await createCli(t);
  /** sends one without waiting, and lets it fail */
  const failed = async (tokens: string[]) => {
    const { stdout } = await fixture.volley('send', '--title', 'Hi', '--everybody', '--no-wait');
    const id = stdout.trim();
    await failAll(fixture.store, id, tokens);
    return id;
  };
  return { ...fixture, failed };
}
