/** The lock of a data folder, between real processes. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Unavailable } from '../../functions/lib/errors.ts';
import { lockFolder } from '../../functions/store/lock.ts';
import { makeFolder } from './folder.ts';

const DEADLINE_MS = 5 * 60 * 1000;
const lock = join(import.meta.dirname, '../../functions/store/lock.ts');

/** Locks the folder and says so, or says why not; gives the lock back when its input ends. */
const program = (folder: string) => `
  import { lockFolder } from ${JSON.stringify(lock)};
  try {
    const unlock = lockFolder(${JSON.stringify(folder)});
    process.stdin.on('end', () => { unlock(); process.exit(0); }).resume();
    console.log('locked');
  } catch (error) {
    console.log(error.name + ': ' + error.message);
    process.exit(1);
  }`;

/** A process that asks for the lock, and what it says. `launcher`: in front of its command. */
async function locker(t: TestContext, folder: string, launcher: string[] = []) {
  const [command, ...rest] = [
    ...launcher,
    ...[process.execPath, '--input-type=module', '-e', program(folder)],
  ];
  const child = spawn(command!, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [said] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(DEADLINE_MS) });
  return { child, said: String(said).trim() };
}

async function ended(child: ChildProcess, end: () => unknown) {
  const exit = once(child, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
  end();
  await exit;
}

const refusal = {
  name: Unavailable.name,
  message: /another Volley uses .*: stop it, or set VOLLEY_DATA/,
};

test('a folder is for one process at a time, and free when that one is killed', async (t) => {
  const folder = join(makeFolder(t), 'data');
  const { child, said } = await locker(t, folder);
  assert.equal(said, 'locked');
  assert.throws(() => lockFolder(folder), refusal);
  await ended(child, () => child.kill('SIGKILL'));
  const unlock = lockFolder(folder);
  assert.throws(() => lockFolder(folder), refusal);
  unlock();
  unlock();
  lockFolder(folder)();
});

test('a refused process leaves the lock to its holder', async (t) => {
  const folder = makeFolder(t);
  const first = await locker(t, folder);
  for (let i = 0; i < 2; i++) {
    const other = await locker(t, folder);
    assert.match(other.said, /^Unavailable: another Volley uses/);
  }
  await ended(first.child, () => first.child.stdin.end());
  assert.equal((await locker(t, folder)).said, 'locked');
});

test('of many that ask in the same instant one gets it', async (t) => {
  const folder = makeFolder(t);
  const all = await Promise.all(Array.from({ length: 4 }, () => locker(t, folder)));
  assert.equal(all.filter(({ said }) => said === 'locked').length, 1);
});

test('files of versions that locked by process id hold up no start, whichever process has that id now', (t) => {
  const folder = makeFolder(t);
  // 1 is alive, and so is our parent; neither is a Volley
  for (const content of ['1', String(process.ppid), String(process.pid), '', 'rubbish']) {
    writeFileSync(join(folder, 'lock'), content);
    lockFolder(folder)();
    assert.ok(!existsSync(join(folder, 'lock')));
  }
});

test('the folder and the lock are for their owner alone', (t) => {
  const folder = join(makeFolder(t), 'data');
  lockFolder(folder)();
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(folder, 'lock.db')).mode & 0o777, 0o600);
});

const launcher = ['unshare', '--pid', '--fork', '--kill-child'];
const mayUnshare = spawnSync(launcher[0]!, [...launcher.slice(1), 'true']).status === 0;

test('it holds between containers, each of which counts its processes from 1', {
  skip: !mayUnshare && 'this machine does not let us make a pid namespace',
}, async (t) => {
  const folder = makeFolder(t);
  const first = await locker(t, folder, launcher);
  assert.equal(first.said, 'locked');
  assert.match((await locker(t, folder, launcher)).said, /another Volley uses/);
  assert.match((await locker(t, folder)).said, /another Volley uses/);
  await ended(first.child, () => first.child.stdin.end());
  assert.equal((await locker(t, folder, launcher)).said, 'locked');
});
