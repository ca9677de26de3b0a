/** A phone with an app that has a client, compiled for this machine: its process does what it is told. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { withDeadline } from '../../functions/lib/deadline.ts';
import type { NativeClient } from './compilers.ts';

const DEADLINE_MS = 2 * 60_000;

export interface Phone {
  /** Each is done when the client has nothing more to do. */
  tell(...commands: string[]): Promise<void>;
  /** Kills the process of the app. What it has kept is there for the next one. */
  kill(): Promise<void>;
}

/** The folder that the client has for itself, with the id of the installation. */
export function storageOf(client: NativeClient, folder: string, id: string) {
  const own = join(folder, client.name === 'swift' ? 'group.com.example.shop/volley' : 'volley');
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'id'), id);
  return own;
}

/** Starts the app; `folder` is what its process may keep. */
export async function turnOn(
  t: TestContext,
  client: NativeClient,
  { folder, url, key, app = 'default' }: { folder: string; url: string; key: string; app?: string },
): Promise<Phone> {
  const [command, ...first] = await client.app();
  const child = spawn(command, [...first, folder, url, key, app], { stdio: 'pipe' });
  const ended = once(child, 'exit');
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  t.after(kill);
  return {
    kill,
    async tell(...commands) {
      for (const it of commands) {
        child.stdin.write(`${it}\n`);
        const answer = await withDeadline(answers.next(), DEADLINE_MS, `${it}\n${told}`);
        if (answer.value !== 'done') throw new Error(`${it}: the app has ended\n${told}`);
      }
    },
  };
}
