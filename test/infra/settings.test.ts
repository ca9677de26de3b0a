import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
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
