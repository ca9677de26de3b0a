import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { commandsOf, inventoryOf as inventoryOfCommands } from './gcloud.ts';
import { describeBigQuery, type Gcloud, startGcloud, withoutGcloud } from './google/gcloud.ts';
import { PROJECT_NUMBER, type Recorder, startRecorder } from './google/recorder.ts';
import { inventoryOf } from './recorded.ts';
import { writtenCommands } from './written.ts';

/** All settings, with the names that infra/README.md uses. */
const settings = {
  PROJECT: 'example-project',
  APNS_KEY_ID: 'ABC123DEFG',
  APNS_TEAM_ID: 'DEF123GHIJ',
  APNS_TOPIC: 'com.example.app',
  FCM_PROJECT: 'example-apps',
  LOCATION: 'eur3',
  ALERT_EMAILS: 'oncall@example.com',
  BIGQUERY: 'true',
  CONSOLE_SITE: 'example-push',
  WARM: 'api=1',
};

suite('gcloud.sh, by the real gcloud on a recorder', { skip: withoutGcloud() }, () => {
  let folder: string;
  let recorder: Recorder;
  let gcloud: Gcloud;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'volley-rehearsal-'));
    await cp('infra', join(folder, 'infra'), { recursive: true });
    await cp('firestore.indexes.json', join(folder, 'firestore.indexes.json'));
    await mkdir(join(folder, 'dist'));
    await writeFile(join(folder, 'dist/index.js'), '// what is built');
    await writeFile(join(folder, 'dist/package.json'), '{}');
    await writeFile(join(folder, 'AuthKey.p8'), 'a key');
    recorder = await startRecorder(describeBigQuery);
    gcloud = await startGcloud(recorder.origin);
  });
  after(async () => {
    await gcloud?.close();
    await recorder?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const script = () => gcloud.run('bash', [join(folder, 'infra/gcloud.sh')], settings);
  /** all resources, a line each, to compare with later */
  const snapshot = () => {
    recorder.settle();
    const { resources, policies, enabled } = recorder;
    return [...resources, ...policies, ...enabled].map((it) => JSON.stringify(it)).sort();
  };
  const isPublic = ({ bindings }: { bindings: { members: string[] }[] }) =>
    bindings.some(({ members }) => members.includes('allUsers'));

  test('it stops where a secret has no value, and says how to add it', async () => {
    const { code, stdout, stderr } = await script();
    assert.equal(code, 1, stderr.slice(-2000));
    assert.match(stdout, /These secrets have no value yet: volley-apns-key\n/);
    const command = /: (gcloud secrets versions add .*)$/m.exec(stdout)![1]!;
    const filled = command.replace('NAME', 'volley-apns-key').replace('FILE', 'AuthKey.p8');
    const added = await gcloud.run('bash', ['-c', `cd '${folder}' && ${filled}`]);
    assert.equal(added.code, 0, added.stderr);
  });

  test('it makes the resources that Terraform is compared with, although new grants take time', async () => {
    const { code, stderr } = await script();
    assert.equal(code, 0, stderr.slice(-2000));
    const refused = recorder.calls.filter(({ status }) => status === 403 || status === 400);
    const services = new Set(refused.map(({ service }) => service));
    for (const it of ['iam', 'cloudtasks', 'pubsub', 'firestore', 'cloudfunctions', 'run'])
      assert.ok(services.has(it), `${it} refused nothing: this was too kind`);
    const commands = await commandsOf({ ...settings, PROJECT_NUMBER });
    assert.deepEqual(inventoryOf(recorder), await inventoryOfCommands(commands));
  });

  test('run again, it changes nothing', async () => {
    const before = snapshot();
    const from = recorder.calls.length;
    const { code, stderr } = await script();
    assert.equal(code, 0, stderr.slice(-2000));
    const added = snapshot().filter((it) => !before.includes(it));
    assert.deepEqual(added, []);
    assert.equal(snapshot().length, before.length);
    const fields = recorder.calls.slice(from).filter(({ path }) => path.includes('/fields/'));
    assert.deepEqual(fields, [], 'fields that are as they should be are left alone');
  });

  test('every command of the pages and the alerts is one that gcloud takes', async (t) => {
    const commands = writtenCommands();
    assert.ok(commands.length > 12, commands.join('\n'));
    await writeFile(join(folder, 'AuthKey_ABC123DEFG.p8'), 'a key');
    for (const command of commands)
      await t.test(command, async () => {
        const env = { PROJECT: settings.PROJECT, CLOUDSDK_CORE_PROJECT: settings.PROJECT };
        const said = await gcloud.run('bash', ['-c', `cd '${folder}' && ${command}`], env);
        recorder.settle();
        assert.equal(said.code, 0, said.stderr);
      });
  });

  test('the API stays public from when it is, and nothing is ever deleted', () => {
    const policies = recorder.calls.filter(
      ({ service, path, status }) =>
        service === 'run' && path.endsWith('volley-api:setIamPolicy') && status === 200,
    );
    const open = policies.map(({ body }) => isPublic(body.policy));
    assert.deepEqual(
      open,
      open.toSorted((a, b) => Number(a) - Number(b)),
    );
    assert.equal(open.at(-1), true);
    const deleted = recorder.calls.filter(({ method }) => method === 'DELETE');
    // by the command that docs/operations.md has for it
    assert.deepEqual(
      deleted.map(({ path }) => path),
      ['projects/example-project/databases/volley'],
    );
  });
});
