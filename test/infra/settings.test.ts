import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

const dryRun = (settings: Record<string, string>) => {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
  return run('bash', ['infra/gcloud.sh', '--dry-run'], { env });
};

test('gcloud.sh refuses settings that Google would refuse, before it prints a command', async () => {
  const project = 'my-project-1234';
  for (const [settings, told] of [
    [{ PROJECT: 'My Project' }, /^PROJECT and FCM_PROJECT must be ids, such as my-project-1234/],
    [{ PROJECT: '123456789012' }, /^PROJECT and FCM_PROJECT must be ids/],
    [{ PROJECT: project, FCM_PROJECT: 'Apps' }, /^PROJECT and FCM_PROJECT must be ids/],
    [{ PROJECT: project, REGION: 'europe-west1-b' }, /^REGION must be a region/],
    [{ PROJECT: project, REGION: 'Belgium' }, /^REGION must be a region/],
    [{ PROJECT: project, PREFIX: 'My Push' }, /^PREFIX must be 4 to 17 small letters/],
    [{ PROJECT: project, CONSOLE_SITE: 'My Site' }, /^CONSOLE_SITE must be 6 to 30 small letters/],
    [{ PROJECT: project, CONSOLE_SITE: project }, /not the project's id: that is the site/],
    [{ PROJECT: project, PUBLIC: 'yes' }, /^PUBLIC must be true, no-check or false/],
  ] as [Record<string, string>, RegExp][])
    await assert.rejects(
      dryRun(settings),
      (error: { code: number; stdout: string; stderr: string }) => {
        assert.equal(error.code, 2);
        assert.equal(error.stdout, '');
        assert.match(error.stderr, told);
        return true;
      },
    );
  const { stdout } = await dryRun({ PROJECT: project, REGION: 'northamerica-northeast2' });
  assert.match(stdout, /^gcloud services enable /m);
});

test('functions have the same bounds of the heap as on this machine, and at most half of their memory', async () => {
  const { stdout } = await dryRun({ PROJECT: 'my-project-1234' });
  const deployed = [
    ...stdout.matchAll(
      /--memory=(\d+)Mi .*?--max-semi-space-size=(\d+)\D+?--max-old-space-size=(\d+)/g,
    ),
  ];
  assert.equal(deployed.length, 6);
  for (const [, memory, , old] of deployed) assert.equal(Number(old), Number(memory) / 2);
  const local = await readFile('functions/local/google/cloud.ts', 'utf8');
  const [, semi, old] = /--max-semi-space-size=(\d+) --max-old-space-size=(\d+)/.exec(local)!;
  assert.deepEqual([semi, old], deployed.find((it) => it[1] === '512')!.slice(2));
});
